// When the detector is wanted again, and how much it does at a time.
#include <gtest/gtest.h>

#include <vector>

#include "tests/support/registry/registry_harness.h"

namespace liveness::registry {
namespace {

using common::MonoTime;
using core::State;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Peer;
using testing::RegistryHarness;

// What Tick, which the detector's thread calls, answers.
core::Duration WantedIn(RegistryHarness& h) {
  const MonoTime now = h.clock.Mono();
  const MonoTime next = h.registry.Tick(now, now);
  return next == MonoTime::max() ? core::Duration::max() : next - now;
}

TEST(Wake, WithNobodyToWatchNothingIsToBeDone) {
  RegistryHarness h;
  h.registry.BeginServing();
  h.Tick();
  EXPECT_GT(WantedIn(h), seconds(1));
}

TEST(Wake, ADeadlineBeforeTheNextWakesTheDetector) {
  RegistryHarness h;
  MonoTime woken = MonoTime::max();
  h.registry.OnEarlierDeadline([&](MonoTime when) { woken = std::min(woken, when); });
  h.Tick();
  h.Attach("a");
  EXPECT_LE(woken, h.clock.Mono() + milliseconds(2'000)) << "when it is to be probed";
  EXPECT_LE(WantedIn(h), milliseconds(2'000));
  woken = MonoTime::max();
  h.Attach("b");
  EXPECT_EQ(woken, MonoTime::max()) << "it wakes up in time anyway";
}

TEST(Wake, WhileTimeStandsItLooksAgainSoon) {
  RegistryHarness h({.max_doubt = seconds(10)});
  h.Attach("a");
  QueuePulses::Queue& queue = h.registry.pulses().at(0);
  queue.Sent(h.clock.Mono());
  h.Run(seconds(1));  // the canary is not heard
  ASSERT_NE(h.registry.totals().witness.doubt, core::CanaryDoubt::kNone);
  EXPECT_LE(WantedIn(h), milliseconds(10));
}

TEST(Wake, OneTickLooksAtABoundedNumberOfConnections) {
  RegistryHarness h({.doubt_share = 1});
  std::vector<Peer> peers;
  for (int i = 0; i < 300; ++i) peers.push_back(h.Attach("c" + std::to_string(i)));
  h.Run(milliseconds(2'500));
  h.clock.Advance(milliseconds(520));
  h.Tick();
  int looks = 0;
  for (const Peer& peer : peers) looks += peer.stream->looks;
  EXPECT_EQ(looks, 100);
  EXPECT_LE(WantedIn(h), core::Duration::zero()) << "the others at once";
}

TEST(Wake, OneTickTakesABoundedNumberOfTurns) {
  RegistryHarness h({.doubt_share = 1});
  std::vector<Peer> peers;
  for (int i = 0; i < 2'500; ++i) peers.push_back(h.Attach("c" + std::to_string(i)));
  h.Run(milliseconds(1'900));
  h.clock.Advance(milliseconds(110));
  h.Tick();
  std::size_t probes = 0;
  for (const Peer& peer : peers) probes += peer.stream->probes.size();
  EXPECT_EQ(probes, 1'000u);
}

TEST(Wake, WhatIsLearntOfPingsCountsForASilenceThatBeginsWithIt) {
  RegistryHarness h;
  HelloRequest hello = RegistryHarness::Hello("a");
  hello.timeout = seconds(10);
  hello.accrual_threshold = 8;
  const Peer a = h.Attach(std::move(hello));
  Arrivals::Arrival arrival;
  for (std::uint64_t i = 1; i <= 100 && !arrival.sooner; ++i) {
    h.Run(seconds(1));
    h.Beat(a);
    arrival = a.attached.arrivals->Arrived(h.clock.Mono(), i, h.registry.stall_count());
  }
  ASSERT_TRUE(arrival.sooner);
  ASSERT_LT(arrival.due, seconds(3));
  h.registry.Rearm(a.attached.session);
  h.Run(arrival.due + milliseconds(50));
  EXPECT_EQ(h.StateOf("a"), State::kSuspect);
}

TEST(Wake, AnEndedRecordIsNotForgottenForALatePing) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  h.Run(seconds(5));
  ASSERT_EQ(h.StateOf("a"), State::kDead);
  h.registry.Rearm(a.attached.session);
  h.Run(seconds(5));
  EXPECT_EQ(h.StateOf("a"), State::kDead);
}

TEST(Wake, ALivingClientHasADeadline) {
  RegistryHarness h;
  h.Attach("a");
  h.Run(seconds(1));
  EXPECT_EQ(h.registry.Get("a")->vitals.until_deadline, seconds(2));
  h.Run(milliseconds(2'050));
  ASSERT_EQ(h.StateOf("a"), State::kSuspect);
  EXPECT_EQ(h.registry.Get("a")->vitals.until_deadline, core::Duration::zero()) << "it has passed";
}

}  // namespace
}  // namespace liveness::registry
