#include "client/cli/verbs/wait_sink.h"

#include <gtest/gtest.h>

#include "client/cli/verbs/watch_follower.h"

namespace liveness::cli {
namespace {

using For = WaitSettings::For;
using Outcome = WaitSink::Outcome;

v1::WatchClientsResponse Snapshot(std::uint64_t incarnation, v1::State state, const char* id = "a") {
  v1::WatchClientsResponse response;
  v1::Client& client = *response.add_clients();
  client.set_client_id(id);
  client.set_incarnation(incarnation);
  client.set_state(state);
  response.set_snapshot_done(true);
  response.set_revision(100);
  return response;
}

v1::WatchClientsResponse Change(std::uint64_t incarnation, v1::State state, const char* id = "a") {
  v1::WatchClientsResponse response;
  v1::Transition& transition = *response.add_transitions();
  transition.set_client_id(id);
  transition.set_incarnation(incarnation);
  transition.set_to_state(state);
  transition.set_revision(200);
  response.set_revision(200);
  return response;
}

v1::WatchClientsResponse Gap(v1::WatchClientsResponse snapshot) {
  snapshot.mutable_gap()->set_after_revision(1);
  return snapshot;
}

v1::WatchClientsResponse Nobody() {
  v1::WatchClientsResponse response;
  response.set_snapshot_done(true);
  response.set_revision(100);
  return response;
}

class WaitSinkTest : public ::testing::Test {
 protected:
  // The outcome after each of `responses`.
  std::optional<Outcome> After(For what, const std::vector<v1::WatchClientsResponse>& responses) {
    WatchSink nobody;
    int outcomes = 0;
    WaitSink sink("a", what, nobody, [&] { ++outcomes; });
    WatchFollower follower("", sink);
    follower.BeginStream();
    for (const auto& response : responses) follower.Take(response);
    EXPECT_EQ(outcomes, sink.outcome().has_value() ? 1 : 0);
    unseen_end_ = sink.unseen_end();
    return sink.outcome();
  }

