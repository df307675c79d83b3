// Hellos that come late, and two processes that bear one instance id.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/status.h"
#include "tests/support/registry/cluster_harness.h"
#include "tests/support/registry/machine.h"

namespace liveness::testing {
namespace {

using common::ReasonOf;
using core::State;
using registry::TouchResult;
using std::chrono::seconds;
using ::testing::IsEmpty;
using ::testing::SizeIs;

registry::HelloRequest Numbered(std::uint32_t attempt, std::optional<std::uint64_t> resume = {},
                                const std::string& instance = "i1") {
  registry::HelloRequest hello = RegistryHarness::Hello("a", instance, resume);
  hello.info.attempt = attempt;
  return hello;
}

// Its process got the welcome, and beats.
void Ping(const Peer& peer) { peer.attached.session->CountPing(1, 0); }

// --- A late hello ------------------------------------------------------------

TEST(Attempts, ALateHelloChangesNothing) {
  RegistryHarness h;
  const Peer second = h.Attach(Numbered(2));
  const Peer first = h.Attach(Numbered(1));  // its welcome was waited for in vain
  EXPECT_EQ(first.refused.code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(ReasonOf(first.refused), "STALE_HELLO");
  EXPECT_THAT(second.stream->ends, IsEmpty());
  EXPECT_EQ(h.Beat(second), TouchResult::kHeard);
  EXPECT_THAT(h.Told(), SizeIs(1));
  EXPECT_TRUE(h.Attach(Numbered(3, second.attached.incarnation)).attached.resumed);
}

TEST(Attempts, NorDoesOneWithAToken) {
  RegistryHarness h;
  const Peer first = h.Attach(Numbered(1));
  const Peer third = h.Attach(Numbered(3, first.attached.incarnation));
  EXPECT_EQ(ReasonOf(h.Attach(Numbered(2, first.attached.incarnation)).refused), "STALE_HELLO");
  EXPECT_THAT(third.stream->ends, IsEmpty());
  EXPECT_EQ(h.Beat(third), TouchResult::kHeard);
}

TEST(Attempts, NobodyWhoLeftIsBroughtBackByOne) {
  RegistryHarness h;
  const Peer peer = h.Attach(Numbered(2));
  h.registry.SayGoodbye(peer.attached.session, peer.attached.attachment, {});
  EXPECT_EQ(ReasonOf(h.Attach(Numbered(1)).refused), "STALE_HELLO");
  EXPECT_EQ(h.StateOf("a"), State::kLeft);
}

TEST(Attempts, NorWhoDiedMeanwhile) {
  RegistryHarness h;
  const Peer peer = h.Attach(Numbered(2));
  h.Run(seconds(5));
  ASSERT_EQ(h.StateOf("a"), State::kDead);
  EXPECT_EQ(ReasonOf(h.Attach(Numbered(1, peer.attached.incarnation)).refused), "STALE_HELLO");
  EXPECT_FALSE(h.Attach(Numbered(3, peer.attached.incarnation)).attached.resumed);
}

TEST(Attempts, AChangeOfLabelsKeepsTheNumber) {
  RegistryHarness h;
  const Peer peer = h.Attach(Numbered(2));
  h.registry.UpdateLabels(peer.attached.session, peer.attached.attachment, {{"zone", "eu"}});
  EXPECT_EQ(ReasonOf(h.Attach(Numbered(1)).refused), "STALE_HELLO");
}

TEST(Attempts, ALateHelloIsKnownForOneWhileTheStoreHasNotCommittedTheNewer) {
  Machine m;
  const auto second = m.h().AttachLater(Numbered(2));
  EXPECT_EQ(ReasonOf(m.h().Attach(Numbered(1)).refused), "STALE_HELLO");
  m.store().CommitAll();
  EXPECT_TRUE(second->refused.ok());
  EXPECT_EQ(m.h().Beat(*second), TouchResult::kHeard);
}

TEST(Attempts, ALateHelloIsKnownForOneAfterARestart) {
  Machine m;
  const auto second = m.h().AttachLater(Numbered(2));
  m.store().CommitAll();
  m.Restart();
  EXPECT_EQ(ReasonOf(m.h().Attach(Numbered(1)).refused), "STALE_HELLO");
  const auto third = m.h().AttachLater(Numbered(3, second->attached.incarnation));
  m.store().CommitAll();
  EXPECT_TRUE(third->attached.resumed);
}

TEST_F(Cluster, ALateHelloIsKnownForOneOnEveryServer) {
  const Peer second = s(1).Answered(h(1).AttachLater(Numbered(2)));
  Settle();
  for (const int server : {1, 2, 3}) {
    EXPECT_EQ(ReasonOf(h(server).Attach(Numbered(1)).refused), "STALE_HELLO") << server;
  }
  EXPECT_THAT(second.stream->ends, IsEmpty());
  EXPECT_EQ(h(1).Beat(second), TouchResult::kHeard);
}

TEST_F(Cluster, ALateHelloToAServerThatIsBehindTakesNothingOver) {
  const auto second = h(1).AttachLater(Numbered(2));
  const auto first = h(2).AttachLater(Numbered(1));
  s(1).store.ApplyAll();  // the second is committed; nobody has heard of it
  Settle();
  EXPECT_TRUE(second->refused.ok());
  EXPECT_FALSE(first->refused.ok());
  EXPECT_THAT(second->stream->ends, IsEmpty());
  EXPECT_EQ(h(1).Beat(*second), TouchResult::kHeard);
}

// --- Without a number --------------------------------------------------------

TEST(Attempts, ALoneProcessIsNotSupersededByItsOwnLateHello) {
  RegistryHarness h;
  const Peer welcomed = h.Attach("a");
  const Peer late = h.Attach("a");
  EXPECT_EQ(ReasonOf(welcomed.stream->ends.at(0)), "STREAM_REPLACED");
  const Peer again = h.Attach("a", "i1", welcomed.attached.incarnation);
  ASSERT_TRUE(again.refused.ok()) << again.refused;
  EXPECT_GT(again.attached.incarnation, late.attached.incarnation);
  // And once more, on the same way.
  h.Attach("a");
  EXPECT_TRUE(h.Attach("a", "i1", again.attached.incarnation).refused.ok());
}

TEST(Attempts, NorByOneWithTheTokenOfASessionThatHadDied) {
  RegistryHarness h;
  const Peer dead = h.Attach("a");
  h.Run(seconds(5));
  const Peer alive = h.Attach("a", "i1", dead.attached.incarnation);
  h.Attach("a", "i1", dead.attached.incarnation);  // sent before that one
  EXPECT_TRUE(h.Attach("a", "i1", alive.attached.incarnation).refused.ok());
}

TEST(Attempts, NorAfterARestartInBetween) {
  Machine m;
  const Peer welcomed = m.Welcomed("a");
  m.Welcomed("a");
  m.Restart();
  EXPECT_TRUE(m.Welcomed("a", "i1", welcomed.attached.incarnation).refused.ok());
}

TEST_F(Cluster, ALoneProcessIsNotSupersededByItsOwnLateHelloElsewhere) {
  const Peer welcomed = s(1).Welcomed("a");
  Settle();
  s(2).Welcomed("a");
  Settle();
  EXPECT_EQ(ReasonOf(welcomed.stream->ends.at(0)), "STREAM_REPLACED");
  EXPECT_TRUE(s(1).Welcomed("a", "i1", welcomed.attached.incarnation).refused.ok());
}

TEST(Attempts, OfTwoProcessesWithOneInstanceIdTheYoungerStays) {
  RegistryHarness h;
  const Peer older = h.Attach("a");
  Ping(older);
  const Peer younger = h.Attach("a");
  Ping(younger);
  const Peer again = h.Attach("a", "i1", older.attached.incarnation);
  EXPECT_EQ(again.refused.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ReasonOf(again.refused), "SUPERSEDED");
  EXPECT_THAT(younger.stream->ends, IsEmpty());
  EXPECT_EQ(h.Beat(younger), TouchResult::kHeard);
}

TEST(Attempts, AlsoIfTheYoungerHadNoTimeToBeat) {
  RegistryHarness h;
  const Peer older = h.Attach("a");
  const Peer younger = h.Attach("a");
  const Peer older_again = h.Attach("a", "i1", older.attached.incarnation);
  Ping(older_again);
  const Peer younger_again = h.Attach("a", "i1", younger.attached.incarnation);
  ASSERT_TRUE(younger_again.refused.ok()) << younger_again.refused;
  EXPECT_EQ(ReasonOf(h.Attach("a", "i1", older_again.attached.incarnation).refused), "SUPERSEDED");
  EXPECT_EQ(h.Beat(younger_again), TouchResult::kHeard);
}

TEST_F(Cluster, OfTwoProcessesWithOneInstanceIdOnTwoServersTheYoungerStays) {
  const Peer older = s(1).Welcomed("a");
  Settle();
  const Peer younger = s(2).Welcomed("a");
  Ping(younger);
  Settle();
  const Peer older_again = s(1).Welcomed("a", "i1", older.attached.incarnation);
  Settle();
  EXPECT_EQ(ReasonOf(younger.stream->ends.at(0)), "STREAM_REPLACED");
  const Peer younger_again = s(2).Welcomed("a", "i1", younger.attached.incarnation);
  Settle();
  ASSERT_TRUE(younger_again.refused.ok()) << younger_again.refused;
  EXPECT_EQ(ReasonOf(s(1).Welcomed("a", "i1", older_again.attached.incarnation).refused), "SUPERSEDED");
  EXPECT_EQ(h(2).Beat(younger_again), TouchResult::kHeard);
}

TEST(Attempts, ANewerProcessOfTheSameNameThatCountsFromOneGetsInWithoutANumber) {
  RegistryHarness h;
  const Peer older = h.Attach(Numbered(7));
  Ping(older);
  EXPECT_EQ(ReasonOf(h.Attach(Numbered(1)).refused), "STALE_HELLO");
  const Peer younger = h.Attach(Numbered(0));
  ASSERT_TRUE(younger.refused.ok());
  Ping(younger);
  EXPECT_EQ(ReasonOf(h.Attach(Numbered(8, older.attached.incarnation)).refused), "SUPERSEDED");
  EXPECT_TRUE(h.Attach(Numbered(2, younger.attached.incarnation)).attached.resumed);
}

TEST(Attempts, ALateHelloMayReturnAfterTheDeathOfTheSessionThatReplacedItsOwn) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  const Peer b = h.Attach("a");  // the same process, without its token
  b.attached.session->CountPing(5, 0);
  h.Run(seconds(5));
  ASSERT_EQ(h.StateOf("a"), State::kDead);
  EXPECT_TRUE(h.Attach("a", "i1", a.attached.incarnation).refused.ok())
      << "nobody is there whom it could fight";
}

TEST_F(Cluster, WhatAServerHeardBeforeTheClientMovedSaysNothingOfALateHello) {
  const Peer a = s(1).Welcomed("a");
  const Peer b = s(1).Welcomed("a");
  b.attached.session->CountPing(5, 0);
  Settle();
  s(2).Welcomed("a", "i1", b.attached.incarnation);
  Settle();
  EXPECT_TRUE(s(1).Welcomed("a", "i1", a.attached.incarnation).refused.ok());
}

}  // namespace
}  // namespace liveness::testing
