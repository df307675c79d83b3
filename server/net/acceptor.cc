#include "server/net/acceptor.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/thread_name.h"

namespace liveness::net {
namespace {

using common::Duration;
using common::MonoTime;

// Accepted in a row from one socket before the others and the rest have their turn.
constexpr int kTurn = 64;
// Closed in a row for want of a descriptor before there is a pause.
constexpr int kCloseTurn = 16;
constexpr int kTickMs = 250;
constexpr int kBusyTickMs = 20;
constexpr Duration kFirstPause = std::chrono::milliseconds(10);
constexpr Duration kLongestPause = std::chrono::seconds(1);
constexpr Duration kNoticePause = std::chrono::seconds(30);

int OpenSpare() { return open("/dev/null", O_RDONLY | O_CLOEXEC); }

bool IsNoDescriptor(int error) { return error == EMFILE || error == ENFILE; }

// accept(2) passes on what befell a connection that waited. The next is another one.
bool IsOfOneConnection(int error) {
  switch (error) {
    case ECONNABORTED:
    case EPROTO:
    case ENOPROTOOPT:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET:
    case EOPNOTSUPP:
    case EPERM:  // a firewall's
    case ETIMEDOUT: return true;
    default: return false;
  }
}

int Accept(int listener) { return accept4(listener, nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK); }

}  // namespace

Acceptor::Acceptor(const common::Clock& clock, AcceptorOptions options, std::vector<ListenSocket> sockets)
    : clock_(clock),
      options_(std::move(options)),
      wake_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
      admission_(options_.admission, own_),
      spare_fd_(OpenSpare()),
      sockets_(std::move(sockets)) {
  common::MutexLock lock(mu_);
  for (const ListenSocket& socket : sockets_) {
    sources_.push_back({socket.fd(), socket.is_tcp() && socket.accepted_need_options()});
    figures_.addresses.push_back(socket.text());
  }
  figures_.max_connections = options_.admission.max_connections;
}

Acceptor::~Acceptor() {
  Stop();
  if (spare_fd_ >= 0) close(spare_fd_);
  if (wake_fd_ >= 0) close(wake_fd_);
}

void Acceptor::Start(Handler handler) {
  handler_ = std::move(handler);
  thread_ = std::thread([this] { Run(); });
}

void Acceptor::Stop() {
  if (thread_.joinable()) {
    (void)eventfd_write(wake_fd_, 1);
    thread_.join();
  }
  common::MutexLock lock(mu_);
  sockets_.clear();
}

AcceptFigures Acceptor::Figures() const {
  common::MutexLock lock(mu_);
  AcceptFigures figures = figures_;
  for (const ListenSocket& socket : sockets_) {
    const Backlog backlog = socket.backlog();
    figures.backlog += backlog.waiting;
    figures.backlog_limit += backlog.limit;
    figures.backlog_dropped += backlog.dropped;
  }
  return figures;
}

void Acceptor::Run() {
  common::NameThisThread("live-accept");
  std::vector<pollfd> polled;
  polled.push_back({wake_fd_, POLLIN, 0});
  for (const Source& source : sources_) polled.push_back({source.fd, POLLIN, 0});
  while (true) {
    const bool paused = clock_.Mono() < paused_until_;
    for (std::size_t i = 0; i < sources_.size(); ++i) polled[i + 1].fd = paused ? -1 : sources_[i].fd;
    const bool busy = paused || !closing_.empty();
    const bool idle = !busy && admission_.connections() + admission_.own_connections() == 0;
    (void)poll(polled.data(), polled.size(), busy ? kBusyTickMs : idle ? -1 : kTickMs);
    if (polled.front().revents != 0) break;
    for (std::size_t i = 0; i < sources_.size() && !paused; ++i) {
      if (polled[i + 1].revents != 0 && !AcceptFrom(sources_[i])) break;
    }
    closing_.Tend(clock_.Mono());
    Tend();
  }
}

bool Acceptor::AcceptFrom(const Source& source) {
  for (int i = 0; i < kTurn; ++i) {
    const int fd = Accept(source.fd);
    if (fd >= 0) {
      TakeIn(source, fd);
    } else if (errno == EAGAIN) {
      return true;
    } else if (errno != EINTR && !OnError(source, errno)) {
      Pause();
      return false;
    }
  }
  return true;
}

void Acceptor::TakeIn(const Source& source, int fd) {
  pause_ = {};
  const MonoTime now = clock_.Mono();
  const AdmissionVerdict verdict = admission_.Judge(fd, now);
  {
    common::MutexLock lock(mu_);
    figures_.failing_since.reset();
    figures_.connections = admission_.connections();
    figures_.accepted += verdict == AdmissionVerdict::kServe ? 1 : 0;
    figures_.refused += verdict == AdmissionVerdict::kFull ? 1 : 0;
    figures_.rate_limited += verdict == AdmissionVerdict::kTooFast ? 1 : 0;
  }
  switch (verdict) {
    case AdmissionVerdict::kServe:
      if (source.set_options) {
        const int on = 1;
        (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
        (void)common::SetTcpKeepalive(fd, options_.keepalive);
      }
      return handler_(source.fd, fd);
    case AdmissionVerdict::kFull:
      closing_.Close(fd, now);
      return Notice(next_full_notice_,
                    absl::StrCat("all ", options_.admission.max_connections,
                                 " connections are taken: others are refused; see --max-connections"));
    case AdmissionVerdict::kTooFast:
      closing_.Close(fd, now);
      return Notice(next_fast_notice_,
                    "an address opens connections too fast: some are refused; see --max-connection-rate");
  }
}

bool Acceptor::OnError(const Source& source, int error) {
  const MonoTime now = clock_.Mono();
  const bool of_one = IsOfOneConnection(error);
  {
    common::MutexLock lock(mu_);
    ++figures_.errors;
    figures_.last_error = std::strerror(error);
    figures_.last_error_time = now;
    if (!of_one && !figures_.failing_since) figures_.failing_since = now;
  }
  if (of_one) return true;
  if (IsNoDescriptor(error)) CloseWaiting(source);
  Notice(next_error_notice_,
         absl::StrCat("connections cannot be accepted: ", std::strerror(error), "; tried again and again"));
  if (options_.on_error) options_.on_error();
  return false;
}

void Acceptor::CloseWaiting(const Source& source) {
  for (int i = 0; i < kCloseTurn && spare_fd_ >= 0; ++i) {
    close(spare_fd_);
    const int fd = Accept(source.fd);
    if (fd >= 0) {
      // Nothing to wait with: the end goes out, and perhaps a reset after it.
      (void)shutdown(fd, SHUT_WR);
      close(fd);
      common::MutexLock lock(mu_);
      ++figures_.refused;
    }
    spare_fd_ = OpenSpare();
    if (fd < 0) return;
  }
}

void Acceptor::Pause() {
  pause_ = std::clamp(pause_ * 2, kFirstPause, kLongestPause);
  paused_until_ = clock_.Mono() + pause_;
}

void Acceptor::Tend() {
  if (spare_fd_ < 0) spare_fd_ = OpenSpare();
  const MonoTime now = clock_.Mono();
  if (now < next_tend_) return;
  next_tend_ = now + std::chrono::milliseconds(kTickMs);
  admission_.Tend();
  common::MutexLock lock(mu_);
  figures_.connections = admission_.connections();
}

void Acceptor::Notice(MonoTime& next, const std::string& text) {
  const MonoTime now = clock_.Mono();
  if (now < next || !options_.on_notice) return;
  next = now + kNoticePause;
  options_.on_notice(text);
}

}  // namespace liveness::net
