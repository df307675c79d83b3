// Several servers over one store: clients that move from one to another.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/status.h"
#include "tests/support/registry/cluster_harness.h"

namespace liveness::registry {
namespace {

using common::ReasonOf;
using core::State;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Cluster;
using ::testing::ElementsAre;
using testing::Peer;
using ::testing::SizeIs;

TEST_F(Cluster, EveryServerKnowsEveryClient) {
  s(1).Welcomed("a");
  s(2).Welcomed("b");
  Settle();
  ExpectAllAgree();
  EXPECT_EQ(*h(3).Record("a")->server_id, "s1");
  Run(milliseconds(2'000));
  EXPECT_EQ(h(3).StateOf("a"), State::kAlive) << "who serves it watches it";
}

TEST_F(Cluster, AResumeOnAnotherServerMovesTheSession) {
  const Peer old = s(1).Welcomed("a");
  Settle();
  const auto young = h(2).AttachLater("a", "i1", old.attached.incarnation);
  EXPECT_EQ(young->answers, 0) << "not before it is committed";
  Settle();
  ASSERT_EQ(young->answers, 1);
  EXPECT_TRUE(young->attached.resumed);
  EXPECT_EQ(young->attached.incarnation, old.attached.incarnation);
  ASSERT_THAT(old.stream->ends, SizeIs(1));
  EXPECT_EQ(old.stream->ends[0].code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(ReasonOf(old.stream->ends[0]), "STREAM_REPLACED");
  EXPECT_EQ(h(1).Beat(old), TouchResult::kStale);
  h(1).Close(old);
  Run(milliseconds(2'900));
  EXPECT_THAT(Committed(), ElementsAre("a:->ALIVE", "a:ALIVE>ALIVE"));
  EXPECT_EQ(*h(1).Record("a")->server_id, "s2");
  ExpectAllAgree();
  Run(seconds(2));
  EXPECT_EQ(h(1).StateOf("a"), State::kDead) << "its new server watches it";
  EXPECT_EQ(std::ssize(Committed()), 4);
}

TEST_F(Cluster, AnotherInstanceOnAnotherServerSupersedes) {
  const Peer old = s(1).Welcomed("a", "i1");
  Settle();
  const Peer young = s(2).Welcomed("a", "i2");
  Settle();
  ASSERT_THAT(old.stream->ends, SizeIs(1));
  EXPECT_EQ(old.stream->ends[0].code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ReasonOf(old.stream->ends[0]), "SUPERSEDED");
  EXPECT_EQ(h(2).Beat(young), TouchResult::kHeard);
  for (const int server : {1, 2, 3}) {
    EXPECT_EQ(ReasonOf(h(server).Attach("a", "i1", old.attached.incarnation).refused), "SUPERSEDED");
  }
  EXPECT_THAT(Committed(), ElementsAre("a:->ALIVE", "a:ALIVE>DEAD(SUPERSEDED)", "a:DEAD>ALIVE"));
  ExpectAllAgree();
}

TEST_F(Cluster, AnInstanceThatBeginsAnewElsewhereIsNotToldThatItIsOver) {
  const Peer old = s(1).Welcomed("a", "i1");
  Settle();
  const Peer young = s(2).Welcomed("a", "i1");
  Settle();
  ASSERT_THAT(old.stream->ends, SizeIs(1));
  EXPECT_EQ(ReasonOf(old.stream->ends[0]), "STREAM_REPLACED") << "SUPERSEDED would stop this very instance";
  EXPECT_EQ(h(2).Beat(young), TouchResult::kHeard);
}

TEST_F(Cluster, AnEvictionFromAnotherServer) {
  const Peer a = s(1).Welcomed("a");
  Settle();
  const auto evicted = h(3).EvictLater("a", "runaway");
  Settle();
  ASSERT_TRUE(evicted->ok());
  EXPECT_EQ((*evicted)->record->evidence->silence, core::Duration::zero())
      << "who does not serve it cannot say";
  EXPECT_EQ(ReasonOf(a.stream->ends.at(0)), "EVICTED");
  EXPECT_EQ(h(1).Beat(a), TouchResult::kStale);
  for (const int server : {1, 2, 3}) EXPECT_EQ(ReasonOf(h(server).Attach("a", "i1").refused), "EVICTED");
  Run(seconds(10));
  EXPECT_EQ(std::ssize(Committed()), 2);
  ExpectAllAgree();
}

TEST_F(Cluster, ARecordIsForgottenOnce) {
  const Peer a = s(2).Welcomed("a");
  h(2).registry.SayGoodbye(a.attached.session, a.attached.attachment, {});
  Settle();
  clock_.Advance(std::chrono::hours(1));
  Run(seconds(5));
  EXPECT_THAT(Committed(),
              ElementsAre("a:->ALIVE", "a:ALIVE>LEFT(SAID_GOODBYE)", "a:LEFT>FORGOTTEN(SAID_GOODBYE)"));
  ExpectAllAgree();
}

TEST_F(Cluster, AStreamIsNotTakenForAnotherServersOfTheSameNumber) {
  const Peer first = s(1).Welcomed("a");
  Settle();
  const Peer second = s(1).Welcomed("a", "i1", first.attached.incarnation);  // nobody else hears of it
  const Peer moved = s(2).Welcomed("a", "i1", first.attached.incarnation);
  Settle();
  ASSERT_EQ(second.attached.attachment, moved.attached.attachment);
  h(1).Close(second);
  s(1).Labels(second, "stale");
  Settle();
  EXPECT_THAT(Committed(), ElementsAre("a:->ALIVE", "a:ALIVE>ALIVE"));
  EXPECT_EQ(h(2).Beat(moved), TouchResult::kHeard);
}

TEST_F(Cluster, WhoComesBackToAServerHasANumberThatItNeverHadThere) {
  std::vector<Peer> old = {s(1).Welcomed("a")};
  for (int i = 0; i < 5; ++i) old.push_back(s(1).Welcomed("a", "i1", old[0].attached.incarnation));
  Settle();
  s(2).Welcomed("a", "i1", old[0].attached.incarnation);
  Settle();
  for (int i = 0; i < 5; ++i) {
    const Peer back = s(1).Welcomed("a", "i1", old[0].attached.incarnation);
    Settle();
    for (const Peer& stale : old) {
      EXPECT_EQ(h(1).Beat(stale), TouchResult::kStale);
      h(1).Close(stale);
    }
    EXPECT_EQ(h(1).Beat(back), TouchResult::kHeard);
    EXPECT_EQ(h(1).StateOf("a"), State::kAlive);
  }
}

TEST_F(Cluster, AnEvictionOfAClientThatMovesMayBeTriedAgain) {
  const Peer old = s(1).Welcomed("a");
  Settle();
  const auto evicted = h(3).EvictLater("a");
  const Peer young = s(2).Welcomed("a", "i1", old.attached.incarnation);
  Settle();
  EXPECT_EQ(evicted->status().code(), absl::StatusCode::kUnavailable) << evicted->status();
  EXPECT_EQ(h(2).Beat(young), TouchResult::kHeard);
  const auto again = h(3).EvictLater("a");
  Settle();
  EXPECT_TRUE(again->ok());
  ExpectAllAgree();
}

}  // namespace
}  // namespace liveness::registry
