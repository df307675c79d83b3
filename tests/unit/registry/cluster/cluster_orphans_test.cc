// Who is taken for a client that nobody serves, and when.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/status.h"
#include "tests/support/registry/cluster_harness.h"
#include "tests/support/registry/machine.h"

namespace liveness::registry {
namespace {

using core::Cause;
using core::Health;
using core::State;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Cluster;
using ::testing::Contains;
using testing::Machine;
using ::testing::Not;
using testing::Peer;
using testing::Process;
using ::testing::SizeIs;

TEST_F(Cluster, AServerThatDoesNotServeYetSuspectsNobody) {
  s(2).Welcomed("a");
  Settle();
  Kill(2);
  servers_.at(1) = Start("s2");
  TellServers();  // among them itself
  Run(seconds(1));
  EXPECT_EQ(h(1).StateOf("a"), State::kAlive) << "its amnesty begins when it serves";
  h(2).registry.BeginServing();
  Run(milliseconds(100));
  EXPECT_EQ(h(1).StateOf("a"), State::kSuspect);
}

TEST_F(Cluster, AServerThatDoesNotKnowTheOthersYetSuspectsNobody) {
  s(1).Welcomed("own");
  s(2).Welcomed("a");
  Settle();
  Kill(1);
  servers_.at(0) = Start("s1");
  h(1).registry.BeginServing();
  Run(seconds(1));
  EXPECT_EQ(h(3).StateOf("own"), State::kSuspect) << "it is the one that is back";
  EXPECT_THAT(Committed(), Not(Contains("a:ALIVE>SUSPECT(SERVER_LOST)"))) << "not even to be refuted";
}

TEST_F(Cluster, WhoWasServedHereBeforeIsMissedLikeAnyOther) {
  const Peer a = s(1).Welcomed("a");
  h(1).Close(a);  // it keeps more of it than of most
  Settle();
  s(2).Welcomed("a", "i1", a.attached.incarnation);
  Settle();
  ASSERT_EQ(h(1).StateOf("a"), State::kAlive);
  Kill(2);
  Kill(3);
  TellServers();
  Run(seconds(2));
  EXPECT_EQ(h(1).StateOf("a"), State::kSuspect);
  EXPECT_EQ(h(1).Record("a")->cause, Cause::kServerLost);
}

TEST(Orphans, OfASingleServerThatHasAnotherNameNowAreItsOwn) {
  Machine m;
  m.Welcomed("a");
  m.Crash();
  Process renamed(m.clock, m.ledger, {.server_id = "server-2"});
  renamed.h.registry.BeginServing();
  const auto run = [&](int steps) {
    for (int i = 0; i < steps; ++i) {
      renamed.h.Run(milliseconds(10));
      renamed.store.CommitAll();
    }
  };
  run(10);
  EXPECT_EQ(renamed.h.StateOf("a"), State::kSuspect);
  run(500);
  EXPECT_EQ(renamed.h.StateOf("a"), State::kDead);
  EXPECT_EQ(renamed.h.Record("a")->cause, Cause::kNotReturned);
}

TEST_F(Cluster, WhoFoundAnotherServerIsMissedAgainWhenThatGoesToo) {
  const Peer a = s(1).Welcomed("a");
  Settle();
  Kill(1);
  TellServers();
  Run(milliseconds(100));
  ASSERT_EQ(h(3).StateOf("a"), State::kSuspect);
  s(2).Welcomed("a", "i1", a.attached.incarnation);
  Settle();
  ASSERT_EQ(h(3).StateOf("a"), State::kAlive);
  Kill(2);
  TellServers();
  Run(seconds(2));
  EXPECT_EQ(h(3).StateOf("a"), State::kSuspect);
  EXPECT_EQ(h(3).Record("a")->cause, Cause::kServerLost);
}

TEST_F(Cluster, AServerThatShutsDownMissesNobodyAnyMore) {
  s(1).Welcomed("a");
  Settle();
  for (const int server : {2, 3}) h(server).registry.BeginShutdown();
  Kill(1);
  TellServers();
  Run(seconds(20));
  EXPECT_EQ(h(2).StateOf("a"), State::kAlive);
  EXPECT_EQ(h(3).StateOf("a"), State::kAlive);
}

TEST_F(Cluster, WhoseServerIsBackBeforeItsTurnIsNotSuspected) {
  s(1).Welcomed("a");
  Settle();
  s(2).cut = true;  // its turn would be at once
  TellServers({"s1"});
  Run(milliseconds(200));
  TellServers();
  Run(seconds(2));
  EXPECT_THAT(Committed(), SizeIs(1));
}

TEST_F(Cluster, WhatOthersWriteBeforeAServerServesMakesNoOrphanOfItsOwn) {
  s(1).Welcomed("a");
  Settle();
  Kill(1);
  servers_.at(0) = Start("s1");
  TellServers();
  (void)h(2).registry.SetMaintenance({.client_id = "a", .until = clock_.Wall() + seconds(60)}, nullptr);
  Settle();
  Run(seconds(2));
  EXPECT_EQ(h(2).StateOf("a"), State::kAlive);
}

TEST_F(Cluster, WhatAnOperatorSaysOfAnOrphanDoesNotProlongItsTime) {
  s(1).Welcomed("a");
  Settle();
  Kill(1);
  TellServers();
  Run(seconds(3));
  ASSERT_EQ(h(2).StateOf("a"), State::kSuspect);
  (void)h(3).registry.SetMaintenance({.client_id = "a", .until = clock_.Wall() + seconds(60)}, nullptr);
  Settle();
  Run(milliseconds(2'300));
  EXPECT_EQ(h(2).StateOf("a"), State::kDead) << "five seconds after its server went";
}

// --- Who may act for a client ----------------------------------------------------

TEST_F(Cluster, AServerThatWaitsForTheStoreWithSomethingElseWelcomesNobodyBefore) {
  const Peer a = s(1).Welcomed("a");
  Settle();
  (void)h(2).registry.SetMaintenance({.client_id = "a", .until = clock_.Wall() + seconds(60)}, nullptr);
  const auto moved = h(2).AttachLater("a", "i1", a.attached.incarnation);
  EXPECT_EQ(moved->answers, 0) << "another server still serves it";
  Settle();
  EXPECT_EQ(moved->answers, 1);
  EXPECT_TRUE(moved->refused.ok()) << moved->refused;
  ExpectAllAgree();
}

TEST_F(Cluster, MaintenanceFromAnotherServerIsOneTransition) {
  s(1).Welcomed("a");
  Settle();
  (void)h(2).registry.SetMaintenance({.client_id = "a", .until = clock_.Wall() + seconds(60)}, nullptr);
  Settle();
  EXPECT_EQ(h(1).Record("a")->health, Health::kMaintenance);
  EXPECT_THAT(Committed(), SizeIs(2));
}

// A move that waits for the store, while the client comes back to where it was.
TEST_F(Cluster, AMoveGivesWayToALaterStream) {
  for (int later = 1; later <= 2; ++later) {
    const std::string id = "a" + std::to_string(later);
    const Peer a = s(1).Welcomed(id);
    Settle();
    const auto moved = h(2).AttachLater(id, "i1", a.attached.incarnation);
    std::shared_ptr<Peer> back;
    for (int i = 0; i < later; ++i) {
      back = h(1).AttachLater(id, "i1", a.attached.incarnation, {}, "10.0.0.9:" + std::to_string(1'000 + i));
    }
    s(1).Settle();  // first
    Settle();
    EXPECT_EQ(*h(3).Record(id)->server_id, "s1");
    EXPECT_THAT(back->stream->ends, SizeIs(0));
    EXPECT_FALSE(moved->refused.ok()) << "it may try again";
  }
  ExpectAllAgree();
}

TEST_F(Cluster, WhoIsAnotherInstanceElsewhereHasSuperseded) {
  const Peer a = s(1).Welcomed("a");
  Settle();
  core::ClientRecord other = *h(1).Record("a");
  core::ClientInfo info = other.info.Unpack();
  info.instance_id = "i2";
  other.info = core::PackedInfo(info);
  other.server_id = std::make_shared<const std::string>("s2");
  ledger_.Write(other);  // the end of the one before was not seen
  Settle();
  ASSERT_THAT(a.stream->ends, SizeIs(1));
  EXPECT_EQ(common::ReasonOf(a.stream->ends.front()), "SUPERSEDED") << "it must not come back and fight";
}

TEST_F(Cluster, AnOrphanIsBuriedWithWhatItsServerFound) {
  const Peer a = s(1).Welcomed("a");
  Settle();
  h(1).Close(a);
  Settle();
  ASSERT_EQ(h(2).StateOf("a"), State::kSuspect);
  Kill(1);
  TellServers();
  Run(seconds(9));
  ASSERT_EQ(h(2).StateOf("a"), State::kDead);
  EXPECT_EQ(h(2).Record("a")->evidence->stream_end, core::StreamEnd::kConnectionClosed);
}

TEST_F(Cluster, WhoIsFirstHeardOfAsASuspectOfAServerThatIsGoneIsBuriedToo) {
  s(2).Welcomed("a");
  core::ClientRecord record = *ledger_.Find("a");
  Kill(2);
  record.state = State::kForgotten;
  ledger_.Write(record);
  TellServers();
  Run(seconds(10));
  ASSERT_EQ(h(1).Record("a"), nullptr);
  record.state = State::kSuspect;
  ledger_.Write(record);
  Run(seconds(20));
  EXPECT_EQ(h(1).StateOf("a"), State::kDead);
  ExpectAllAgree();
}

// --- While something that was given up is under way ----------------------------

TEST_F(Cluster, WhoIsForgottenMeanwhileBeginsOnNothing) {
  const auto waits = h(1).AttachLater("a", "i1");
  const Peer other = s(2).Welcomed("a", "i2");
  h(2).registry.SayGoodbye(other.attached.session, other.attached.attachment, {});
  s(2).Settle();
  s(1).store.Tell();
  ASSERT_EQ(waits->refused.code(), absl::StatusCode::kUnavailable);
  core::ClientRecord gone = *ledger_.Find("a");
  gone.state = State::kForgotten;
  ledger_.Write(gone);
  s(1).store.Tell();
  const auto again = h(1).AttachLater("a", "i1");
  EXPECT_EQ(h(1).Record("a"), nullptr);
  s(1).store.Refuse();  // what was given up
  ASSERT_THAT(s(1).store.queue(), ::testing::SizeIs(1));
  EXPECT_EQ(s(1).store.queue().front().before, nullptr);
  s(1).store.Refuse();  // and the begin
  EXPECT_EQ(again->refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(h(1).Record("a"), nullptr);
  Settle();
  ExpectAllAgree();
}

}  // namespace
}  // namespace liveness::registry
