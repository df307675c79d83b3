// An HTTP proxy that opens a way wherever CONNECT asks for one on 127.0.0.1. Header only.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace liveness::testing {

class ConnectProxy {
 public:
  ConnectProxy() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at = Loopback(0);
    socklen_t size = sizeof(at);
    if (bind(listener_, reinterpret_cast<sockaddr*>(&at), size) == 0) listen(listener_, 16);
    getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
    thread_ = std::thread([this] { Run(); });
  }
  ~ConnectProxy() {
    over_ = true;
    thread_.join();
    close(listener_);
  }
  ConnectProxy(const ConnectProxy&) = delete;
  ConnectProxy& operator=(const ConnectProxy&) = delete;

  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  int connects() const { return connects_; }

 private:
  static constexpr int kPollMs = 20;

  static sockaddr_in Loopback(int port) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_port = htons(static_cast<std::uint16_t>(port));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return at;
  }

  void Run() {
    std::vector<std::thread> ways;
    while (!over_) {
      pollfd ready{listener_, POLLIN, 0};
      if (poll(&ready, 1, kPollMs) <= 0) continue;
      const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
      if (fd >= 0) ways.emplace_back([this, fd] { Open(fd); });
    }
    for (std::thread& each : ways) each.join();
  }

  void Open(int client) {
    std::string request;
    char byte = 0;
    while (!request.ends_with("\r\n\r\n") && recv(client, &byte, 1, 0) == 1) request.push_back(byte);
    const std::size_t colon = request.find(':');
    const int port = colon == std::string::npos ? 0 : std::atoi(request.c_str() + colon + 1);
    const sockaddr_in target = Loopback(port);
    const int server = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (connect(server, reinterpret_cast<const sockaddr*>(&target), sizeof(target)) == 0) {
      ++connects_;
      const std::string answer = "HTTP/1.1 200 Connection established\r\n\r\n";
      (void)send(client, answer.data(), answer.size(), MSG_NOSIGNAL);
      while (!over_ && Forward(client, server)) {
      }
    }
    close(server);
    close(client);
  }

  // False if the way is over.
  static bool Forward(int client, int server) {
    pollfd ends[] = {{client, POLLIN, 0}, {server, POLLIN, 0}};
    if (poll(ends, 2, kPollMs) <= 0) return true;
    for (int i = 0; i < 2; ++i) {
      if (ends[i].revents == 0) continue;
      char buffer[16 * 1024];
      const ssize_t size = recv(ends[i].fd, buffer, sizeof(buffer), 0);
      if (size <= 0) return false;
      if (send(ends[1 - i].fd, buffer, static_cast<std::size_t>(size), MSG_NOSIGNAL) != size) return false;
    }
    return true;
  }

  const int listener_;
  int port_ = 0;
  std::atomic<int> connects_{0};
  std::atomic<bool> over_{false};
  std::thread thread_;
};

}  // namespace liveness::testing
