#include "server/net/connection_rate.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace liveness::net {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr common::MonoTime kStart{std::chrono::hours(1)};

Endpoint From(const std::string& address) { return *FromText(address); }

int AdmittedOf(ConnectionRate& rate, const Endpoint& remote, int tries, common::MonoTime now) {
  int admitted = 0;
  for (int i = 0; i < tries; ++i) admitted += rate.Admit(remote, now) ? 1 : 0;
  return admitted;
}

TEST(ConnectionRate, ABurstFromRestThenThePace) {
  ConnectionRate rate({.per_second = 10, .burst = 50});
  const Endpoint remote = From("192.0.2.1:1000");
  EXPECT_EQ(AdmittedOf(rate, remote, 200, kStart), 50);
  EXPECT_EQ(AdmittedOf(rate, remote, 200, kStart + seconds(1)), 10);
  EXPECT_EQ(AdmittedOf(rate, remote, 200, kStart + milliseconds(1500)), 5);
  EXPECT_EQ(AdmittedOf(rate, remote, 200, kStart + seconds(60)), 50);
}

TEST(ConnectionRate, AddressesDoNotPayForEachOther) {
  ConnectionRate rate({.per_second = 1, .burst = 2});
  EXPECT_EQ(AdmittedOf(rate, From("192.0.2.1:1000"), 9, kStart), 2);
  EXPECT_EQ(AdmittedOf(rate, From("192.0.2.1:2000"), 9, kStart), 0) << "the port is no address";
  EXPECT_EQ(AdmittedOf(rate, From("192.0.2.2:1000"), 9, kStart), 2);
}

TEST(ConnectionRate, OneHostsIpv6AddressesAreOne) {
  ConnectionRate rate({.per_second = 1, .burst = 2});
  EXPECT_EQ(AdmittedOf(rate, From("[2001:db8:0:1::1]:1"), 1, kStart), 1);
  EXPECT_EQ(AdmittedOf(rate, From("[2001:db8:0:1:ffff::2]:1"), 9, kStart), 1);
  EXPECT_EQ(AdmittedOf(rate, From("[2001:db8:0:2::1]:1"), 9, kStart), 2);
}

TEST(ConnectionRate, NoLimitKeepsNothing) {
  ConnectionRate rate({.per_second = 0});
  EXPECT_EQ(AdmittedOf(rate, From("192.0.2.1:1"), 1000, kStart), 1000);
  EXPECT_EQ(rate.size(), 0U);
}

TEST(ConnectionRate, IsBoundedAndForgetsWhoHasRested) {
  ConnectionRate rate({.per_second = 1, .burst = 2, .capacity = 100});
  const auto address = [](int i) {
    return From("10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250) + ":1");
  };
  for (int i = 0; i < 1000; ++i) {
    (void)rate.Admit(address(i), kStart);
    EXPECT_LE(rate.size(), 101U);
  }
  for (int i = 1000; i < 1060; ++i) (void)rate.Admit(address(i), kStart + seconds(10));
  EXPECT_LE(rate.size(), 61U);
}

}  // namespace
}  // namespace liveness::net
