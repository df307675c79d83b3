#include "common/net/socket_address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/un.h>

namespace liveness::common {
namespace {

const sockaddr& V6(const char* text, in_port_t port, sockaddr_in6& address) {
  address = {};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(port);
  EXPECT_EQ(inet_pton(AF_INET6, text, &address.sin6_addr), 1) << text;
  return reinterpret_cast<const sockaddr&>(address);
}

TEST(SocketAddress, IsWrittenAsPeopleDo) {
  sockaddr_in v4{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(567);
  v4.sin_addr.s_addr = htonl(0xC0000201);
  const auto& address = reinterpret_cast<const sockaddr&>(v4);
  EXPECT_EQ(AddressText(address), "192.0.2.1");
  EXPECT_EQ(AddressAndPortText(address), "192.0.2.1:567");
  sockaddr_in6 v6{};
  EXPECT_EQ(AddressText(V6("2001:db8::1", 567, v6)), "2001:db8::1");
  EXPECT_EQ(AddressAndPortText(V6("2001:db8::1", 567, v6)), "[2001:db8::1]:567");
  EXPECT_EQ(AddressText(V6("::ffff:192.0.2.1", 567, v6)), "192.0.2.1");
  EXPECT_EQ(AddressAndPortText(V6("::ffff:192.0.2.1", 567, v6)), "192.0.2.1:567");
}

TEST(SocketAddress, OfAnotherFamilyThereIsNone) {
  sockaddr_un path{};
  path.sun_family = AF_UNIX;
  EXPECT_EQ(AddressText(reinterpret_cast<const sockaddr&>(path)), "");
  EXPECT_EQ(AddressAndPortText(reinterpret_cast<const sockaddr&>(path)), "");
}

// What inet_pton takes of "10.0.0.1\0.example" is its beginning.
TEST(SocketAddressTest, AnAddressIsReadWholeOrNot) {
  using namespace std::string_view_literals;
  EXPECT_EQ(ParseIpv4("192.0.2.1").value().s_addr, htonl(0xC0000201));
  EXPECT_EQ(ParseIpv6("::1").value().s6_addr[15], 1);
  for (const std::string_view none :
       {""sv, "192.0.2"sv, "192.0.2.1:5"sv, "192.0.2.1 "sv, "192.0.2.1\0.example"sv, "192.0.2.1\0"sv,
        "[::1]"sv, "::1%lo"sv, "::1\0x"sv, "localhost"sv}) {
    EXPECT_FALSE(IsIpAddress(none)) << none;
  }
  EXPECT_TRUE(IsIpAddress("192.0.2.1"));
  EXPECT_TRUE(IsIpAddress("2001:db8::1"));
  EXPECT_FALSE(ParseIpv4("::1"));
  EXPECT_FALSE(ParseIpv6("192.0.2.1"));
}

}  // namespace
}  // namespace liveness::common
