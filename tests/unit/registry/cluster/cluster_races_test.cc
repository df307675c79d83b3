// Races between what one server has decided and another has committed.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/status.h"
#include "tests/support/registry/cluster_harness.h"

namespace liveness::registry {
namespace {

using common::ReasonOf;
using core::Cause;
using core::State;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Cluster;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Peer;
using ::testing::SizeIs;

TEST_F(Cluster, AStaleServersSuspicionAfterAMoveIsDropped) {
  const Peer old = s(1).Welcomed("a");
  Settle();
  h(1).Close(old);
  const auto young = h(2).AttachLater("a", "i1", old.attached.incarnation);
  s(2).Settle();  // first
  Settle();
  EXPECT_EQ(young->answers, 1);
  EXPECT_THAT(Committed(), ElementsAre("a:->ALIVE", "a:ALIVE>ALIVE"));
  EXPECT_EQ(h(2).Beat(*young), TouchResult::kHeard);
  ExpectAllAgree();
}

TEST_F(Cluster, SoItIsWhenTheStaleServerHadManyStreams) {
  Peer old = s(1).Welcomed("a");
  // Streams that no transition tells of: the other servers do not know their numbers.
  for (int i = 0; i < 5; ++i) old = s(1).Welcomed("a", "i1", old.attached.incarnation);
  ASSERT_THAT(Committed(), SizeIs(1));
  Settle();
  h(1).Close(old);
  const auto young = h(2).AttachLater("a", "i1", old.attached.incarnation);
  s(2).Settle();
  Settle();
  EXPECT_EQ(young->answers, 1);
  EXPECT_THAT(Committed(), ElementsAre("a:->ALIVE", "a:ALIVE>ALIVE"));
  EXPECT_EQ(h(2).Beat(*young), TouchResult::kHeard);
  EXPECT_THAT(young->stream->ends, IsEmpty());
  ExpectAllAgree();
}

TEST_F(Cluster, AStaleServersVerdictAfterAMoveIsDropped) {
  const Peer old = s(1).Welcomed("a");
  Settle();
  h(1).Close(old);
  s(1).Settle();
  s(2).store.Tell();
  Cut(1, true);
  clock_.Advance(milliseconds(1'100));
  h(1).Tick();  // DEAD, and cannot say so
  const Peer young = s(2).Welcomed("a", "i1", old.attached.incarnation);
  EXPECT_TRUE(young.attached.resumed);
  Cut(1, false);
  Settle();
  EXPECT_THAT(Committed(), ElementsAre("a:->ALIVE", "a:ALIVE>SUSPECT(PROCESS_EXITED)", "a:SUSPECT>ALIVE"));
  EXPECT_EQ(h(2).Beat(young), TouchResult::kHeard);
  ExpectAllAgree();
}

TEST_F(Cluster, AMoveStandsAfterTheOldServersSuspicion) {
  const Peer old = s(1).Welcomed("a");
  Settle();
  h(1).Close(old);
  const auto young = h(2).AttachLater("a", "i1", old.attached.incarnation);
  s(1).Settle();  // first
  Settle();
  EXPECT_EQ(young->answers, 1);
  EXPECT_TRUE(young->attached.resumed);
  EXPECT_THAT(Committed(), ElementsAre("a:->ALIVE", "a:ALIVE>SUSPECT(PROCESS_EXITED)", "a:SUSPECT>ALIVE"));
  EXPECT_EQ(h(2).Beat(*young), TouchResult::kHeard);
  ExpectAllAgree();
}

TEST_F(Cluster, AMoveToTwoServersAtOnceEndsOnOne) {
  const Peer old = s(1).Welcomed("a");
  Settle();
  const auto second = h(2).AttachLater("a", "i1", old.attached.incarnation);
  const auto third = h(3).AttachLater("a", "i1", old.attached.incarnation);
  s(2).store.Apply();
  Settle();
  EXPECT_EQ(second->answers, 1);
  EXPECT_EQ(h(2).Beat(*second), TouchResult::kHeard);
  EXPECT_EQ(third->answers, 1);
  EXPECT_EQ(third->refused.code(), absl::StatusCode::kUnavailable) << "it may try again";
  EXPECT_THAT(third->stream->ends, SizeIs(1));
  const Peer again = s(3).Welcomed("a", "i1", old.attached.incarnation);
  EXPECT_TRUE(again.attached.resumed);
  Settle();
  EXPECT_EQ(ReasonOf(second->stream->ends.at(0)), "STREAM_REPLACED");
  ExpectAllAgree();
}

TEST_F(Cluster, TwoBeginAtOnceAndOneWins) {
  const auto first = h(1).AttachLater("a", "i1");
  const auto second = h(2).AttachLater("a", "i2");
  s(1).Settle();
  Settle();
  EXPECT_TRUE(first->refused.ok());
  EXPECT_EQ(first->answers, 1);
  EXPECT_EQ(second->answers, 1);
  EXPECT_EQ(second->refused.code(), absl::StatusCode::kUnavailable) << second->refused;
  EXPECT_TRUE(common::RetryDelayOf(second->refused).has_value());
  ASSERT_THAT(second->stream->ends, SizeIs(1));
  EXPECT_EQ(second->stream->ends[0].code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(h(1).Beat(*first), TouchResult::kHeard);
  const Peer again = s(2).Welcomed("a", "i2");
  Settle();
  EXPECT_EQ(ReasonOf(first->stream->ends.at(0)), "SUPERSEDED");
  EXPECT_EQ(h(2).Beat(again), TouchResult::kHeard);
  EXPECT_THAT(Committed(), ElementsAre("a:->ALIVE", "a:ALIVE>DEAD(SUPERSEDED)", "a:DEAD>ALIVE"));
  ExpectAllAgree();
}

TEST_F(Cluster, TwoSupersedeAtOnceAndOneWins) {
  const Peer old = s(3).Welcomed("a", "i0");
  Settle();
  const auto first = h(1).AttachLater("a", "i1");
  const auto second = h(2).AttachLater("a", "i2");
  s(1).store.Apply();  // the end of i0: what follows it comes later
  s(1).store.Tell();
  s(2).store.ApplyAll();
  s(2).store.Tell();
  EXPECT_EQ(second->answers, 1);
  EXPECT_EQ(second->refused.code(), absl::StatusCode::kUnavailable)
      << second->refused << ": ABORTED would stop an instance that nobody has superseded";
  Settle();
  EXPECT_EQ(h(1).Beat(*first), TouchResult::kHeard);
  EXPECT_EQ(ReasonOf(old.stream->ends.at(0)), "SUPERSEDED");
  const Peer again = s(2).Welcomed("a", "i2");
  EXPECT_EQ(h(2).Beat(again), TouchResult::kHeard);
  Settle();
  EXPECT_EQ(ReasonOf(first->stream->ends.at(0)), "SUPERSEDED");
  ExpectAllAgree();
}

TEST_F(Cluster, AServerThatHasNotHeardOfAClientYetTurnsItAwayForNow) {
  const Peer a = s(1).Welcomed("a");
  const auto too_soon = h(2).AttachLater("a", "i1", a.attached.incarnation);
  Settle();
  EXPECT_EQ(too_soon->refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(a.stream->ends, IsEmpty());
  EXPECT_TRUE(s(2).Welcomed("a", "i1", a.attached.incarnation).attached.resumed);
}

TEST_F(Cluster, TheLoserOfABeginWatchesOverTheWinner) {
  const Peer before = s(2).Welcomed("a", "i0");
  h(2).registry.SayGoodbye(before.attached.session, before.attached.attachment, {});
  Settle();
  const auto winner = h(1).AttachLater("a", "i1");
  const auto loser = h(2).AttachLater("a", "i2");
  s(1).Settle();
  Settle();
  ASSERT_FALSE(loser->refused.ok());
  Kill(1);
  Kill(3);
  TellServers();
  Run(seconds(6));
  EXPECT_EQ(h(2).StateOf("a"), State::kDead);
  EXPECT_EQ(h(2).Record("a")->cause, Cause::kNotReturned);
  ExpectAllAgree();
}

TEST_F(Cluster, AnEvictionOnTopOfAnotherChangeKeepsBoth) {
  const Peer a = s(1).Welcomed("a");
  Settle();
  s(1).Labels(a, "eu");
  const auto evicted = h(2).EvictLater("a");
  s(1).Settle();
  Settle();
  ASSERT_TRUE(evicted->ok());
  const core::RecordPtr record = h(3).Record("a");
  EXPECT_EQ(record->state, State::kDead);
  EXPECT_EQ(record->info.FindLabel("zone"), "eu") << "an older truth must not overwrite a newer one";
  for (const int server : {1, 2, 3}) EXPECT_EQ(ReasonOf(h(server).Attach("a", "i1").refused), "EVICTED");
  ExpectAllAgree();
}

TEST_F(Cluster, ASupersededInstanceStaysOutOverAnotherChange) {
  const Peer old = s(1).Welcomed("a", "i1");
  Settle();
  s(1).Labels(old, "eu");
  const auto young = h(2).AttachLater("a", "i2");
  s(1).Settle();
  Settle();
  EXPECT_EQ(young->answers, 1);
  EXPECT_TRUE(young->refused.ok()) << young->refused;
  EXPECT_EQ(ReasonOf(h(1).Attach("a", "i1").refused), "SUPERSEDED");
  ExpectAllAgree();
}

TEST_F(Cluster, WhatOtherServersWroteDoesNotMakeAReconnectATransition) {
  Peer a = s(1).Welcomed("a");
  core::ClientRecord lost = *ledger_.Find("a");
  lost.server_id = std::make_shared<const std::string>("s1");  // as it comes from the store
  ledger_.Write(lost);
  Settle();
  const std::size_t before = Committed().size();
  a = s(1).Welcomed("a", "i1", a.attached.incarnation);
  EXPECT_EQ(a.answers, 1);
  EXPECT_THAT(Committed(), SizeIs(before));
}

TEST_F(Cluster, WhatHasLostItsSenseIsAwaitedAllTheSame) {
  const Peer old = s(1).Welcomed("a", "i1");
  Settle();
  h(1).Close(old);
  ASSERT_THAT(s(1).store.queue(), SizeIs(1));
  const Peer moved = s(2).Welcomed("a", "i1", old.attached.incarnation);
  s(1).store.Tell();
  // The suspicion is dropped, but the store still has it: one proposal of a client at a time.
  const auto young = h(1).AttachLater("a", "i2");
  EXPECT_THAT(s(1).store.queue(), SizeIs(1));
  EXPECT_EQ(s(1).store.queue().front().after->state, State::kSuspect);
  Settle();
  EXPECT_EQ(young->answers, 1);
  EXPECT_EQ(h(1).Beat(*young), TouchResult::kHeard);
  EXPECT_EQ(ReasonOf(moved.stream->ends.at(0)), "SUPERSEDED");
  EXPECT_THAT(Committed(),
              ElementsAre("a:->ALIVE", "a:ALIVE>ALIVE", "a:ALIVE>DEAD(SUPERSEDED)", "a:DEAD>ALIVE"));
  ExpectAllAgree();
}

TEST_F(Cluster, NothingWaitsForWhomTheOthersForgot) {
  const Peer a = s(1).Welcomed("a");
  h(1).registry.SayGoodbye(a.attached.session, a.attached.attachment, {});
  Settle();
  const auto young = h(1).AttachLater("a", "i2");
  core::ClientRecord gone = *ledger_.Find("a");
  gone.state = State::kForgotten;
  ledger_.Write(gone);
  s(1).store.Tell();
  EXPECT_EQ(young->refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(h(1).Record("a"), nullptr);
  const auto again = h(1).AttachLater("a", "i2");
  EXPECT_THAT(s(1).store.queue(), SizeIs(1)) << "the first must be refused before";
  Settle();
  EXPECT_EQ(h(1).Beat(*again), TouchResult::kHeard);
  ExpectAllAgree();
}

TEST_F(Cluster, WhoSupersedesManyStreamsIsWatched) {
  Peer old = s(1).Welcomed("a", "i1");
  for (int i = 0; i < 5; ++i) old = s(1).Welcomed("a", "i1", old.attached.incarnation);
  Settle();
  const auto young = h(2).AttachLater("a", "i2");
  s(1).Labels(old, "eu");
  s(1).Settle();  // first, and with the number of a stream that the second has not heard of
  Settle();
  ASSERT_EQ(young->answers, 1);
  ASSERT_LT(young->attached.attachment, old.attached.attachment);
  Run(milliseconds(3'050));
  EXPECT_EQ(h(3).StateOf("a"), State::kSuspect);
  Run(seconds(2));
  EXPECT_EQ(h(3).StateOf("a"), State::kDead);
}

TEST_F(Cluster, WhatComesTrueAfterItWasGivenUpHoldsNobodyUp) {
  const auto waits = h(1).AttachLater("a", "i1");  // proposed on nothing, and slow
  const Peer other = s(2).Welcomed("a", "i2");
  h(2).registry.SayGoodbye(other.attached.session, other.attached.attachment, {});
  s(2).Settle();
  s(1).store.Tell();
  ASSERT_EQ(waits->refused.code(), absl::StatusCode::kUnavailable);
  core::ClientRecord gone = *ledger_.Find("a");
  gone.state = State::kForgotten;
  ledger_.Write(gone);
  s(1).store.Apply();  // on nothing, once more
  Settle();
  EXPECT_EQ(h(2).StateOf("a"), State::kAlive);
  const auto again = h(1).AttachLater("a", "i1");
  Settle();
  EXPECT_EQ(again->answers, 1);
  EXPECT_EQ(h(1).Beat(*again), TouchResult::kHeard);
  ExpectAllAgree();
}

}  // namespace
}  // namespace liveness::registry
