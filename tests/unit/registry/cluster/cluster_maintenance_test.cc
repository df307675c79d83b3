// Maintenance that one server decides on while another commits something of the
// same client, and while the store is away.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/registry/cluster_harness.h"
#include "tests/support/registry/machine.h"

namespace liveness::registry {
namespace {

using core::Health;
using core::State;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Cluster;
using testing::Peer;
using testing::RegistryHarness;

// What the operator is told; UNKNOWN until then.
std::shared_ptr<absl::Status> Maintain(RegistryHarness& h, const std::string& id, bool on = true) {
  const auto told = std::make_shared<absl::Status>(absl::UnknownError("not answered yet"));
  MaintenanceRequest request;
  request.client_id = id;
  if (on) request.until = h.clock.Wall() + hours(1);
  (void)h.registry.SetMaintenance(request, [told]() -> Registry::MaintenanceSettled {
    return [told](const absl::Status& status) { *told = status; };
  });
  return told;
}

class ClusterMaintenance : public Cluster {};

TEST_F(ClusterMaintenance, StandsOnTopOfAnotherChange) {
  const Peer a = s(1).Welcomed("a");
  Settle();
  s(1).Labels(a, "eu");
  const auto told = Maintain(h(2), "a");
  s(1).Settle();  // first
  Settle();
  EXPECT_TRUE(told->ok()) << *told;
  EXPECT_EQ(h(3).Record("a")->health, Health::kMaintenance);
  EXPECT_TRUE(h(3).Record("a")->annex->maintenance_until.has_value());
  EXPECT_EQ(h(3).Record("a")->info.FindLabel("zone"), "eu");
  for (const int server : {1, 2, 3}) EXPECT_EQ(h(server).registry.totals().counts.maintenance, 1) << server;
  ExpectAllAgree();
}

TEST_F(ClusterMaintenance, DoesNotRefuteASuspicion) {
  const Peer a = s(1).Welcomed("a");
  Settle();
  h(1).Close(a);
  const auto told = Maintain(h(2), "a");
  s(1).Settle();  // first
  Settle();
  EXPECT_TRUE(told->ok()) << *told;
  EXPECT_EQ(h(3).StateOf("a"), State::kSuspect) << "nobody has heard of it";
  EXPECT_EQ(h(3).Record("a")->cause, core::Cause::kProcessExited);
  EXPECT_EQ(h(3).Record("a")->health, Health::kMaintenance);
  ExpectAllAgree();
}

TEST_F(ClusterMaintenance, SurvivesWhatItsServerCommitsOnTop) {
  const Peer a = s(1).Welcomed("a");
  Settle();
  const auto told = Maintain(h(2), "a");
  s(1).Labels(a, "eu");
  s(2).Settle();  // first
  Settle();
  EXPECT_TRUE(told->ok()) << *told;
  EXPECT_EQ(h(3).Record("a")->health, Health::kMaintenance);
  EXPECT_EQ(h(3).Record("a")->info.FindLabel("zone"), "eu");
  ExpectAllAgree();
}

TEST_F(ClusterMaintenance, OfASuspectWaitsItsTurn) {
  const Peer a = s(1).Welcomed("a");
  Settle();
  h(1).Close(a);
  Settle();
  const auto on = Maintain(h(2), "a");
  const auto off = Maintain(h(2), "a", false);
  Settle();
  EXPECT_TRUE(on->ok()) << *on;
  EXPECT_TRUE(off->ok()) << *off << ": its server is there, and nobody believes otherwise";
  EXPECT_EQ(h(3).Record("a")->health, Health::kOk);
  ExpectAllAgree();
}

TEST_F(ClusterMaintenance, ThatWaitsForTheStoreHoldsNoResumeUp) {
  const Peer a = s(1).Welcomed("a");
  Settle();
  const auto told = Maintain(h(1), "a");
  Cut(1, true);
  const auto again = h(1).AttachLater("a", "i1", a.attached.incarnation);
  EXPECT_EQ(again->answers, 1);
  EXPECT_TRUE(again->attached.resumed) << again->refused;
  Cut(1, false);
  Settle();
  EXPECT_TRUE(told->ok());
  EXPECT_EQ(h(1).Beat(*again), TouchResult::kHeard);
}

TEST_F(ClusterMaintenance, IsNoSignOfLife) {
  s(1).Welcomed("a");
  Settle();
  Run(milliseconds(2'500));
  (void)Maintain(h(1), "a");
  Run(milliseconds(600));
  EXPECT_EQ(h(1).StateOf("a"), State::kSuspect) << "it was silent all the same";
}

TEST(Maintenance, OfWhoIsBeingForgottenEndsWithIt) {
  testing::Machine m({.keep_left = seconds(10)});
  m.Goodbye(m.Welcomed("a"));
  m.store().CommitAll();
  MaintenanceRequest request;
  request.client_id = "a";
  request.until = m.clock.Wall() + seconds(11);
  (void)m.h().registry.SetMaintenance(request, nullptr);
  m.store().CommitAll();
  m.h().Run(milliseconds(10'500));
  ASSERT_EQ(m.store().queue().front().after->state, State::kForgotten);
  m.h().Run(seconds(1));  // the store is slow, and the maintenance ends
  m.store().CommitAll();
  const auto told = m.Told();
  EXPECT_EQ(std::count(told.begin(), told.end(), "a:LEFT>FORGOTTEN(SAID_GOODBYE)"), 1);
  EXPECT_EQ(told.back(), "a:LEFT>FORGOTTEN(SAID_GOODBYE)");
  EXPECT_EQ(m.h().Record("a"), nullptr);
}

}  // namespace
}  // namespace liveness::registry
