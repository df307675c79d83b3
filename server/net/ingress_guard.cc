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
struct Counted {
  std::uint64_t read = 0;     // by us
  std::uint64_t written = 0;  // by us, whether the peer has taken it or not
  std::size_t unread = 0;
};

std::optional<Counted> Count(int fd) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  // After it: what comes in between is taken for unread, and seen as read by the next look.
  int unread = 0, unsent = 0;
  if (ioctl(fd, SIOCINQ, &unread) != 0 || ioctl(fd, SIOCOUTQ, &unsent) != 0) return std::nullopt;
  const auto waits = static_cast<std::size_t>(std::max(unread, 0));
  const std::uint64_t read =
      info.tcpi_bytes_received - std::min<std::uint64_t>(info.tcpi_bytes_received, waits);
  return Counted{read, info.tcpi_bytes_acked + static_cast<std::uint64_t>(std::max(unsent, 0)), waits};
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
  slot = {};
  slot.cookie = cookie;
  slot.left = options_.burst;
  slot.at = worked_();
  slot.peer = *peer;
}

void IngressGuard::Look() {
  for (std::size_t looked = 0; looked < options_.looks; looked += kLooksPerLock) {
    common::MutexLock lock(mu_);
    const common::Duration now = worked_();
    for (std::size_t i = 0; i < std::min(kLooksPerLock, slots_.size()); ++i) {
      if (next_ >= slots_.size()) next_ = 0;
      Slot& slot = slots_[next_];
      if (slot.cookie != 0 && LookAt(static_cast<int>(next_), slot, now)) {
        last_closed_ = slot.peer;
        ++untold_;
      }
      ++next_;
    }
    if (slots_.size() <= looked + kLooksPerLock) break;  // that were all
  }
  Tell();
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

bool IngressGuard::LookAt(int fd, Slot& slot, common::Duration now) const {
  const std::optional<Counted> counted = Count(fd);
  if (!counted || common::SocketCookie(fd) != slot.cookie) {  // gone, and the number may be another's
    slot = {};
    return false;
  }
  // Neither count goes back, but each of two that are read one after the other may be a little behind.
  const std::uint64_t newly_read = std::max(counted->read, slot.read) - slot.read;
  const std::uint64_t newly_written = std::max(counted->written, slot.written) - slot.written;
  slot.read += newly_read;
  slot.written += newly_written;
  slot.left += options_.per_answered * static_cast<double>(newly_written);
  slot.left = std::min(slot.left, options_.burst) - static_cast<double>(newly_read);
  const bool waits = WaitsTooLong(slot, counted->unread, newly_written > 0, now);
  if (slot.left >= 0 && !waits) return false;
  slot.cookie = 0;
  return Cut(fd);
}

bool IngressGuard::WaitsTooLong(Slot& slot, std::size_t unread, bool wrote, common::Duration now) const {
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
  while (true) {
    {
      common::MutexLock lock(thread_mu_);
      if (!stopping_) changed_.WaitFor(thread_mu_, options_.period);
      if (stopping_) return;
    }
    Look();
  }
}

}  // namespace liveness::net
