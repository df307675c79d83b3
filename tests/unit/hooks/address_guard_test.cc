#include "server/hooks/address_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/un.h>

#include <gtest/gtest.h>

#include "common/net/socket_address.h"

namespace liveness::hooks {
namespace {

// By the text and by the address that a connection would go to: both say the same.
std::string Why(const std::string& text) {
  const auto why = WhyNotPublic(text);
  sockaddr_storage storage{};
  auto& address = reinterpret_cast<sockaddr&>(storage);
  auto& v4 = reinterpret_cast<sockaddr_in&>(storage);
  auto& v6 = reinterpret_cast<sockaddr_in6&>(storage);
  if (inet_pton(AF_INET, text.c_str(), &v4.sin_addr) == 1) {
    storage.ss_family = AF_INET;
  } else {
    EXPECT_EQ(inet_pton(AF_INET6, text.c_str(), &v6.sin6_addr), 1) << text;
    storage.ss_family = AF_INET6;
  }
  EXPECT_EQ(WhyNotPublic(address), why) << text;
  EXPECT_EQ(WhyNotPublic(common::AddressText(address)), why) << text;
  return std::string(why.value_or("public"));
}

TEST(AddressGuard, LetsPublicAddressesThrough) {
  for (const char* address : {"8.8.8.8",
                              "1.1.1.1",
                              "9.255.255.255",
                              "11.0.0.0",
                              "100.63.255.255",
                              "100.128.0.0",
                              "126.255.255.255",
                              "128.0.0.0",
                              "169.253.255.255",
                              "169.255.0.0",
                              "172.15.255.255",
                              "172.32.0.0",
                              "192.0.1.0",
                              "192.0.3.0",
                              "192.167.255.255",
                              "192.169.0.0",
                              "198.17.255.255",
                              "198.20.0.0",
                              "223.255.255.255",
                              "168.63.129.15",
                              "2606:4700:4700::1111",
                              "2001:4860:4860::8888",
                              "2001:200::1",
                              "3ffe::1",
                              "::ffff:8.8.8.8",
                              "64:ff9b::8.8.8.8",
                              "2002:808:808::1"}) {
    EXPECT_EQ(Why(address), "public") << address;
  }
}

TEST(AddressGuard, RefusesWhatIsNotForTheWorld) {
  EXPECT_EQ(Why("127.0.0.1"), "a loopback address");
  EXPECT_EQ(Why("127.255.255.255"), "a loopback address");
  EXPECT_EQ(Why("0.0.0.0"), "the unspecified address");
  EXPECT_EQ(Why("0.1.2.3"), "a reserved address");
  EXPECT_EQ(Why("255.255.255.255"), "the broadcast address");
  for (const char* address : {"10.0.0.0", "10.255.255.255", "172.16.0.0", "172.31.255.255", "192.168.0.1"}) {
    EXPECT_EQ(Why(address), "a private address") << address;
  }
  for (const char* address : {"169.254.169.254", "169.254.0.0", "fe80::1", "febf::1"}) {
    EXPECT_EQ(Why(address), "a link-local address") << address;
  }
  for (const char* address : {"100.64.0.0", "100.100.100.200", "100.127.255.255"}) {
    EXPECT_EQ(Why(address), "an address of a carrier's NAT") << address;
  }
  for (const char* address : {"192.0.2.1", "198.51.100.1", "203.0.113.255", "2001:db8::1", "3fff:fff::1"}) {
    EXPECT_EQ(Why(address), "an address for documentation") << address;
  }
  for (const char* address : {"224.0.0.1", "239.255.255.255", "ff02::1"}) {
    EXPECT_EQ(Why(address), "a multicast address") << address;
  }
  for (const char* address : {"240.0.0.1", "192.0.0.170", "192.88.99.1", "2001::1", "2001:1ff::1", "100::1",
                              "64:ff9b:1::1", "5f00::1", "::2", "::8.8.8.8", "4000::1", "1fff::1"}) {
    EXPECT_EQ(Why(address), "a reserved address") << address;
  }
  EXPECT_EQ(Why("198.19.0.1"), "an address for benchmarks");
  EXPECT_EQ(Why("168.63.129.16"), "a cloud's metadata service");
  EXPECT_EQ(Why("::"), "the unspecified address");
  EXPECT_EQ(Why("::1"), "a loopback address");
  for (const char* address : {"fc00::1", "fdff::1", "fd00:ec2::254", "fec0::1"}) {
    EXPECT_EQ(Why(address), "a private address") << address;
  }
}

TEST(AddressGuard, JudgesByTheAddressThatIsEmbedded) {
  EXPECT_EQ(Why("::ffff:127.0.0.1"), "a loopback address");
  EXPECT_EQ(Why("::ffff:169.254.169.254"), "a link-local address");
  EXPECT_EQ(Why("::ffff:0:10.0.0.1"), "a private address");
  EXPECT_EQ(Why("64:ff9b::192.168.1.1"), "a private address");
  EXPECT_EQ(Why("2002:7f00:1::1"), "a loopback address");
  EXPECT_EQ(Why("2002:a9fe:a9fe::"), "a link-local address");
}

TEST(AddressGuard, OtherFamiliesAreRefused) {
  sockaddr_un local{};
  local.sun_family = AF_UNIX;
  EXPECT_TRUE(WhyNotPublic(reinterpret_cast<const sockaddr&>(local)));
}

TEST(AddressGuard, ReadsAddressesAsUrlsHaveThem) {
  EXPECT_EQ(WhyNotPublic(std::string("[::1]")), "a loopback address");
  EXPECT_EQ(WhyNotPublic(std::string("[fe80::1%25eth0]")), "a link-local address");
  EXPECT_FALSE(WhyNotPublic(std::string("example.com")));
  EXPECT_FALSE(WhyNotPublic(std::string("")));
}

}  // namespace
}  // namespace liveness::hooks
