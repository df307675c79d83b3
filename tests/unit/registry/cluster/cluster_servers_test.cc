// Servers that go and come back.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/registry/cluster_harness.h"

namespace liveness::registry {
namespace {

using core::Cause;
using core::State;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Cluster;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::Peer;
using ::testing::SizeIs;

TEST_F(Cluster, TheClientsOfAServerThatIsGoneAreSuspectOnce) {
  s(1).Welcomed("a");
  s(1).Welcomed("b");
  Settle();
  Kill(1);
  Run(seconds(10));
  EXPECT_EQ(h(2).StateOf("a"), State::kAlive) << "while its server holds its lease";
  TellServers();
  Run(milliseconds(4'900));
  EXPECT_EQ(h(3).StateOf("a"), State::kSuspect);
  EXPECT_EQ(h(3).Record("a")->cause, Cause::kServerLost);
  EXPECT_THAT(Committed(), ElementsAre("a:->ALIVE", "b:->ALIVE", "a:ALIVE>SUSPECT(SERVER_LOST)",
                                       "b:ALIVE>SUSPECT(SERVER_LOST)"));
  Run(seconds(5));
  const auto told = Committed();
  EXPECT_EQ(std::count(told.begin(), told.end(), "a:SUSPECT>DEAD(NOT_RETURNED)"), 1);
  EXPECT_EQ(std::count(told.begin(), told.end(), "b:SUSPECT>DEAD(NOT_RETURNED)"), 1);
  EXPECT_THAT(told, SizeIs(6));
  ExpectAllAgree();
}

TEST_F(Cluster, TheNextServerActsOnlyIfTheFirstDoesNot) {
  s(1).Welcomed("a");
  Settle();
  Kill(1);
  TellServers();
  s(2).cut = true;  // it decides, and nothing of it comes to the store
  Run(milliseconds(400));
  EXPECT_EQ(h(3).StateOf("a"), State::kAlive);
  Run(milliseconds(200));
  EXPECT_EQ(h(3).StateOf("a"), State::kSuspect);
  s(2).cut = false;
  Run(seconds(10));
  EXPECT_THAT(Committed(),
              ElementsAre("a:->ALIVE", "a:ALIVE>SUSPECT(SERVER_LOST)", "a:SUSPECT>DEAD(NOT_RETURNED)"));
  ExpectAllAgree();
}

TEST_F(Cluster, BothServersConcludeAndOneIsHeard) {
  s(1).Welcomed("a");
  Settle();
  Kill(1);
  TellServers();
  s(2).cut = s(3).cut = true;
  Run(seconds(8));  // both have decided on all of it
  s(2).cut = s(3).cut = false;
  Settle();
  Run(seconds(8));
  const auto told = Committed();
  EXPECT_EQ(std::count(told.begin(), told.end(), "a:SUSPECT>DEAD(NOT_RETURNED)"), 1);
  EXPECT_EQ(std::count(told.begin(), told.end(), "a:ALIVE>SUSPECT(SERVER_LOST)"), 1);
  EXPECT_THAT(told, SizeIs(3));
  ExpectAllAgree();
}

TEST_F(Cluster, WhoComesToAnotherServerInTimeIsAlive) {
  const Peer old = s(1).Welcomed("a");
  Settle();
  Kill(1);
  TellServers();
  Run(milliseconds(4'800));
  const auto young = h(3).AttachLater("a", "i1", old.attached.incarnation);
  Settle();
  EXPECT_TRUE(young->attached.resumed);
  EXPECT_EQ(young->attached.incarnation, old.attached.incarnation);
  Run(milliseconds(2'900));
  EXPECT_THAT(Committed(), ElementsAre("a:->ALIVE", "a:ALIVE>SUSPECT(SERVER_LOST)", "a:SUSPECT>ALIVE"));
  EXPECT_EQ(h(3).registry.totals().scorecard.refuted_suspicions.count, 0);
  ExpectAllAgree();
}

TEST_F(Cluster, WhoComesAtTheVeryEndWinsOrBeginsAnew) {
  const Peer old = s(1).Welcomed("a");
  Settle();
  Kill(1);
  TellServers();
  Run(milliseconds(4'990));
  // The one concludes as the other welcomes.
  const auto young = h(3).AttachLater("a", "i1", old.attached.incarnation);
  clock_.Advance(milliseconds(20));
  h(2).Tick();
  ASSERT_THAT(s(2).store.queue(), SizeIs(1));
  ASSERT_EQ(s(2).store.queue().front().after->state, State::kDead);
  s(2).store.Apply();
  Settle();
  EXPECT_EQ(young->answers, 1);
  EXPECT_EQ(young->refused.code(), absl::StatusCode::kUnavailable) << young->refused;
  const Peer again = s(3).Welcomed("a", "i1", old.attached.incarnation);
  EXPECT_FALSE(again.attached.resumed);
  EXPECT_GT(again.attached.incarnation, old.attached.incarnation);
  Settle();
  ExpectAllAgree();
}

TEST_F(Cluster, AServerThatIsBackBeforeThatKeepsItsClients) {
  const Peer before = s(1).Welcomed("a");
  s(1).Welcomed("b");
  Settle();
  Kill(1);
  TellServers();
  Run(seconds(3));
  Restart(1);
  Run(seconds(4));
  EXPECT_EQ(h(2).StateOf("b"), State::kSuspect) << "they have their time from its return";
  const Peer after = s(1).Welcomed("a", "i1", before.attached.incarnation);
  EXPECT_TRUE(after.attached.resumed);
  Run(milliseconds(2'500));
  EXPECT_THAT(Committed(),
              ElementsAre("a:->ALIVE", "b:->ALIVE", "a:ALIVE>SUSPECT(SERVER_LOST)",
                          "b:ALIVE>SUSPECT(SERVER_LOST)", "a:SUSPECT>ALIVE", "b:SUSPECT>DEAD(NOT_RETURNED)"));
}

TEST_F(Cluster, AServerThatRestartsWithinItsLeaseSuspectsItsClientsItself) {
  const Peer before = s(2).Welcomed("a");
  Settle();
  Kill(2);
  Restart(2);
  Run(milliseconds(20));
  EXPECT_EQ(h(1).Record("a")->cause, Cause::kServerLost);
  EXPECT_TRUE(s(2).Welcomed("a", "i1", before.attached.incarnation).attached.resumed);
  Run(milliseconds(2'900));
  EXPECT_THAT(Committed(), ElementsAre("a:->ALIVE", "a:ALIVE>SUSPECT(SERVER_LOST)", "a:SUSPECT>ALIVE"));
}

TEST_F(Cluster, AServerThatWasOnlyThoughtGoneRefutes) {
  const Peer a = s(1).Welcomed("a");
  Settle();
  TellServers({"s1"});
  s(1).cut = true;
  Run(milliseconds(50));
  EXPECT_EQ(h(2).StateOf("a"), State::kSuspect);
  s(1).cut = false;
  TellServers();
  EXPECT_EQ(h(1).Beat(a), TouchResult::kHeard);
  Settle();
  EXPECT_THAT(a.stream->ends, IsEmpty());
  EXPECT_THAT(Committed(), ElementsAre("a:->ALIVE", "a:ALIVE>SUSPECT(SERVER_LOST)", "a:SUSPECT>ALIVE"));
  Run(milliseconds(2'900));
  EXPECT_EQ(h(2).StateOf("a"), State::kAlive);
  ExpectAllAgree();
}

TEST_F(Cluster, ItDoesNotRefuteWhatItSuspectsItself) {
  s(1).Welcomed("a");
  Settle();
  Run(milliseconds(3'010));
  ASSERT_EQ(h(1).StateOf("a"), State::kSuspect);
  core::ClientRecord lost = *ledger_.Find("a");
  lost.cause = Cause::kServerLost;
  ledger_.Write(lost);
  Settle();
  Run(seconds(2));
  const auto told = Committed();
  EXPECT_THAT(told, Not(Contains("a:SUSPECT>ALIVE"))) << "nothing was heard of it";
  EXPECT_EQ(h(2).StateOf("a"), State::kDead) << "and it dies in its time";
  ExpectAllAgree();
}

TEST_F(Cluster, AForeignSuspicionOfASessionWithoutAStreamIsNoDeathAtOnce) {
  const Peer a = s(1).Welcomed("a");
  Settle();
  // Its stream closes after we stood: that is silence, and its deadline stays.
  h(1).Stall(seconds(5));
  h(1).Close(a);
  ASSERT_THAT(Committed(), SizeIs(1));
  core::ClientRecord lost = *ledger_.Find("a");
  lost.state = State::kSuspect;
  lost.cause = Cause::kServerLost;
  ledger_.Write(lost);
  Settle();
  Run(milliseconds(3'100));
  EXPECT_EQ(h(2).StateOf("a"), State::kSuspect);
  EXPECT_TRUE(s(1).Welcomed("a", "i1", a.attached.incarnation).attached.resumed);
  Settle();
  ExpectAllAgree();
}

TEST_F(Cluster, WhoWasGivenUpByTheOthersBeginsAnew) {
  const Peer a = s(1).Welcomed("a");
  Settle();
  TellServers({"s1"});
  Cut(1, true);
  Run(milliseconds(2'500));
  EXPECT_EQ(h(1).Beat(a), TouchResult::kHeard);
  Run(milliseconds(2'900));
  ASSERT_EQ(h(2).StateOf("a"), State::kDead);
  EXPECT_EQ(h(1).StateOf("a"), State::kAlive) << "as far as its server knows";
  Cut(1, false);
  TellServers();
  Settle();
  ASSERT_THAT(a.stream->ends, SizeIs(1));
  EXPECT_EQ(a.stream->ends[0].code(), absl::StatusCode::kDeadlineExceeded);
  const Peer again = s(1).Welcomed("a", "i1", a.attached.incarnation);
  EXPECT_GT(again.attached.incarnation, a.attached.incarnation);
  Settle();
  ExpectAllAgree();
}

TEST_F(Cluster, OnlyItsOwnServerKnowsAClientsDeadline) {
  s(1).Welcomed("a");
  Settle();
  EXPECT_EQ(h(1).registry.Get("a")->vitals.until_deadline, seconds(3));
  EXPECT_EQ(h(2).registry.Get("a")->vitals.until_deadline, seconds(0));
}

}  // namespace
}  // namespace liveness::registry
