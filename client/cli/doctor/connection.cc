#include "client/cli/doctor/connection.h"

#include <netdb.h>
#include <poll.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <future>
#include <memory>
#include <thread>

#include "absl/strings/str_cat.h"
#include "common/net/socket_address.h"
#include "common/saturating.h"
#include "common/target.h"

namespace liveness::cli::doctor {
namespace {

using Outcome = ConnectFacts::Outcome;

common::MonoTime Now() { return common::SystemClock().Mono(); }

int MillisecondsUntil(common::MonoTime end) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(common::SaturatingSub(end, Now()));
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 3'600'000));
}

bool Await(int fd, short events, common::MonoTime end) {
  for (;;) {
    pollfd poll_fd{fd, events, 0};
    const int ready = poll(&poll_fd, 1, MillisecondsUntil(end));
    if (ready >= 0 || errno != EINTR) return ready > 0;
  }
}

Address UnixAddress(const std::string& target) {
  Address address;
  address.text = target;
  const std::string path = target.substr(common::kUnixTarget.size());
  auto& name = reinterpret_cast<sockaddr_un&>(address.bytes);
  name.sun_family = AF_UNIX;
  std::memcpy(name.sun_path, path.data(), std::min(path.size(), sizeof(name.sun_path) - 1));
  address.size = sizeof(sockaddr_un);
  return address;
}

struct AddressListDeleter {
  void operator()(addrinfo* list) const { freeaddrinfo(list); }
};
using AddressList = std::unique_ptr<addrinfo, AddressListDeleter>;

// What the resolver says of a name.
struct Resolved {
  AddressList list;
  std::string failure;
};

// On a thread of its own, for it may take as long as it likes: if its time is up it goes on, and nobody
// listens.
Resolved Ask(const std::string& host, const std::string& port, common::Duration limit) {
  std::packaged_task<Resolved()> task([host, port] {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_flags = AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const int error = getaddrinfo(host.c_str(), port.c_str(), &hints, &found);
    if (error == 0) return Resolved{AddressList(found), {}};
    return Resolved{nullptr, error == EAI_SYSTEM ? std::strerror(errno) : gai_strerror(error)};
  });
  std::future<Resolved> answer = task.get_future();
  std::thread(std::move(task)).detach();
  // Much more would overflow in the library.
  const common::Duration most = std::chrono::hours(24);
  if (answer.wait_for(std::min(limit, most)) == std::future_status::ready) return answer.get();
  return {nullptr, "the resolver gave no answer in time"};
}

// A connection that is being made.
struct Attempt {
  Connection connection;
  int error = EINPROGRESS;
  common::Duration took{};
};

Attempt Begin(const Address& address) {
  Attempt attempt;
  attempt.connection =
      Connection(socket(address.bytes.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!attempt.connection.is_open()) {
    attempt.error = errno;
  } else {
    const int done =
        connect(attempt.connection.fd(), reinterpret_cast<const sockaddr*>(&address.bytes), address.size);
    attempt.error = done == 0 ? 0 : errno;
  }
  return attempt;
}

void Look(Attempt& attempt, common::Duration took) {
  socklen_t size = sizeof(attempt.error);
  getsockopt(attempt.connection.fd(), SOL_SOCKET, SO_ERROR, &attempt.error, &size);
  attempt.took = took;
}

Outcome OutcomeOf(int error) {
  switch (error) {
    case 0: return Outcome::kConnected;
    case ECONNREFUSED: return Outcome::kRefused;
    case EINPROGRESS:
    case EAGAIN:
    case ETIMEDOUT: return Outcome::kTimedOut;
    case EHOSTUNREACH:
    case ENETUNREACH:
    case EADDRNOTAVAIL: return Outcome::kUnreachable;
    default: return Outcome::kFailed;
  }
}

}  // namespace

Connection::~Connection() {
  if (fd_ >= 0) close(fd_);
}

bool Connection::AwaitReadable(common::Duration limit) const {
  return Await(fd_, POLLIN, common::SaturatingAdd(Now(), limit));
}

bool Connection::AwaitWritable(common::Duration limit) const {
  return Await(fd_, POLLOUT, common::SaturatingAdd(Now(), limit));
}

