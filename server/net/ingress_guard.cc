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

}  // namespace

IngressGuard::IngressGuard(const IngressOptions& options, const common::Clock& clock, Closed closed)
    : options_(options), clock_(clock), closed_(std::move(closed)) {}

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
  slots_[at] = {cookie, 0, options_.burst, clock_.Mono(), *peer};
}

void IngressGuard::Look() {
  for (std::size_t looked = 0; looked < options_.looks; looked += kLooksPerLock) {
    common::MutexLock lock(mu_);
    const common::MonoTime now = clock_.Mono();
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

bool IngressGuard::LookAt(int fd, Slot& slot, common::MonoTime now) const {
  const std::optional<std::uint64_t> received = BytesReceived(fd);
  if (!received || common::SocketCookie(fd) != slot.cookie) {  // gone, and the number may be another's
    slot = {};
    return false;
  }
  const double seconds = std::chrono::duration<double>(now - slot.at).count();
  slot.left += seconds * options_.rate - static_cast<double>(*received - slot.received);
  slot.left = std::min(slot.left, options_.burst);
  slot.received = *received;
  slot.at = now;
  if (slot.left >= 0) return false;
  slot.cookie = 0;
  return shutdown(fd, SHUT_RDWR) == 0;
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