  bool unseen_end_ = false;
};

TEST_F(WaitSinkTest, IsMetAtOnceIfItIsSoAlready) {
  EXPECT_EQ(After(For::kAlive, {Snapshot(1, v1::STATE_ALIVE)}), Outcome::kMet);
  EXPECT_EQ(After(For::kDead, {Snapshot(1, v1::STATE_DEAD)}), Outcome::kMet);
  EXPECT_EQ(After(For::kLeft, {Snapshot(1, v1::STATE_LEFT)}), Outcome::kMet);
  EXPECT_EQ(After(For::kGone, {Snapshot(1, v1::STATE_DEAD)}), Outcome::kMet);
  EXPECT_EQ(After(For::kGone, {Snapshot(1, v1::STATE_LEFT)}), Outcome::kMet);
}

TEST_F(WaitSinkTest, WaitsForWhatIsNotSo) {
  for (const v1::State state : {v1::STATE_SUSPECT, v1::STATE_DEAD, v1::STATE_LEFT})
    EXPECT_EQ(After(For::kAlive, {Snapshot(1, state)}), std::nullopt) << state;
  for (const v1::State state : {v1::STATE_SUSPECT, v1::STATE_ALIVE, v1::STATE_LEFT})
    EXPECT_EQ(After(For::kDead, {Snapshot(1, state)}), std::nullopt) << state;
  for (const v1::State state : {v1::STATE_SUSPECT, v1::STATE_ALIVE, v1::STATE_DEAD})
    EXPECT_EQ(After(For::kLeft, {Snapshot(1, state)}), std::nullopt) << state;
  for (const v1::State state : {v1::STATE_SUSPECT, v1::STATE_ALIVE})
    EXPECT_EQ(After(For::kGone, {Snapshot(1, state)}), std::nullopt) << state;
}

TEST_F(WaitSinkTest, IsMetByAChange) {
  const auto alive = Snapshot(1, v1::STATE_ALIVE);
  EXPECT_EQ(After(For::kDead, {alive, Change(1, v1::STATE_SUSPECT)}), std::nullopt);
  EXPECT_EQ(After(For::kDead, {alive, Change(1, v1::STATE_SUSPECT), Change(1, v1::STATE_DEAD)}),
            Outcome::kMet);
  EXPECT_EQ(After(For::kLeft, {alive, Change(1, v1::STATE_LEFT)}), Outcome::kMet);
  EXPECT_EQ(After(For::kAlive, {Snapshot(1, v1::STATE_DEAD), Change(2, v1::STATE_ALIVE)}), Outcome::kMet);
}

TEST_F(WaitSinkTest, OthersDoNotCount) {
  EXPECT_EQ(After(For::kAlive, {Snapshot(1, v1::STATE_ALIVE, "ab"), Change(1, v1::STATE_ALIVE, "ab")}),
            std::nullopt);
  EXPECT_EQ(After(For::kDead, {Snapshot(1, v1::STATE_DEAD, "ab")}), Outcome::kUnknownClient);
}

TEST_F(WaitSinkTest, OnlyALifeIsWaitedForOfOneThatIsNotKnown) {
  EXPECT_EQ(After(For::kAlive, {Nobody()}), std::nullopt);
  EXPECT_EQ(After(For::kAlive, {Nobody(), Change(1, v1::STATE_ALIVE)}), Outcome::kMet);
  for (const For what : {For::kDead, For::kLeft, For::kGone})
    EXPECT_EQ(After(what, {Nobody()}), Outcome::kUnknownClient);
  EXPECT_EQ(After(For::kLeft, {Snapshot(1, v1::STATE_DEAD), Change(1, v1::STATE_FORGOTTEN)}),
            Outcome::kUnknownClient);
  EXPECT_EQ(After(For::kAlive, {Snapshot(1, v1::STATE_DEAD), Change(1, v1::STATE_FORGOTTEN)}), std::nullopt);
}

TEST_F(WaitSinkTest, AServerThatLostItsMemoryHasEndedNobody) {
  const auto alive = Snapshot(1, v1::STATE_ALIVE);
  for (const For what : {For::kDead, For::kLeft, For::kGone})
    EXPECT_EQ(After(what, {alive, Gap(Nobody())}), std::nullopt);
  EXPECT_EQ(After(For::kDead, {Snapshot(1, v1::STATE_LEFT), Gap(Nobody())}), Outcome::kUnknownClient);
  EXPECT_EQ(After(For::kDead, {alive, Gap(Nobody()), Change(1, v1::STATE_ALIVE)}), std::nullopt);
  EXPECT_EQ(After(For::kDead, {alive, Gap(Nobody()), Change(2, v1::STATE_ALIVE)}), Outcome::kMet);
  EXPECT_TRUE(unseen_end_);
}

TEST_F(WaitSinkTest, ADeathThatHistoryLostIsSeenByTheNextSession) {
  const auto alive = Snapshot(1, v1::STATE_ALIVE);
  EXPECT_EQ(After(For::kDead, {alive, Gap(Snapshot(1, v1::STATE_ALIVE))}), std::nullopt);
  EXPECT_EQ(After(For::kDead, {alive, Gap(Snapshot(2, v1::STATE_ALIVE))}), Outcome::kMet);
  EXPECT_TRUE(unseen_end_);
  EXPECT_EQ(After(For::kGone, {alive, Gap(Snapshot(2, v1::STATE_SUSPECT))}), Outcome::kMet);
  EXPECT_EQ(After(For::kLeft, {alive, Gap(Snapshot(2, v1::STATE_ALIVE))}), std::nullopt);
  EXPECT_EQ(After(For::kDead, {alive, Gap(Snapshot(2, v1::STATE_DEAD))}), Outcome::kMet);
  EXPECT_FALSE(unseen_end_);
  EXPECT_EQ(After(For::kDead, {Snapshot(1, v1::STATE_LEFT), Gap(Snapshot(2, v1::STATE_ALIVE))}), std::nullopt)
      << "the session before had left already";
}

}  // namespace
}  // namespace liveness::cli
