#include "server/net/endpoint.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>

#include <cstring>

namespace liveness::net {
namespace {

std::string Spelt(std::string_view peer) {
  const auto endpoint = FromGrpcPeer(peer);
  return endpoint ? ToText(*endpoint) : "(none)";
}

TEST(EndpointTest, ReadsHowGrpcSpellsPeers) {
  EXPECT_EQ(Spelt("ipv4:127.0.0.1:5555"), "127.0.0.1:5555");
  EXPECT_EQ(Spelt("ipv6:%5B::1%5D:443"), "[::1]:443");
  EXPECT_EQ(Spelt("ipv6:[2001:db8::7]:65535"), "[2001:db8::7]:65535");
  EXPECT_EQ(Spelt("ipv6:%5Bfe80::1%25eth0%5D:80"), "[fe80::1]:80");
}

TEST(EndpointTest, RefusesWhatIsNoAddress) {
  for (const char* peer :
       {"", "unix:/tmp/x", "ipv4:127.0.0.1", "ipv4:127.0.0.1:", "ipv4:127.0.0.1:70000", "ipv4:localhost:1",
        "ipv6:%5B::g%5D:1", "ipv4:1.2.3.4:5x", "ipv4:1.2.3.4%00x:5", "ipv6:[::1%00x]:6"}) {
    EXPECT_EQ(Spelt(peer), "(none)") << peer;
  }
}

// What bounds per address count by: whoever has an IPv6 address has a whole /64 of them.
TEST(EndpointTest, ANetworkIsWhatOneHostIsGiven) {
  const auto network = [](const char* text) { return NetworkOf(*FromText(text)); };
  EXPECT_EQ(network("[2001:db8:0:1::1]:1"), network("[2001:db8:0:1:ffff::2]:2"));
  EXPECT_NE(network("[2001:db8:0:1::1]:1"), network("[2001:db8:0:2::1]:1"));
  EXPECT_EQ(network("10.0.0.1:1"), network("10.0.0.1:2"));
  EXPECT_NE(network("10.0.0.1:1"), network("10.0.0.2:1"));
}

// A dual-stack listener sees IPv4 peers as mapped addresses, gRPC calls them ipv4.
TEST(EndpointTest, MappedAndPlainIpv4AreOneEndpoint) {
  sockaddr_storage storage{};
  auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(5555);
  ASSERT_EQ(inet_pton(AF_INET6, "::ffff:10.0.0.7", &v6.sin6_addr), 1);
  const auto mapped = FromSockaddr(storage);
  ASSERT_TRUE(mapped);
  EXPECT_EQ(*mapped, *FromGrpcPeer("ipv4:10.0.0.7:5555"));
  EXPECT_EQ(ToText(*mapped), "10.0.0.7:5555");
  EXPECT_EQ(AddressText(*mapped), "10.0.0.7");

  sockaddr_storage plain{};
  auto& v4 = reinterpret_cast<sockaddr_in&>(plain);
  v4.sin_family = AF_INET;
  v4.sin_port = htons(5555);
  ASSERT_EQ(inet_pton(AF_INET, "10.0.0.7", &v4.sin_addr), 1);
  EXPECT_EQ(*FromSockaddr(plain), *mapped);
  plain.ss_family = AF_UNIX;
  EXPECT_FALSE(FromSockaddr(plain));
}

}  // namespace
}  // namespace liveness::net
