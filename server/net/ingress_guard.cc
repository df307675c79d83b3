#include "server/net/ingress_guard.h"

#include <linux/tcp.h>
#include <netinet/in.h>
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

std::optional<std::uint64_t> BytesReceived(int fd) {
  tcp_info info{};
  socklen_t size = sizeof(info);
  if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return std::nullopt;
  return info.tcpi_bytes_received;
}

// As a reset, from a thread that does not own `fd`: a shutdown would let gRPC read on what has come.
bool Cut(int fd) {
  sockaddr none{};
  none.sa_family = AF_UNSPEC;
  return connect(fd, &none, sizeof(none)) == 0;
}

}  // namespace

IngressGuard::IngressGuard(const IngressOptions& options, const common::Clock& clock, Closed closed,
                           Stalled stalled)
    : options_(options), clock_(clock), closed_(std::move(closed)), stalled_(std::move(stalled)) {}

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
  slot.at = slot.noted = clock_.Mono();
  slot.peer = *peer;
}

void IngressGuard::Look() {
  const bool at_ease = stalled_ == nullptr || !stalled_();
  if (!at_ease) EndStall();
  for (std::size_t looked = 0; looked < options_.looks; looked += kLooksPerLock) {
    common::MutexLock lock(mu_);
    const common::MonoTime now = clock_.Mono();
    for (std::size_t i = 0; i < std::min(kLooksPerLock, slots_.size()); ++i) {
      if (next_ >= slots_.size()) next_ = 0;
      Slot& slot = slots_[next_];
      if (slot.cookie != 0 && LookAt(static_cast<int>(next_), slot, now, at_ease)) {
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

bool IngressGuard::LookAt(int fd, Slot& slot, common::MonoTime now, bool at_ease) const {
  const std::optional<std::uint64_t> received = BytesReceived(fd);
  if (!received || common::SocketCookie(fd) != slot.cookie) {  // gone, and the number may be another's
    slot = {};
    return false;
  }
  const double seconds = std::chrono::duration<double>(now - slot.at).count();
  slot.left += seconds * options_.rate - static_cast<double>(*received - slot.received);
  slot.left = std::min(slot.left, options_.burst);
  slot.received = *received;
  if (at_ease && now - slot.noted >= options_.stall_memory) {
    slot.at_ease = std::exchange(slot.lately, *received);
    slot.noted = now;
  }
  slot.at = now;
  if (slot.left >= 0) return false;
  slot.cookie = 0;
  return Cut(fd);
}

void IngressGuard::EndStall() {
  std::size_t loudest = 0, next = 0;
  double most = 0;
  for (bool more = true; more;) {
    common::MutexLock lock(mu_);
    if (clock_.Mono() < end_stall_next_) return;
    for (std::size_t i = 0; i < kLooksPerLock && next < slots_.size(); ++i, ++next) {
      const Slot& slot = slots_[next];
      const int fd = static_cast<int>(next);
      const auto received = slot.cookie == 0 ? std::nullopt : BytesReceived(fd);
      if (!received || *received < slot.at_ease || common::SocketCookie(fd) != slot.cookie) continue;
      const auto sent = static_cast<double>(*received - slot.at_ease);
      if (sent > most) {
        most = sent;
        loudest = next;
      }
    }
    more = next < slots_.size();
  }
  common::MutexLock lock(mu_);
  Slot& slot = slots_[loudest];
  const int fd = static_cast<int>(loudest);
  if (most < options_.stall_bytes || common::SocketCookie(fd) != slot.cookie || !Cut(fd)) return;
  slot.cookie = 0;
  end_stall_next_ = clock_.Mono() + options_.stall_pause;
  last_closed_ = slot.peer;
  ++untold_;
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
