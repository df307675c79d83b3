// What a client is told of how long it is not dead, and that the server keeps to it.
#include <gtest/gtest.h>

#include "tests/support/registry/cluster_harness.h"
#include "tests/support/registry/registry_harness.h"

namespace liveness::registry {
namespace {

using core::Duration;
using core::MonoTime;
using core::State;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Cluster;
using testing::Peer;
using testing::RegistryHarness;

HelloRequest Accrual(Duration timeout = seconds(10)) {
  HelloRequest hello = RegistryHarness::Hello("a");
  hello.timeout = timeout;
  hello.accrual_threshold = 8;
  return hello;
}

// As server/rpc does with a ping: what its pong says.
Duration Ping(RegistryHarness& h, const Peer& peer, std::uint64_t sequence) {
  EXPECT_NE(h.Beat(peer), TouchResult::kStale);
  const MonoTime now = h.clock.Mono();
  const auto arrival = peer.attached.arrivals->Arrived(now, sequence, h.registry.stall_count());
  if (arrival.sooner) h.registry.Rearm(peer.attached.session);
  return h.registry.Vouch(arrival.due, h.Record("a")->timeout, now);
}

MonoTime DeadAt(RegistryHarness& h) {
  for (int i = 0; i < 10'000 && h.StateOf("a") != State::kDead; ++i) h.Run(milliseconds(10));
  return h.clock.Mono();
}

TEST(Vouching, AFixedTimeoutIsVouchedForFromTheHelloOn) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  EXPECT_EQ(a.attached.vouched_for, seconds(3));
  EXPECT_EQ(h.registry.Vouch(seconds(3), seconds(3), h.clock.Mono()), seconds(3));
}

TEST(Vouching, AccrualVouchesForWhatItHasLearnt) {
  RegistryHarness h;
  const Peer a = h.Attach(Accrual());
  EXPECT_EQ(a.attached.vouched_for, seconds(10));
  Duration last{};
  for (std::uint64_t i = 1; i <= 40; ++i) {
    h.Run(seconds(1));
    last = Ping(h, a, i);
    if (i < 10) {
      EXPECT_EQ(last, seconds(10)) << "nothing is learnt yet";
    }
  }
  EXPECT_LT(last, seconds(2));
  const MonoTime cut = h.clock.Mono();
  const MonoTime dead = DeadAt(h);
  EXPECT_GE(dead, cut + last);
  EXPECT_LT(dead, cut + seconds(3) + milliseconds(20)) << "what was said long ago holds nobody back";
}

TEST(Vouching, WhatIsLearntLaterBreaksNoEarlierPromise) {
  RegistryHarness h;
  const Peer a = h.Attach(Accrual());
  MonoTime promised{};
  for (std::uint64_t i = 1; i <= 14; ++i) {
    h.Run(seconds(1));
    promised = std::max(promised, h.clock.Mono() + Ping(h, a, i));
  }
  // The pongs of the last four never came to the client: it counts on the longest of those before.
  const MonoTime dead = DeadAt(h);
  EXPECT_GE(dead, promised);
  EXPECT_LT(dead, promised + milliseconds(20));
}

TEST(Vouching, AnEarlierStreamsPromiseOutlivesAShorterTimeout) {
  for (const bool accrual : {false, true}) {
    RegistryHarness h;
    HelloRequest longer = RegistryHarness::Hello("a");
    if (accrual) longer = Accrual();
    longer.timeout = seconds(10);
    const Peer a = h.Attach(longer);
    h.Run(seconds(1));
    if (accrual) {
      Ping(h, a, 1);
    } else {
      h.Beat(a);
    }
    const MonoTime promised = h.clock.Mono() + seconds(10);
    h.Run(milliseconds(100));
    const Peer b = h.Attach("a", "i1", a.attached.incarnation);
    EXPECT_EQ(b.attached.vouched_for, seconds(3));
    const MonoTime dead = DeadAt(h);
    EXPECT_GE(dead, promised) << accrual;
    EXPECT_LT(dead, promised + milliseconds(20)) << accrual;
  }
}

// What its pongs told the client counts, not the timeout that it had agreed to.
TEST(Vouching, AnEarlierStreamPromisesNoMoreThanItHadLearnt) {
  RegistryHarness h;
  const Peer a = h.Attach(Accrual());
  for (std::uint64_t i = 1; i <= 40; ++i) {
    h.Run(seconds(1));
    Ping(h, a, i);
  }
  const Peer b = h.Attach("a", "i1", a.attached.incarnation);
  const MonoTime silent = h.clock.Mono();
  const MonoTime dead = DeadAt(h);
  EXPECT_GE(dead, silent + seconds(3));
  EXPECT_LT(dead, silent + seconds(4) + milliseconds(20)) << "not ten seconds";
}

TEST(Vouching, AStreamThatEndsIsNotSilence) {
  RegistryHarness h;
  const Peer a = h.Attach(Accrual());
  h.Run(seconds(1));
  Ping(h, a, 1);
  const MonoTime closed = h.clock.Mono();
  h.Close(a);
  EXPECT_LT(DeadAt(h), closed + seconds(1) + milliseconds(20)) << "a crash is found as soon as ever";
}

TEST(Vouching, ADeadSessionsStreamVouchesForNothing) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  DeadAt(h);
  EXPECT_EQ(h.Beat(a), TouchResult::kStale);
  EXPECT_FALSE(h.registry.Refute(a.attached.session, a.attached.attachment));
}

TEST_F(Cluster, AServerThatItsNeighboursMissVouchesForNoMoreThanTheyGive) {
  const Peer a = s(1).Welcomed("a");
  Settle();
  Run(seconds(1));
  EXPECT_EQ(h(1).registry.Vouch(seconds(3), seconds(3), clock_.Mono()), seconds(3));
  // Its lease runs out; the others have its clients back within 5 s or say that they are dead.
  const MonoTime lost = clock_.Mono();
  s(1).cut = true;
  s(1).store.set_has_lease(false);
  s(2).store.SetServers({"s2", "s3"});
  s(3).store.SetServers({"s2", "s3"});
  MonoTime believed{};
  while (h(2).StateOf("a") != State::kDead && clock_.Mono() < lost + seconds(20)) {
    h(1).Beat(a);
    const Duration vouched = h(1).registry.Vouch(seconds(3), seconds(3), clock_.Mono());
    believed = std::max(believed, clock_.Mono() + vouched);
    Run(milliseconds(100));
  }
  EXPECT_EQ(h(2).StateOf("a"), State::kDead);
  EXPECT_LE(believed, clock_.Mono());
  EXPECT_GE(believed, lost + seconds(4)) << "and no less than it can know";
}

TEST_F(Cluster, AServerThatTakesASessionOverKeepsWhatTheOtherSaid) {
  HelloRequest patient = RegistryHarness::Hello("a");
  patient.timeout = seconds(9);
  const Peer a = s(1).Answered(h(1).AttachLater(patient));
  Settle();
  Run(seconds(1));
  h(1).Beat(a);
  const MonoTime promised = clock_.Mono() + seconds(9);
  const Peer b = s(2).Welcomed("a", "i1", a.attached.incarnation);
  Settle();
  ASSERT_TRUE(b.attached.resumed);
  while (h(2).StateOf("a") != State::kDead) Run(milliseconds(10));
  EXPECT_GE(clock_.Mono(), promised);
}

TEST(Vouching, AResumeVouchesForNoMoreThanWasLearnt) {
  RegistryHarness h;
  const Peer a = h.Attach(Accrual());
  for (std::uint64_t i = 1; i <= 40; ++i) {
    h.Run(seconds(1));
    Ping(h, a, i);
  }
  HelloRequest again = Accrual();
  again.resume_incarnation = a.attached.incarnation;
  const Peer b = h.Attach(std::move(again));
  EXPECT_TRUE(b.attached.resumed);
  EXPECT_LT(b.attached.vouched_for, seconds(3));
  EXPECT_EQ(b.attached.vouched_for, b.attached.arrivals->DueAfter());
}

TEST(Vouching, APromiseOutlivesMoreThanOneStream) {
  RegistryHarness h;
  HelloRequest hello = RegistryHarness::Hello("a");
  hello.timeout = seconds(10);
  const Peer a = h.Attach(hello);
  const MonoTime promised = h.clock.Mono() + a.attached.vouched_for;
  hello.resume_incarnation = a.attached.incarnation;
  for (const int timeout : {6, 3, 3}) {
    hello.timeout = seconds(timeout);
    h.Attach(hello);
  }
  EXPECT_GE(DeadAt(h), promised);
}

}  // namespace
}  // namespace liveness::registry
