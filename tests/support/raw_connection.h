// A TCP or Unix connection by hand: what a peer sees of a server below gRPC. Header only.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

namespace liveness::testing {

enum class Ending { kNone, kOrderly, kReset };

class RawConnection {
 public:
  // `address` is 1.2.3.4:567, [::1]:567 or unix:PATH; for IPv4 `from` may name a source address.
  explicit RawConnection(const std::string& address, const std::string& from = "") {
    sockaddr_storage peer{};
    socklen_t size = 0;
    if (address.starts_with("unix:")) {
      auto& to = reinterpret_cast<sockaddr_un&>(peer);
      to.sun_family = AF_UNIX;
      std::strncpy(to.sun_path, address.c_str() + 5, sizeof(to.sun_path) - 1);
      size = sizeof(to);
    } else {
      const auto colon = address.rfind(':');
      const auto port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(colon + 1))));
      if (address.front() == '[') {
        auto& to = reinterpret_cast<sockaddr_in6&>(peer);
        to.sin6_family = AF_INET6;
        to.sin6_port = port;
        inet_pton(AF_INET6, address.substr(1, colon - 2).c_str(), &to.sin6_addr);
        size = sizeof(to);
      } else {
        auto& to = reinterpret_cast<sockaddr_in&>(peer);
        to.sin_family = AF_INET;
        to.sin_port = port;
        inet_pton(AF_INET, address.substr(0, colon).c_str(), &to.sin_addr);
        size = sizeof(to);
      }
    }
    fd_ = socket(peer.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (!from.empty()) {
      sockaddr_in source{};
      source.sin_family = AF_INET;
      inet_pton(AF_INET, from.c_str(), &source.sin_addr);
      (void)bind(fd_, reinterpret_cast<const sockaddr*>(&source), sizeof(source));
    }
    connected_ = connect(fd_, reinterpret_cast<const sockaddr*>(&peer), size) == 0;
  }
  ~RawConnection() {
    if (fd_ >= 0) close(fd_);
  }
  RawConnection(RawConnection&& other) noexcept
      : fd_(std::exchange(other.fd_, -1)), connected_(other.connected_) {}
  RawConnection& operator=(RawConnection&&) = delete;

  bool connected() const { return connected_; }
  int fd() const { return fd_; }

  // As an HTTP/2 client begins: the preface and empty settings.
  bool Greet() const {
    static constexpr char kBegin[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\4\0\0\0\0\0";
    return send(fd_, kBegin, sizeof(kBegin) - 1, MSG_NOSIGNAL) == sizeof(kBegin) - 1;
  }
  // False if the peer took not all of it.
  bool Send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  // What comes next, at least a byte; empty at the end, or if nothing comes within `patience`.
  std::string Receive(std::chrono::milliseconds patience = std::chrono::seconds(20)) const {
    char bytes[16 * 1024];
    if (!Wait(patience)) return {};
    const ssize_t size = recv(fd_, bytes, sizeof(bytes), 0);
    return size > 0 ? std::string(bytes, static_cast<std::size_t>(size)) : std::string();
  }
  // Whether a byte comes within `patience`.
  bool IsAnswered(std::chrono::milliseconds patience = std::chrono::seconds(20)) const {
    char byte = 0;
    return Wait(patience) && recv(fd_, &byte, 1, MSG_PEEK) == 1;
  }
  // How the server ended it within `patience`; what it said before is skipped.
  Ending WaitForEnd(std::chrono::milliseconds patience = std::chrono::seconds(20)) const {
    char bytes[512];
    while (Wait(patience)) {
      const ssize_t size = recv(fd_, bytes, sizeof(bytes), 0);
      if (size == 0) return Ending::kOrderly;
      if (size < 0) return errno == ECONNRESET ? Ending::kReset : Ending::kNone;
    }
    return Ending::kNone;
  }

 private:
  bool Wait(std::chrono::milliseconds patience) const {
    pollfd polled{fd_, POLLIN, 0};
    return poll(&polled, 1, static_cast<int>(patience.count())) == 1;
  }

  int fd_ = -1;
  bool connected_ = false;
};

}  // namespace liveness::testing
