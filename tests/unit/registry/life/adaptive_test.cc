// ACCRUAL as the registry carries it out.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/registry/registry_harness.h"

namespace liveness::registry {
namespace {

using core::State;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Peer;
using testing::RegistryHarness;

HelloRequest AccrualHello(const std::string& id) {
  HelloRequest hello;
  hello.info.client_id = id;
  hello.info.instance_id = "i";
  hello.interval = seconds(1);
  hello.timeout = seconds(10);
  hello.accrual_threshold = 8;
  return hello;
}

// As server/rpc does with a ping.
void Ping(RegistryHarness& h, const Peer& peer, std::uint64_t sequence) {
  h.Beat(peer);
  if (peer.attached.arrivals->Arrived(h.clock.Mono(), sequence, h.registry.stall_count()).sooner) {
    h.registry.Rearm(peer.attached.session);
  }
}

TEST(Adaptive, ASteadyClientIsFoundLongBeforeItsTimeout) {
  RegistryHarness h;
  const Peer a = h.Attach(AccrualHello("a"));
  for (std::uint64_t i = 1; i <= 20; ++i) {
    h.Run(seconds(1));
    Ping(h, a, i);
  }
  h.Run(milliseconds(1'500));
  EXPECT_EQ(h.StateOf("a"), State::kAlive);
  const core::Vitals vitals = h.registry.Get("a")->vitals;
  EXPECT_GT(vitals.suspicion, 2);
  EXPECT_LT(vitals.suspicion, 8);
  EXPECT_LT(vitals.until_deadline, seconds(1)) << "what is shown is what will be done";
  h.Run(milliseconds(500));
  EXPECT_EQ(h.StateOf("a"), State::kSuspect);
}

TEST(Adaptive, UntilEnoughIsKnownTheTimeoutHolds) {
  RegistryHarness h;
  const Peer a = h.Attach(AccrualHello("a"));
  for (std::uint64_t i = 1; i <= 5; ++i) {
    h.Run(seconds(1));
    Ping(h, a, i);
  }
  h.Run(milliseconds(9'990));
  EXPECT_EQ(h.StateOf("a"), State::kAlive);
  h.Run(milliseconds(20));
  EXPECT_EQ(h.StateOf("a"), State::kSuspect);
}

TEST(Adaptive, AStallOfOursIsNoJitterOfTheirs) {
  RegistryHarness h;
  const Peer a = h.Attach(AccrualHello("a"));
  for (std::uint64_t i = 1; i <= 20; ++i) {
    h.Run(seconds(1));
    Ping(h, a, i);
  }
  h.Stall(seconds(5));
  Ping(h, a, 21);
  h.Run(seconds(1));
  Ping(h, a, 22);
  h.Run(milliseconds(2'000));
  EXPECT_EQ(h.StateOf("a"), State::kSuspect) << "it is as sharp as before";
}

TEST(Adaptive, WhatWasLearntStaysOverAReconnectAndEndsWithTheChoice) {
  RegistryHarness h;
  const Peer a = h.Attach(AccrualHello("a"));
  for (std::uint64_t i = 1; i <= 20; ++i) {
    h.Run(seconds(1));
    Ping(h, a, i);
  }
  HelloRequest again = AccrualHello("a");
  again.resume_incarnation = a.attached.incarnation;
  const Peer b = h.Attach(std::move(again));
  ASSERT_TRUE(b.attached.resumed);
  EXPECT_EQ(b.attached.arrivals, a.attached.arrivals);
  EXPECT_TRUE(h.registry.PathOf("a", "").has_value());
  HelloRequest fixed = AccrualHello("a");
  fixed.accrual_threshold.reset();
  fixed.resume_incarnation = a.attached.incarnation;
  EXPECT_EQ(h.Attach(std::move(fixed)).attached.arrivals, nullptr);
  h.Run(milliseconds(9'900));
  EXPECT_EQ(h.StateOf("a"), State::kAlive);
}

}  // namespace
}  // namespace liveness::registry
