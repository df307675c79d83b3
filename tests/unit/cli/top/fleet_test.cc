#include "client/cli/top/fleet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "client/cli/print/proto_text.h"

namespace liveness::cli::top {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr common::MonoTime kNow{seconds(1'000)};

v1::Client ClientOf(const std::string& id, v1::State state, std::uint64_t revision, int state_second = 0) {
  v1::Client client;
  client.set_client_id(id);
  client.set_state(state);
  client.set_health(v1::HEALTH_OK);
  client.set_revision(revision);
  client.mutable_state_time()->set_seconds(state_second);
  return client;
}

v1::WatchClientsResponse Snapshot(const std::vector<v1::Client>& clients, std::uint64_t revision) {
  v1::WatchClientsResponse response;
  for (const v1::Client& client : clients) *response.add_clients() = client;
  response.set_snapshot_done(true);
  response.set_revision(revision);
  return response;
}

v1::WatchClientsResponse Change(const v1::Client& client, v1::State to) {
  v1::WatchClientsResponse response;
  v1::Transition& transition = *response.add_transitions();
  transition.set_client_id(client.client_id());
  transition.set_revision(client.revision());
  transition.set_to_state(to);
  *transition.mutable_client() = client;
  response.set_revision(client.revision());
  return response;
}

std::vector<std::string> Names(const Fleet& fleet, SortKey key) {
  std::vector<std::string> names;
  for (const Row* row : Ordered(fleet, key)) names.push_back(row->id);
  return names;
}

TEST(Fleet, IsNotCompleteBeforeItsSnapshotIs) {
  Fleet fleet;
  v1::WatchClientsResponse part;
  *part.add_clients() = ClientOf("a", v1::STATE_ALIVE, 1);
  fleet.Take(part, kNow);
  EXPECT_FALSE(fleet.is_complete());
  EXPECT_THAT(Names(fleet, SortKey::kName), IsEmpty());
  fleet.Take(Snapshot({ClientOf("b", v1::STATE_DEAD, 2)}, 2), kNow);
  EXPECT_TRUE(fleet.is_complete());
  EXPECT_THAT(Names(fleet, SortKey::kName), ElementsAre("a", "b"));
  EXPECT_EQ(fleet.Count(v1::STATE_DEAD), 1U);
  EXPECT_EQ(fleet.revision(), 2U);
  EXPECT_EQ(fleet.ChangesPerMinute(kNow), 0U) << "a snapshot is no change";
}

TEST(Fleet, FollowsTransitions) {
  Fleet fleet;
  fleet.Take(Snapshot({ClientOf("a", v1::STATE_ALIVE, 1)}, 1), kNow);
  EXPECT_THAT(fleet.Take(Change(ClientOf("a", v1::STATE_DEAD, 2), v1::STATE_DEAD), kNow), ElementsAre("a"));
  fleet.Take(Change(ClientOf("b", v1::STATE_ALIVE, 3), v1::STATE_ALIVE), kNow);
  EXPECT_EQ(fleet.Count(v1::STATE_DEAD), 1U);
  EXPECT_EQ(fleet.Count(v1::STATE_ALIVE), 1U);
  fleet.Take(Change(ClientOf("a", v1::STATE_DEAD, 4), v1::STATE_FORGOTTEN), kNow);
  EXPECT_THAT(Names(fleet, SortKey::kName), ElementsAre("b"));
}

TEST(Fleet, AnOlderTransitionThanTheSnapshotIsNoNews) {
  Fleet fleet;
  v1::WatchClientsResponse part;
  *part.add_clients() = ClientOf("a", v1::STATE_ALIVE, 5);
  fleet.Take(part, kNow);
  fleet.Take(Change(ClientOf("a", v1::STATE_DEAD, 4), v1::STATE_DEAD), kNow);
  fleet.Take(Snapshot({}, 5), kNow);
  EXPECT_EQ(fleet.Count(v1::STATE_ALIVE), 1U);
}

TEST(Fleet, AGapReplacesAllButOnlyOnceItsSnapshotIsThere) {
  Fleet fleet;
  fleet.Take(Snapshot({ClientOf("a", v1::STATE_ALIVE, 1), ClientOf("b", v1::STATE_ALIVE, 1)}, 1), kNow);
  v1::WatchClientsResponse gap;
  gap.mutable_gap()->set_after_revision(1);
  fleet.Take(gap, kNow);
  EXPECT_THAT(Names(fleet, SortKey::kName), ElementsAre("a", "b"));
  fleet.Take(Snapshot({ClientOf("c", v1::STATE_ALIVE, 9)}, 9), kNow);
  EXPECT_THAT(Names(fleet, SortKey::kName), ElementsAre("c"));
}

TEST(Fleet, HasAnotherVersionWheneverARowIsAnother) {
  Fleet fleet;
  auto changes = [&fleet, last = fleet.version()]() mutable {
    const std::uint64_t before = std::exchange(last, fleet.version());
    return before != last;
  };
  const v1::Client client = ClientOf("a", v1::STATE_ALIVE, 1);
  fleet.Take(Snapshot({client}, 1), kNow);
  EXPECT_TRUE(changes());
  v1::WatchClientsResponse bookmark;
  bookmark.set_bookmark(true);
  bookmark.set_revision(7);
  fleet.Take(bookmark, kNow);
  EXPECT_FALSE(changes());
  fleet.Take(Change(ClientOf("a", v1::STATE_DEAD, 8), v1::STATE_DEAD), kNow);
  EXPECT_TRUE(changes());
  fleet.TakeReading(client);
  EXPECT_TRUE(changes());
  fleet.ForgetReadings();
  EXPECT_TRUE(changes());
  fleet.Remove("a");
  EXPECT_TRUE(changes());
}

TEST(Fleet, CountsChangesOfTheLastMinute) {
  Fleet fleet;
  fleet.Take(Snapshot({}, 1), kNow);
  fleet.Take(Change(ClientOf("a", v1::STATE_ALIVE, 2), v1::STATE_ALIVE), kNow);
  fleet.Take(Change(ClientOf("b", v1::STATE_ALIVE, 3), v1::STATE_ALIVE), kNow + milliseconds(500));
  fleet.Take(Change(ClientOf("b", v1::STATE_DEAD, 4), v1::STATE_DEAD), kNow + seconds(30));
  EXPECT_EQ(fleet.ChangesPerMinute(kNow + seconds(30)), 3U);
  EXPECT_EQ(fleet.ChangesPerMinute(kNow + seconds(61)), 1U);
  EXPECT_EQ(fleet.ChangesPerMinute(kNow + seconds(91)), 0U);
}

TEST(Fleet, WhatNeedsAttentionComesFirst) {
  Fleet fleet;
  v1::Client stalled = ClientOf("stalled", v1::STATE_ALIVE, 1);
  stalled.set_health(v1::HEALTH_STALLED);
  fleet.Take(Snapshot({ClientOf("alive", v1::STATE_ALIVE, 1), ClientOf("left", v1::STATE_LEFT, 1),
                       ClientOf("dead-1", v1::STATE_DEAD, 1, 10), ClientOf("dead-2", v1::STATE_DEAD, 1, 20),
                       ClientOf("suspect", v1::STATE_SUSPECT, 1), stalled},
                      1),
             kNow);
  EXPECT_THAT(Names(fleet, SortKey::kState),
              ElementsAre("suspect", "dead-2", "dead-1", "stalled", "alive", "left"));
  EXPECT_THAT(Names(fleet, SortKey::kTime),
              ElementsAre("dead-2", "dead-1", "alive", "left", "stalled", "suspect"));
}

TEST(Fleet, ReadingsOrderAndThoseWithoutComeLast) {
  Fleet fleet;
  fleet.Take(Snapshot({ClientOf("a", v1::STATE_ALIVE, 1), ClientOf("b", v1::STATE_ALIVE, 1),
                       ClientOf("c", v1::STATE_ALIVE, 1)},
                      1),
             kNow);
  v1::Client fast = ClientOf("b", v1::STATE_ALIVE, 1), slow = ClientOf("c", v1::STATE_ALIVE, 1);
  *fast.mutable_rtt() = ToProto(milliseconds(1));
  fast.mutable_last_heartbeat_time()->set_seconds(9);
  *slow.mutable_rtt() = ToProto(milliseconds(20));
  slow.mutable_last_heartbeat_time()->set_seconds(5);
  fleet.TakeReading(fast);
  fleet.TakeReading(slow);
  fleet.TakeReading(ClientOf("stranger", v1::STATE_ALIVE, 1));
  EXPECT_THAT(Names(fleet, SortKey::kRtt), ElementsAre("c", "b", "a"));
  EXPECT_THAT(Names(fleet, SortKey::kHeartbeat), ElementsAre("c", "b", "a"));
  // They outlive the snapshot of a reconnect.
  fleet.BeginSnapshot();
  fleet.Take(Snapshot({slow}, 2), kNow);
  EXPECT_EQ(fleet.rows().at("c").rtt, milliseconds(20));
  fleet.ForgetReadings();
  EXPECT_FALSE(fleet.rows().at("c").rtt.has_value());
}

}  // namespace
}  // namespace liveness::cli::top
