#include "client/src/socket_address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>

namespace liveness::internal {
namespace {

// The local address of a socket that is bound to that; the port is the kernel's choice, and left out.
template <typename Address>
std::string AddressOf(int family, const Address& address) {
  const int fd = socket(family, SOCK_STREAM, 0);
  EXPECT_EQ(bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  const std::string text = LocalAddress(fd);
  close(fd);
  EXPECT_NE(text.substr(text.rfind(':') + 1), "0");
  return text.substr(0, text.rfind(':'));
}

sockaddr_in6 V6(const char* host) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  EXPECT_EQ(inet_pton(AF_INET6, host, &address.sin6_addr), 1);
  return address;
}

TEST(LocalAddress, IsThatOfTheConnectionAsTheServerSeesIt) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  EXPECT_EQ(AddressOf(AF_INET, v4), "127.0.0.1");
  EXPECT_EQ(AddressOf(AF_INET6, V6("::ffff:127.0.0.1")), "127.0.0.1") << "a dual-stack socket";
}

TEST(LocalAddress, OfIPv6) {
  const int fd = socket(AF_INET6, SOCK_STREAM, 0);
  const sockaddr_in6 loopback = V6("::1");
  const bool has_v6 =
      fd >= 0 && bind(fd, reinterpret_cast<const sockaddr*>(&loopback), sizeof(loopback)) == 0;
  close(fd);
  if (!has_v6) GTEST_SKIP() << "this machine has no IPv6";
  EXPECT_EQ(AddressOf(AF_INET6, loopback), "[::1]");
}

TEST(LocalAddress, OfWhatHasNoneIsEmpty) {
  EXPECT_EQ(LocalAddress(-1), "");
  const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
  EXPECT_EQ(LocalAddress(fd), "");
  close(fd);
}

}  // namespace
}  // namespace liveness::internal
