// Addresses of hosts that are gone: nothing answers there, not even with a refusal.
// Header only.
#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <vector>

namespace liveness::testing {

inline sockaddr_in Loopback(std::uint8_t last, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(0x7F000100U + last);  // 127.0.1.x
  return address;
}

// Addresses that answer no SYN: listeners whose queue is full.
class DeadAddresses {
 public:
  explicit DeadAddresses(int count) {
    for (int i = 1; i <= count; ++i) {
      sockaddr_in address = Loopback(static_cast<std::uint8_t>(i), 0);
      socklen_t size = sizeof(address);
      const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      EXPECT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
      EXPECT_EQ(listen(listener, 0), 0);
      getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
      fds_.push_back(listener);
      for (int filler = 0; filler < 3; ++filler) {
        fds_.push_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        (void)connect(fds_.back(), reinterpret_cast<sockaddr*>(&address), size);
      }
      if (!text_.empty()) text_ += ",";
      text_ += "127.0.1." + std::to_string(i) + ":" + std::to_string(ntohs(address.sin_port));
    }
  }
  DeadAddresses(const DeadAddresses&) = delete;
  DeadAddresses& operator=(const DeadAddresses&) = delete;
  ~DeadAddresses() {
    for (const int fd : fds_) close(fd);
  }
  // With commas between them.
  const std::string& text() const { return text_; }

 private:
  std::vector<int> fds_;
  std::string text_;
};

}  // namespace liveness::testing