bool Connection::Send(std::string_view bytes, common::Duration limit) {
  const common::MonoTime end = common::SaturatingAdd(Now(), limit);
  while (!bytes.empty()) {
    const ssize_t count = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno != EAGAIN || !Await(fd_, POLLOUT, end)) {
      return false;
    }
  }
  return true;
}

Connection::Received Connection::Receive(const std::function<bool(std::string_view)>& wants_more,
                                         common::Duration limit) {
  const common::MonoTime end = common::SaturatingAdd(Now(), limit);
  Received received;
  char buffer[4096];
  while (wants_more(received.bytes) && Await(fd_, POLLIN, end)) {
    const ssize_t count = recv(fd_, buffer, sizeof(buffer), 0);
    if (count < 0 && errno == EAGAIN) continue;
    if (count <= 0) {
      received.closed = true;
      break;
    }
    received.bytes.append(buffer, static_cast<std::size_t>(count));
  }
  return received;
}

std::pair<std::string, std::string> SplitTarget(std::string_view target) {
  if (target.find("://") != std::string_view::npos) target.remove_prefix(target.rfind('/') + 1);
  const std::size_t colon = target.rfind(':');
  std::string host(target.substr(0, colon));
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  return {host, colon == std::string_view::npos ? std::string() : std::string(target.substr(colon + 1))};
}

NameFacts Resolve(const std::string& target, common::Duration limit, std::vector<Address>& addresses) {
  NameFacts facts;
  if (target.starts_with(common::kUnixTarget)) {
    facts.is_literal = true;
    addresses.push_back(UnixAddress(target));
    facts.addresses.push_back(target);
    return facts;
  }
  const auto [host, port] = SplitTarget(target);
  facts.is_literal = common::IsIpAddress(host);
  const common::MonoTime begun = Now();
  Resolved resolved = Ask(host, port, limit);
  facts.took = Now() - begun;
  facts.failure = std::move(resolved.failure);
  for (const addrinfo* each = resolved.list.get(); each != nullptr; each = each->ai_next) {
    Address address;
    address.size = each->ai_addrlen;
    std::memcpy(&address.bytes, each->ai_addr, each->ai_addrlen);
    address.text = common::AddressAndPortText(reinterpret_cast<const sockaddr&>(address.bytes));
    if (std::find(facts.addresses.begin(), facts.addresses.end(), address.text) != facts.addresses.end())
      continue;
    facts.addresses.push_back(address.text);
    addresses.push_back(std::move(address));
  }
  return facts;
}

std::vector<ConnectFacts> ConnectAll(const std::vector<Address>& addresses, common::Duration limit,
                                     Connection& first) {
  const common::MonoTime begun = Now();
  const common::MonoTime end = common::SaturatingAdd(begun, limit);
  std::vector<Attempt> attempts;
  for (const Address& address : addresses) attempts.push_back(Begin(address));
  for (;;) {
    std::vector<pollfd> polls;
    std::vector<Attempt*> waiting;
    for (Attempt& attempt : attempts) {
      if (attempt.error != EINPROGRESS) continue;
      polls.push_back({attempt.connection.fd(), POLLOUT, 0});
      waiting.push_back(&attempt);
    }
    if (waiting.empty()) break;
    const int ready = poll(polls.data(), polls.size(), MillisecondsUntil(end));
    if (ready == 0) break;
    for (std::size_t i = 0; ready > 0 && i < waiting.size(); ++i) {
      if (polls[i].revents != 0) Look(*waiting[i], Now() - begun);
    }
  }
  std::vector<ConnectFacts> facts;
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    Attempt& attempt = attempts[i];
    const Outcome outcome = OutcomeOf(attempt.error);
    facts.push_back({addresses[i].text, outcome, attempt.took,
                     outcome == Outcome::kConnected ? std::string() : std::strerror(attempt.error)});
    if (outcome == Outcome::kConnected && !first.is_open()) first = std::move(attempt.connection);
  }
  return facts;
}

Connection ConnectTo(const Address& address, common::Duration limit) {
  Connection connection;
  ConnectAll({address}, limit, connection);
  return connection;
}

}  // namespace liveness::cli::doctor
