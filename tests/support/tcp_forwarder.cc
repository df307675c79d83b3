#include "tests/support/tcp_forwarder.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

namespace liveness::testing {
namespace {

constexpr int kPollMs = 5;
constexpr std::size_t kMaxHeld = 1 << 20;

sockaddr_in Loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  return address;
}

void MakePrompt(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

// A filter that takes no packet: they are dropped before TCP sees them, and nothing is acknowledged.
void DropAll(int fd) {
  sock_filter none = BPF_STMT(BPF_RET | BPF_K, 0);
  const sock_fprog program{1, &none};
  setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

}  // namespace

TcpForwarder::TcpForwarder(const std::string& target)
    : target_(static_cast<std::uint16_t>(std::stoi(target.substr(target.rfind(':') + 1)))) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = Loopback(0);
  socklen_t size = sizeof(address);
  bind(listener_, reinterpret_cast<const sockaddr*>(&address), size);
  listen(listener_, 64);
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  port_ = ntohs(address.sin_port);
  MakePrompt(listener_);
  thread_ = std::thread([this] { Run(); });
}

TcpForwarder::~TcpForwarder() {
  stop_ = true;
  thread_.join();
  CloseAll();
  close(listener_);
}

void TcpForwarder::Run() {
  while (!stop_) {
    if (loses_open_.exchange(false)) {
      for (const Pair& pair : pairs_) DropAll(pair.out.from);
    }
    std::vector<pollfd> fds = {{listener_, POLLIN, 0}};
    for (const Pair& pair : pairs_) {
      for (const Pipe* pipe : {&pair.out, &pair.back}) {
        fds.push_back({pipe->from, static_cast<short>(pipe->held.size() < kMaxHeld ? POLLIN : 0), 0});
      }
    }
    const Mode mode = mode_;
    // Nothing is looked at while it hangs: poll would come back at once.
    poll(fds.data(), mode == Mode::kHang ? 0 : fds.size(), kPollMs);
    if (mode == Mode::kHang) continue;
    if ((fds[0].revents & POLLIN) != 0) Accept();
    if (mode == Mode::kCut) {
      CloseAll();
      continue;
    }
    std::size_t at = 1;
    for (auto pair = pairs_.begin(); pair != pairs_.end();) {
      bool open = true;
      for (Pipe* pipe : {&pair->out, &pair->back}) {
        const bool known = at < fds.size() && fds[at].fd == pipe->from;  // not one just accepted
        open = Pump(*pipe, known && fds[at].revents != 0) && open;
        if (known) ++at;
      }
      if (!open) {
        close(pair->out.from);
        close(pair->out.to);
        pair = pairs_.erase(pair);
      } else {
        ++pair;
      }
    }
  }
}

void TcpForwarder::Accept() {
  const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  if (client < 0) return;
  ++accepted_;
  const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = Loopback(target_);
  if (mode_ == Mode::kCut ||
      connect(server, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    close(client);
    close(server);
    return;
  }
  MakePrompt(client);
  MakePrompt(server);
  pairs_.push_back({{client, server, {}}, {server, client, {}}});
}

bool TcpForwarder::Pump(Pipe& pipe, bool readable) {
  if (readable) {
    char buffer[64 * 1024];
    const ssize_t size = read(pipe.from, buffer, sizeof(buffer));
    if (size == 0 || (size < 0 && errno != EAGAIN)) return false;
    if (size > 0) pipe.held.append(buffer, static_cast<std::size_t>(size));
  }
  if (pipe.held.empty()) return true;
  const ssize_t size = send(pipe.to, pipe.held.data(), pipe.held.size(), MSG_NOSIGNAL);
  if (size < 0) return errno == EAGAIN;
  pipe.held.erase(0, static_cast<std::size_t>(size));
  return true;
}

void TcpForwarder::CloseAll() {
  for (const Pair& pair : pairs_) {
    close(pair.out.from);
    close(pair.out.to);
  }
  pairs_.clear();
}

}  // namespace liveness::testing
