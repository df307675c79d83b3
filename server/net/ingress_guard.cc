#include "server/net/ingress_guard.h"

#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "common/socket_cookie.h"
#include "common/thread_name.h"

namespace liveness::net {
namespace {

// Under the lock, which accepting a connection takes too.
constexpr std::size_t kLooksPerLock = 50;

// As good as nothing: while a reader empties a socket the next bytes may come.
constexpr std::size_t kDrained = 1024;

// What the kernel has counted of a connection.
struct Acknowledged {
  std::uint64_t by_us = 0;
  std::uint64_t by_peer = 0;
};

std::optional<Acknowledged> CountAcknowledged(int fd) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  return Acknowledged{.by_us = info.tcpi_bytes_received, .by_peer = info.tcpi_bytes_acked};
}

// `what` is SIOCINQ: bytes that we have not read, or SIOCOUTQ: that the peer has not acknowledged.
std::uint64_t CountWaiting(int fd, unsigned long what) {
  int bytes = 0;
  return ioctl(fd, what, &bytes) == 0 ? static_cast<std::uint64_t>(std::max(bytes, 0)) : 0;
}

// As a reset, from a thread that does not own `fd`: a shutdown would let gRPC read on what has come.
bool Cut(int fd) {
  sockaddr none{};
  none.sa_family = AF_UNSPEC;
  return connect(fd, &none, sizeof(none)) == 0;
}

}  // namespace

IngressGuard::IngressGuard(const IngressOptions& options, const common::Clock& clock, Worked worked,
                           Closed closed)
    : options_(options), clock_(clock), worked_(std::move(worked)), closed_(std::move(closed)) {}

IngressGuard::~IngressGuard() { Stop(); }

void IngressGuard::OnAccept(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (fd < 0 || getpeername(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return;
  const std::optional<Endpoint> peer = FromSockaddr(address);
  const std::uint64_t cookie = common::SocketCookie(fd).value_or(0);
  if (!peer || cookie == 0) return;
  const auto at = static_cast<std::size_t>(fd);
  common::MutexLock lock(mu_);
  if (slots_.size() <= at) slots_.resize(at + 1);
  Slot& slot = slots_[at];
  slot = {.is_listed = slot.is_listed};
  slot.cookie = cookie;
  slot.left = options_.burst;
  slot.at = worked_();
  slot.peer = *peer;
}

void IngressGuard::Look() {
  LookAtWaiting();
  for (std::size_t looked = 0; looked < options_.looks; looked += kLooksPerLock) {
    common::MutexLock lock(mu_);
    const common::Duration now = worked_();
    for (std::size_t i = 0; i < std::min(kLooksPerLock, slots_.size()); ++i) {
      if (next_ >= slots_.size()) next_ = 0;
      if (!slots_[next_].is_listed) LookAt(next_, now);
      ++next_;
    }
    if (slots_.size() <= looked + kLooksPerLock) break;  // that were all
  }
  Tell();
}

void IngressGuard::LookAtWaiting() {
  std::vector<std::size_t> listed;
  {
    common::MutexLock lock(mu_);
    listed.swap(waiting_);
  }
  for (std::size_t looked = 0; looked < listed.size();) {
    common::MutexLock lock(mu_);
    const common::Duration now = worked_();
    for (std::size_t i = 0; i < kLooksPerLock && looked < listed.size(); ++i) {
      const std::size_t fd = listed[looked++];
      slots_[fd].is_listed = false;
      LookAt(fd, now);
    }
  }
}

void IngressGuard::LookAt(std::size_t fd, common::Duration now) {
  Slot& slot = slots_[fd];
  if (slot.cookie == 0) return;
  if (IsTooMuch(static_cast<int>(fd), slot, now)) {
    // If it is gone the bytes of whoever has its number now were counted.
    const bool is_still_it = common::SocketCookie(static_cast<int>(fd)) == std::exchange(slot.cookie, 0);
    if (!is_still_it || !Cut(static_cast<int>(fd))) return;
    last_closed_ = slot.peer;
    ++untold_;
  } else if (slot.waiting_looks != 0 && waiting_.size() < options_.looks) {
    slot.is_listed = true;
    waiting_.push_back(fd);
  }
}

void IngressGuard::Tell() {
  Endpoint last;
  std::size_t count = 0;
  {
    common::MutexLock lock(mu_);
    const common::MonoTime now = clock_.Mono();
    if (untold_ == 0 || now < tell_next_) return;
    tell_next_ = now + std::chrono::seconds(1);
    last = last_closed_;
    count = std::exchange(untold_, 0);
  }
  if (closed_) closed_(last, count);
}

// As few calls into the kernel as it can be: one for who is silent, two for who is served.
bool IngressGuard::IsTooMuch(int fd, Slot& slot, common::Duration now) const {
  const std::optional<Acknowledged> acknowledged = CountAcknowledged(fd);
  if (!acknowledged) {  // gone
    slot.cookie = 0;
    return false;
  }
  const bool came = acknowledged->by_us != std::exchange(slot.received, acknowledged->by_us);
  if (!came && slot.waiting_looks == 0) {
    slot.at = now;
    return false;
  }
  // After it: what comes in between is taken for unread, and seen as read by the next look.
  const std::uint64_t unread = CountWaiting(fd, SIOCINQ);
  const std::uint64_t read = acknowledged->by_us - std::min(acknowledged->by_us, unread);
  // Neither count goes back, but each of two that are read one after the other may be a little behind.
  const std::uint64_t newly_read = std::max(read, slot.read) - slot.read;
  slot.read += newly_read;
  // What the peer does not acknowledge was written all the same; it matters only when something is amiss.
  std::uint64_t written = acknowledged->by_peer;
  if (unread >= kDrained || slot.left < static_cast<double>(newly_read))
    written += CountWaiting(fd, SIOCOUTQ);
  const std::uint64_t newly_written = std::max(written, slot.written) - slot.written;
  slot.written += newly_written;
  slot.left += options_.per_answered * static_cast<double>(newly_written);
  slot.left = std::min(slot.left, options_.burst) - static_cast<double>(newly_read);
  const bool waits = WaitsTooLong(slot, unread, newly_written > 0, now);
  return slot.left < 0 || waits;
}

bool IngressGuard::WaitsTooLong(Slot& slot, std::uint64_t unread, bool wrote, common::Duration now) const {
  const common::Duration since = now - std::exchange(slot.at, now);
  if (unread < kDrained) {
    slot.waiting_looks = 0;
    slot.waited = 0;
    return false;
  }
  ++slot.waiting_looks;
  if (wrote) {
    slot.waited = 0;
  } else {
    slot.waited += static_cast<double>(unread) * std::chrono::duration<double>(since).count();
  }
  return slot.waiting_looks >= options_.backlog_looks && slot.waited > options_.backlog;
}

void IngressGuard::Start() {
  thread_ = std::thread([this] { Run(); });
}

void IngressGuard::Stop() {
  if (!thread_.joinable()) return;
  {
    common::MutexLock lock(thread_mu_);
    stopping_ = true;
  }
  changed_.NotifyOne();
  thread_.join();
}

void IngressGuard::Run() {
  common::NameThisThread("live-ingress");
  common::Duration looked_at{};  // by `worked_`
  while (true) {
    {
      common::MutexLock lock(thread_mu_);
      if (!stopping_) changed_.WaitFor(thread_mu_, options_.period);
      if (stopping_) return;
    }
    const common::Duration worked = worked_();
    if (worked - looked_at < options_.least_work) continue;
    looked_at = worked;
    Look();
  }
}

}  // namespace liveness::net
