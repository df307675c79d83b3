// Maintenance hides what a client is, and gives it back when it ends.
#include <gtest/gtest.h>

#include "tests/support/registry/cluster_harness.h"
#include "tests/support/registry/machine.h"

namespace liveness::registry {
namespace {

using core::Cause;
using core::Health;
using core::State;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Cluster;
using testing::Peer;
using testing::RegistryHarness;

// As rpc does with what a ping tells of its client's work.
void Report(RegistryHarness& h, const Peer& peer, bool stale) {
  std::vector<core::Progress> tokens(1);
  tokens[0].name = "loop";
  tokens[0].deadline = seconds(1);
  tokens[0].age = stale ? seconds(2) : seconds(0);
  const bool stalled =
      h.registry.BoardOf(peer.attached.session)->Put(std::move(tokens), std::nullopt, {}, h.clock.Wall());
  h.registry.SetStalled(peer.attached.session, peer.attached.attachment, stalled);
}

void Maintain(RegistryHarness& h, const std::string& id, std::optional<core::WallTime> until) {
  (void)h.registry.SetMaintenance({.client_id = id, .until = until}, nullptr);
}

TEST(Maintenance, GivesAStallBackToWhoIsAlive) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  Report(h, a, true);
  ASSERT_EQ(h.Record("a")->health, Health::kStalled);
  Maintain(h, "a", h.clock.Wall() + hours(1));
  EXPECT_EQ(h.Record("a")->health, Health::kMaintenance);
  Maintain(h, "a", std::nullopt);
  EXPECT_EQ(h.Record("a")->health, Health::kStalled);
  EXPECT_EQ(h.Record("a")->cause, Cause::kApplicationStalled);
  ASSERT_NE(h.Record("a")->evidence, nullptr);
  EXPECT_NE(h.Record("a")->evidence->progress, nullptr) << "what it rests on";
}

TEST(Maintenance, GivesAStallBackToASuspectToo) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  Report(h, a, true);
  Maintain(h, "a", h.clock.Wall() + seconds(4));
  h.Run(milliseconds(3'500));
  ASSERT_EQ(h.StateOf("a"), State::kSuspect);
  const Cause suspected_for = h.Record("a")->cause;
  h.Run(milliseconds(400));  // within the grace
  h.clock.Advance(milliseconds(101));
  Maintain(h, "a", std::nullopt);
  ASSERT_EQ(h.StateOf("a"), State::kSuspect);
  EXPECT_EQ(h.Record("a")->health, Health::kStalled);
  EXPECT_EQ(h.Record("a")->cause, suspected_for) << "a suspicion has its own cause";
  h.Beat(a);
  ASSERT_EQ(h.StateOf("a"), State::kAlive);
  EXPECT_EQ(h.Record("a")->health, Health::kStalled);
  EXPECT_EQ(h.Record("a")->cause, Cause::kApplicationStalled);
  Report(h, a, false);
  EXPECT_EQ(h.Record("a")->health, Health::kOk);
  EXPECT_EQ(h.Record("a")->cause, Cause::kUnspecified);
}

TEST(Maintenance, TellsAStallThatBeganUnderIt) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  Maintain(h, "a", h.clock.Wall() + seconds(1));
  Report(h, a, true);
  EXPECT_EQ(h.Record("a")->health, Health::kMaintenance);
  h.Run(milliseconds(1'010));
  EXPECT_EQ(h.Record("a")->health, Health::kStalled);
}

TEST(Maintenance, ForgetsAStallThatEndedUnderIt) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  Report(h, a, true);
  Maintain(h, "a", h.clock.Wall() + seconds(1));
  Report(h, a, false);
  h.Run(milliseconds(1'010));
  EXPECT_EQ(h.Record("a")->health, Health::kOk);
  EXPECT_EQ(h.Record("a")->cause, Cause::kUnspecified);
}

TEST(Maintenance, LetsTheNextStreamEndAStallThatItHides) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  Report(h, a, true);
  Maintain(h, "a", h.clock.Wall() + hours(1));
  h.Close(a);
  const Peer again = h.Attach("a", "i1", a.attached.incarnation);
  ASSERT_TRUE(again.attached.resumed);
  EXPECT_TRUE(again.attached.stalled) << "else its pings would not say that it is over";
  Maintain(h, "a", std::nullopt);
  EXPECT_EQ(h.Record("a")->health, Health::kStalled);
}

TEST(Maintenance, GivesNoStallToANewInstance) {
  RegistryHarness h;
  Report(h, h.Attach("a"), true);
  Maintain(h, "a", h.clock.Wall() + hours(1));
  h.Attach("a", "i2");
  Maintain(h, "a", std::nullopt);
  EXPECT_EQ(h.Record("a")->health, Health::kOk);
}

TEST(Maintenance, GivesAStallBackWhileTheStoreIsSlow) {
  testing::Machine m;
  const Peer a = m.Welcomed("a");
  Report(m.h(), a, true);
  m.store().CommitAll();
  Maintain(m.h(), "a", m.clock.Wall() + hours(1));
  m.h().Close(a);
  Maintain(m.h(), "a", std::nullopt);
  const auto again = m.h().AttachLater("a", "i1", a.attached.incarnation);
  m.store().CommitAll();
  EXPECT_EQ(m.StateOf("a"), State::kAlive);
  EXPECT_EQ(m.h().Record("a")->health, Health::kStalled);
}

class MaintenanceInACluster : public Cluster {};

TEST_F(MaintenanceInACluster, ThatEndsElsewhereGivesAStallBack) {
  const Peer a = s(1).Welcomed("a");
  Settle();
  Report(h(1), a, true);
  Settle();
  Maintain(h(2), "a", h(2).clock.Wall() + hours(1));
  Settle();
  ASSERT_EQ(h(1).Record("a")->health, Health::kMaintenance);
  Maintain(h(2), "a", std::nullopt);  // by a server that knows nothing of its work
  Settle();
  EXPECT_EQ(h(3).Record("a")->health, Health::kStalled);
  EXPECT_EQ(h(3).Record("a")->cause, Cause::kApplicationStalled);
  ExpectAllAgree();
}

TEST_F(MaintenanceInACluster, ForEverEndsOnNoServer) {
  s(1).Welcomed("a");
  Settle();
  Maintain(h(1), "a", core::WallTime::max());  // what the year 9999 comes to
  Settle();
  for (int server = 1; server <= 3; ++server) {
    h(server).Tick();
    Settle();
  }
  EXPECT_EQ(h(3).Record("a")->health, Health::kMaintenance);
  Run(seconds(4));
  EXPECT_EQ(h(3).Record("a")->health, Health::kMaintenance);
  ExpectAllAgree();
}

TEST_F(MaintenanceInACluster, ThatEndsNearTheEndOfTimeDoesNotEndNow) {
  s(1).Welcomed("a");
  Settle();
  Maintain(h(1), "a", core::WallTime::max() - milliseconds(500));  // its turn is later than any moment
  Settle();
  Run(seconds(4));
  EXPECT_EQ(h(3).Record("a")->health, Health::kMaintenance);
}

TEST(Maintenance, OfOneTakesOneCall) {
  RegistryHarness h;
  h.Attach("a");
  const core::WallTime until = h.clock.Wall() + hours(1);
  for (const char* id : {"a", "nobody"}) {
    EXPECT_TRUE(h.registry.SetMaintenance({.client_id = id, .until = until}, nullptr).done) << id;
  }
  const auto all = h.registry.SetMaintenance({.until = until}, nullptr);
  EXPECT_FALSE(all.done) << "who has come or changed meanwhile is looked at once more";
  EXPECT_TRUE(h.registry.SetMaintenance({.cursor = all.cursor, .until = until}, nullptr).done);
}

TEST(Maintenance, ThatIsAskedForTwiceIsToldOnce) {
  RegistryHarness h;
  h.Attach("a");
  const core::WallTime until = h.clock.Wall() + hours(1);
  const auto changed = [&](core::WallTime end) {
    return h.registry.SetMaintenance({.client_id = "a", .until = end}, nullptr).changed;
  };
  EXPECT_EQ(changed(until), 1);
  EXPECT_EQ(h.Told().size(), 2u);
  EXPECT_EQ(changed(until), 0);
  EXPECT_EQ(h.Told().size(), 2u);
  EXPECT_EQ(changed(until + hours(1)), 0) << "its health is what it was";
  EXPECT_EQ(h.Told().size(), 3u) << "its record is not";
}

TEST(Maintenance, KeepsWhyAndWhoUntilItEnds) {
  RegistryHarness h;
  h.Attach("a");
  const core::WallTime until = h.clock.Wall() + seconds(2);
  const auto mark = [&](const char* reason) {
    (void)h.registry.SetMaintenance(
        {.client_id = "a",
         .until = until,
         .origin = std::make_shared<const core::MaintenanceOrigin>(core::MaintenanceOrigin{reason, "anna"})},
        nullptr);
    return h.Record("a")->annex->maintenance_origin->reason;
  };
  EXPECT_EQ(mark("disks"), "disks");
  EXPECT_EQ(h.Told().size(), 2u);
  EXPECT_EQ(mark("disks"), "disks");
  EXPECT_EQ(h.Told().size(), 2u) << "nothing is new";
  EXPECT_EQ(mark("memory"), "memory");
  EXPECT_EQ(h.Told().size(), 3u);
  h.clock.Advance(seconds(3));
  h.Tick();
  EXPECT_EQ(h.Record("a")->health, Health::kOk);
  EXPECT_EQ(h.Record("a")->annex->maintenance_origin, nullptr);
}

TEST(Maintenance, ThatIsOverBeforeItBeginsIsNone) {
  RegistryHarness h;
  h.Attach("a");
  Maintain(h, "a", h.clock.Wall());
  EXPECT_EQ(h.Record("a")->health, Health::kOk);
  EXPECT_EQ(h.Told().size(), 1u);
}

TEST(Maintenance, GivesNoStallToTheDead) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  Maintain(h, "a", h.clock.Wall() + hours(1));
  Report(h, a, true);
  h.Run(seconds(5));
  ASSERT_EQ(h.StateOf("a"), State::kDead);
  Maintain(h, "a", std::nullopt);
  EXPECT_EQ(h.Record("a")->health, Health::kOk);
}

TEST_F(MaintenanceInACluster, GivesNoStallBackThatAServerKnowsFromBefore) {
  const Peer a = s(1).Welcomed("a");
  Settle();
  Report(h(1), a, true);
  Settle();
  const Peer moved = s(2).Welcomed("a", "i1", a.attached.incarnation);
  Report(h(2), moved, false);
  Settle();
  ASSERT_EQ(h(1).Record("a")->health, Health::kOk);
  Maintain(h(1), "a", clock_.Wall() + hours(1));
  Settle();
  Maintain(h(1), "a", std::nullopt);
  Settle();
  EXPECT_EQ(h(2).Record("a")->health, Health::kOk);
}

TEST(Maintenance, OfOneClientIsThatOnesAlone) {
  RegistryHarness h;
  h.Attach("a");
  h.Attach("b");
  Maintain(h, "a", h.clock.Wall() + hours(1));
  EXPECT_EQ(h.Record("a")->health, Health::kMaintenance);
  EXPECT_EQ(h.Record("b")->health, Health::kOk);
}

TEST(Maintenance, OfAllCountsEachOnce) {
  RegistryHarness h;
  for (const char* id : {"a", "b", "c"}) h.Attach(id);
  MaintenanceRequest request{.until = h.clock.Wall() + hours(1)};
  std::int64_t matched = 0;
  std::int64_t changed = 0;
  MaintenanceResult result;
  do {
    result = h.registry.SetMaintenance(request, nullptr);
    matched += result.matched;
    changed += result.changed;
    request.cursor = result.cursor;
  } while (!result.done);
  EXPECT_EQ(matched, 3);
  EXPECT_EQ(changed, 3);
}

TEST(Maintenance, SkipsWhoIsForgottenWhileTheFilterIsAsked) {
  RegistryHarness h({.keep_left = seconds(1)});
  const Peer a = h.Attach("a");
  h.registry.SayGoodbye(a.attached.session, a.attached.attachment, {});
  MaintenanceRequest request{.until = h.clock.Wall() + hours(1)};
  request.matches = [&](const core::ClientRecord&, const core::Vitals&) {
    h.Run(seconds(2));
    return true;
  };
  EXPECT_EQ(h.registry.SetMaintenance(request, nullptr).changed, 0);
  EXPECT_EQ(h.Record("a"), nullptr);
}

// Each takes so long that the lock is let go in between.
TEST(Maintenance, OfManyIsDoneInSlicesAndLeavesNobodyOut) {
  RegistryHarness h;
  for (int i = 0; i < 100; ++i) h.Attach("c" + std::to_string(i));
  MaintenanceRequest request{.until = h.clock.Wall() + std::chrono::hours(1)};
  const auto result = h.registry.SetMaintenance(request, [&] {
    h.clock.Advance(milliseconds(1));
    return [](const absl::Status&) {};
  });
  EXPECT_EQ(result.changed, 100);
  EXPECT_EQ(h.registry.totals().counts.maintenance, 100);
}

TEST(Maintenance, LetsNobodyInWhoWasSuperseded) {
  RegistryHarness h;
  h.Attach("a", "i1");
  h.Attach("a", "i2");
  Maintain(h, "a", h.clock.Wall() + hours(1));
  EXPECT_FALSE(h.Attach("a", "i1").refused.ok());
}

}  // namespace
}  // namespace liveness::registry
