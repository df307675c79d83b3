// What waits for the store on one server while another commits something of the same client.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/registry/cluster_harness.h"

namespace liveness::registry {
namespace {

using core::Health;
using core::State;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Cluster;
using ::testing::Contains;
using ::testing::Not;
using testing::Peer;
using testing::RegistryHarness;
using ::testing::SizeIs;

class Rebase : public Cluster {
 protected:
  static void Maintain(RegistryHarness& h, std::optional<core::WallTime> until) {
    (void)h.registry.SetMaintenance({.client_id = "a", .until = until}, nullptr);
  }
  // Server 2 commits it before what waits on server 1, which hears of it then.
  void MaintainFirst(std::optional<core::WallTime> until) {
    Maintain(h(2), until);
    s(2).Settle();
    Settle();
  }
  core::WallTime InAnHour() const { return clock_.Wall() + hours(1); }
};

TEST_F(Rebase, KeepsAllThatWaits) {
  const Peer a = s(1).Welcomed("a");
  Settle();
  const core::WallTime since = h(1).Record("a")->state_time;
  clock_.Advance(milliseconds(100));
  s(1).Labels(a, "eu");
  s(1).Labels(a, "us");
  MaintainFirst(InAnHour());
  const core::RecordPtr record = h(3).Record("a");
  EXPECT_EQ(record->info.FindLabel("zone"), "us");
  EXPECT_EQ(record->health, Health::kMaintenance);
  EXPECT_EQ(record->state_time, since) << "its state did not change";
  ExpectAllAgree();
}

TEST_F(Rebase, DoesNotBringMaintenanceBackThatEnded) {
  const Peer a = s(1).Welcomed("a");
  Settle();
  MaintainFirst(InAnHour());
  s(1).Labels(a, "eu");  // under maintenance, as far as this server knows
  MaintainFirst(std::nullopt);
  EXPECT_EQ(h(3).Record("a")->info.FindLabel("zone"), "eu");
  EXPECT_EQ(h(3).Record("a")->health, Health::kOk);
  ExpectAllAgree();
}

TEST_F(Rebase, KeepsAStallThatMaintenanceDoesNotHideAnyMore) {
  const Peer a = s(1).Welcomed("a");
  Settle();
  std::vector<core::Progress> tokens(1);
  tokens[0].name = "loop";
  tokens[0].deadline = seconds(1);
  tokens[0].age = seconds(2);
  const bool stalled =
      h(1).registry.BoardOf(a.attached.session)->Put(std::move(tokens), std::nullopt, {}, clock_.Wall());
  h(1).registry.SetStalled(a.attached.session, a.attached.attachment, stalled);
  Maintain(h(2), InAnHour());
  s(2).Settle();
  Maintain(h(2), std::nullopt);
  s(2).Settle();
  Settle();
  EXPECT_EQ(h(3).Record("a")->health, Health::kStalled);
  ExpectAllAgree();
}

TEST_F(Rebase, KeepsTheServersOwnSuspicion) {
  const Peer a = s(1).Welcomed("a");
  Settle();
  h(1).Close(a);
  const core::WallTime closed_at = clock_.Wall();
  clock_.Advance(milliseconds(100));
  MaintainFirst(InAnHour());
  const core::RecordPtr record = h(3).Record("a");
  EXPECT_EQ(record->state, State::kSuspect);
  EXPECT_EQ(record->state_time, closed_at);
  EXPECT_EQ(record->health, Health::kMaintenance);
  const Peer b = s(1).Welcomed("a", "i1", a.attached.incarnation);
  EXPECT_TRUE(b.attached.resumed);
  Settle();
  ExpectAllAgree();
}

TEST_F(Rebase, OfAnEvictionKeepsTheMaintenanceAndTheBansOfBoth) {
  s(1).Welcomed("a", "i1");
  s(1).Welcomed("a", "i2");
  Settle();
  ASSERT_THAT(h(3).Record("a")->annex->banned, SizeIs(1));
  const auto evicted = h(3).EvictLater("a");
  MaintainFirst(InAnHour());
  ASSERT_TRUE(evicted->ok()) << evicted->status();
  const core::RecordPtr record = h(1).Record("a");
  EXPECT_EQ(record->state, State::kDead);
  EXPECT_TRUE(record->annex->maintenance_until.has_value());
  EXPECT_THAT(record->annex->banned, SizeIs(2)) << "i1 once, and i2";
  ExpectAllAgree();
}

// Server 1 has only lost its lease: it still serves, and says so by what it commits.
TEST_F(Rebase, LooksAnewAtABeliefThatWaitsBehindSomethingElse) {
  const Peer a = s(1).Welcomed("a");
  Settle();
  Kill(3);
  Maintain(h(2), InAnHour());  // waits for the store
  TellServers({"s1"});
  h(2).Tick();  // and behind it, that nobody serves the client
  s(1).Labels(a, "eu");
  s(1).Settle();  // first
  while (s(2).Settle()) {
  }
  EXPECT_EQ(h(2).Record("a")->health, Health::kMaintenance);
  EXPECT_EQ(h(2).Record("a")->info.FindLabel("zone"), "eu");
  EXPECT_THAT(Committed(), Not(Contains("a:ALIVE>SUSPECT(SERVER_LOST)"))) << "it has just been heard of";
  Kill(1);
  Run(seconds(2));
  EXPECT_EQ(h(2).StateOf("a"), State::kSuspect) << "now it has not";
}

TEST_F(Rebase, IsCounted) {
  const Peer a = s(1).Welcomed("a");
  Settle();
  s(1).Labels(a, "eu");
  MaintainFirst(InAnHour());
  ASSERT_EQ(h(1).Record("a")->info.FindLabel("zone"), "eu");
  for (const int server : {1, 2, 3}) EXPECT_EQ(h(server).registry.totals().counts.maintenance, 1) << server;
}

}  // namespace
}  // namespace liveness::registry
