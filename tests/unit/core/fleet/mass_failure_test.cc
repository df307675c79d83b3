// Whose falls count where, and what is told of them.
#include "server/core/fleet/mass_failure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/core/fleet/fleet.h"

namespace liveness::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using namespace fleet_testing;

// Only what is told of the host.
std::vector<std::string> OfHosts(std::vector<std::string> told) {
  std::erase_if(told, [](const std::string& each) { return !each.starts_with("host="); });
  return told;
}

TEST(MassFailureTest, TheHostOfTheEssay) {
  Fleet fleet;
  fleet.JoinMany(12, "db-7");
  fleet.JoinMany(20, "web-1", "other");
  for (int i = 0; i < 6; ++i) EXPECT_THAT(fleet.Suspect(C(i), 8 + i), IsEmpty()) << "not more than half";
  EXPECT_THAT(fleet.Suspect("c6", 15), ElementsAre("host=db-7: 7/12"));
  for (int i = 7; i < 12; ++i) EXPECT_THAT(fleet.Suspect(C(i), 9 + i), IsEmpty()) << "once";
  for (int i = 0; i < 12; ++i) EXPECT_THAT(fleet.Die(C(i), 1'008 + i), IsEmpty());
  EXPECT_EQ(fleet.mass.event_count(), 1);
}

TEST(MassFailureTest, WhereNobodyFellNobodyHasFallen) {
  Fleet fleet;
  EXPECT_EQ(fleet.mass.Everyone(At(0)).members, 0);
  fleet.JoinMany(3, "db-7");
  EXPECT_EQ(fleet.mass.Everyone(At(0)).members, 3);
  EXPECT_EQ(fleet.mass.Everyone(At(0)).fallen, 0);
}

TEST(MassFailureTest, NineAreTooFew) {
  Fleet fleet;
  fleet.JoinMany(9, "db-7");
  for (int i = 0; i < 9; ++i) EXPECT_THAT(fleet.Suspect(C(i), i), IsEmpty());
}

TEST(MassFailureTest, TenAreEnough) {
  Fleet fleet;
  fleet.JoinMany(10, "db-7");
  for (int i = 0; i < 5; ++i) EXPECT_THAT(fleet.Suspect(C(i), i), IsEmpty());
  EXPECT_THAT(fleet.Suspect("c5", 5), UnorderedElementsAre("everyone: 6/10", "host=db-7: 6/10"));
}

TEST(MassFailureTest, FallsOutsideTheWindowDoNotCount) {
  Fleet fleet;
  fleet.JoinMany(10, "db-7");
  for (int i = 0; i < 9; ++i) EXPECT_THAT(fleet.Suspect(C(i), i * 2'000), IsEmpty()) << i;
  EXPECT_EQ(fleet.mass.fall_count(), 5u) << "bounded by the window";
}

TEST(MassFailureTest, TheWindowIsExact) {
  for (const int last : {9'999, 10'000}) {
    Fleet fleet;
    fleet.JoinMany(10, "db-7");
    for (int i = 0; i < 5; ++i) fleet.Suspect(C(i), 0);
    EXPECT_EQ(OfHosts(fleet.Suspect("c5", last)).size(), last < 10'000 ? 1u : 0u);
  }
}

TEST(MassFailureTest, WhoIsBackHasNotFallen) {
  Fleet fleet;
  fleet.JoinMany(10, "db-7");
  for (int i = 0; i < 5; ++i) fleet.Suspect(C(i), i);
  fleet.Back("c0", 10);
  EXPECT_THAT(fleet.Suspect("c5", 20), IsEmpty());
  EXPECT_THAT(OfHosts(fleet.Suspect("c6", 21)), ElementsAre("host=db-7: 6/10"));
}

TEST(MassFailureTest, NorHasWhoTurnsOutToBeAway) {
  Fleet fleet;
  fleet.JoinMany(14, "db-7");
  for (int i = 0; i < 6; ++i) fleet.Suspect(C(i), i);
  fleet.Set("c0", 10, State::kLeft, Cause::kSaidGoodbye);
  fleet.Set("c1", 10, State::kDead, Cause::kEvicted);
  EXPECT_THAT(fleet.Suspect("c6", 20), IsEmpty()) << "5 of 12";
  EXPECT_THAT(fleet.Suspect("c7", 21), IsEmpty()) << "6 of 12";
  EXPECT_THAT(OfHosts(fleet.Suspect("c8", 22)), ElementsAre("host=db-7: 7/12"));
}

TEST(MassFailureTest, MaintenanceIsNeitherMemberNorFall) {
  Fleet fleet;
  fleet.JoinMany(20, "db-7");
  for (int i = 10; i < 20; ++i) fleet.Set(C(i), 0, State::kAlive, Cause::kUnspecified, Health::kMaintenance);
  for (int i = 10; i < 20; ++i) {
    EXPECT_THAT(fleet.Set(C(i), 1, State::kSuspect, Cause::kUnknown, Health::kMaintenance), IsEmpty());
  }
  for (int i = 0; i < 5; ++i) EXPECT_THAT(fleet.Suspect(C(i), 2), IsEmpty());
  EXPECT_THAT(OfHosts(fleet.Suspect("c5", 3)), ElementsAre("host=db-7: 6/10"));
}

TEST(MassFailureTest, TheDeadOfTheWindowAreStillMembers) {
  Fleet fleet;
  fleet.JoinMany(12, "db-7");
  for (int i = 0; i < 4; ++i) {
    fleet.Suspect(C(i), i);
    fleet.Die(C(i), 1'000 + i);
  }
  for (int i = 4; i < 6; ++i) EXPECT_THAT(fleet.Suspect(C(i), 2'000 + i), IsEmpty()) << "6 of 12, not of 8";
  EXPECT_THAT(OfHosts(fleet.Suspect("c6", 2'010)), ElementsAre("host=db-7: 7/12"));
}

TEST(MassFailureTest, ADeathWithoutSuspicionIsAFall) {
  Fleet fleet;
  fleet.JoinMany(10, "db-7");
  for (int i = 0; i < 5; ++i) EXPECT_THAT(fleet.Set(C(i), i, State::kDead, Cause::kProcessExited), IsEmpty());
  EXPECT_THAT(OfHosts(fleet.Set("c5", 5, State::kDead, Cause::kProcessExited)),
              ElementsAre("host=db-7: 6/10"));
}

TEST(MassFailureTest, AnEpisodeIsToldAgainOnlyAfterHalfTheShare) {
  Fleet fleet;
  fleet.JoinMany(20, "db-7");
  for (int i = 0; i < 10; ++i) fleet.Suspect(C(i), i);
  EXPECT_THAT(OfHosts(fleet.Suspect("c10", 20)), ElementsAre("host=db-7: 11/20"));
  for (int i = 0; i < 5; ++i) fleet.Back(C(i), 30);
  for (int i = 0; i < 5; ++i) EXPECT_THAT(fleet.Suspect(C(i), 40), IsEmpty()) << "6 of 20 was still more";
  for (int i = 0; i < 6; ++i) fleet.Back(C(i), 50);
  for (int i = 0; i < 5; ++i) EXPECT_THAT(fleet.Suspect(C(i), 60), IsEmpty());
  EXPECT_THAT(OfHosts(fleet.Suspect("c5", 60)), ElementsAre("host=db-7: 11/20"));
}

TEST(MassFailureTest, AnEpisodeEndsWithTheWindow) {
  Fleet fleet;
  fleet.JoinMany(10, "db-7");
  for (int i = 0; i < 6; ++i) fleet.Suspect(C(i), i);
  for (int i = 0; i < 6; ++i) fleet.Die(C(i), 1'000);
  for (int i = 0; i < 6; ++i) fleet.Join(C(i), "db-7", 20'000);
  for (int i = 0; i < 5; ++i) EXPECT_THAT(fleet.Suspect(C(i), 21'000), IsEmpty());
  EXPECT_THAT(OfHosts(fleet.Suspect("c5", 21'000)), ElementsAre("host=db-7: 6/10"));
}

TEST(MassFailureTest, ChosenLabelsAreScopes) {
  Fleet fleet({.labels = {"zone"}});
  for (int i = 0; i < 10; ++i)
    fleet.Join(C(i), "h" + std::to_string(i), 0, {{"tier", "db"}, {"zone", "eu-1"}});
  for (int i = 0; i < 20; ++i)
    fleet.Join("other" + std::to_string(i), "x", 0, {{"tier", "db"}, {"zone", "eu-2"}});
  for (int i = 0; i < 5; ++i) fleet.Suspect(C(i), i);
  EXPECT_THAT(fleet.Suspect("c5", 5), ElementsAre("label zone=eu-1: 6/10"));
}

TEST(MassFailureTest, WhoMovesTakesItsFallAlong) {
  Fleet fleet({.labels = {"zone"}});
  for (int i = 0; i < 20; ++i) fleet.Join(C(i), "", 0, {{"zone", i < 10 ? "a" : "b"}});
  for (int i = 0; i < 3; ++i) fleet.Suspect(C(i), i);
  ClientRecord moved = fleet.records.at("c0");
  moved.info = PackedInfo({.client_id = "c0", .labels = {{"zone", "b"}}});
  fleet.Put("c0", moved, 10);
  for (int i = 10; i < 14; ++i) EXPECT_THAT(fleet.Suspect(C(i), i), IsEmpty()) << "5 of 11";
  EXPECT_THAT(fleet.Suspect("c14", 20), ElementsAre("label zone=b: 6/11"));
}

TEST(MassFailureTest, AScopeGoesWithItsLastMember) {
  Fleet fleet;
  for (int i = 0; i < 100; ++i) fleet.Join(C(i), "h" + std::to_string(i));
  EXPECT_EQ(fleet.mass.scope_count(), 101u);
  for (int i = 0; i < 50; ++i) fleet.Set(C(i), 1, State::kLeft, Cause::kSaidGoodbye);
  for (int i = 50; i < 100; ++i) fleet.Die(C(i), 1);
  EXPECT_EQ(fleet.mass.Everyone(At(2)).fallen, 50);
  for (int i = 0; i < 25; ++i)
    EXPECT_EQ(fleet.mass.Everyone(At(20'000)).members, 0) << "at once, and few a call";
  EXPECT_EQ(fleet.mass.scope_count(), 0u);
  EXPECT_EQ(fleet.mass.fall_count(), 0u);
}

TEST(MassFailureTest, AFleetThatGrowsOldAtOnceIsNotWalkedAtOnce) {
  Fleet fleet;
  fleet.JoinMany(5'000, "db-7");
  for (int i = 0; i < 5'000; ++i) fleet.Suspect(C(i), 0);
  ASSERT_EQ(fleet.mass.Everyone(At(9'999)).fallen, 5'000);
  EXPECT_EQ(fleet.mass.Everyone(At(10'000)).fallen, 0) << "exactly, in one step";
  EXPECT_GT(fleet.mass.fall_count(), 4'900u) << "what is kept of each goes bit by bit";
  // Somebody who comes back later, and one who dies of a fall that has grown old.
  fleet.Set(C(4'998), 10'001, State::kAlive, Cause::kUnspecified);
  fleet.Die(C(4'999), 10'002);
  EXPECT_EQ(fleet.mass.Everyone(At(10'003)).fallen, 0);
  EXPECT_EQ(fleet.mass.Everyone(At(10'003)).members, 4'999);
  // The scope is armed again.
  for (int i = 0; i < 5'000; ++i) fleet.Set(C(i), 10'004, State::kAlive, Cause::kUnspecified);
  int told = 0;
  for (int i = 0; i < 5'000; ++i) told += fleet.Suspect(C(i), 10'005).empty() ? 0 : 1;
  EXPECT_EQ(told, 1);
  EXPECT_EQ(fleet.mass.fall_count(), 5'000u);
}

TEST(MassFailureTest, ClientsOfOnePrincipalOrAddressAreOneVoice) {
  Fleet fleet;
  const auto join = [&](const std::string& id, const std::string& principal, const std::string& peer) {
    ClientRecord record;
    record.info = PackedInfo({.client_id = id, .peer_address = peer, .principal = principal});
    record.state = State::kAlive;
    fleet.Put(id, record, 0);
  };
  for (int i = 0; i < 100; ++i) join("sybil" + std::to_string(i), "spiffe://prod/evil", "10.0.0.1:5");
  for (int i = 0; i < 20; ++i)
    join("host" + std::to_string(i), "", "[2001:db8::" + std::to_string(i + 1) + "]:5");
  for (int i = 0; i < 8; ++i) join(C(i), "", "10.0.0." + std::to_string(i) + ":5");
  for (int i = 0; i < 100; ++i) fleet.Suspect("sybil" + std::to_string(i), 1);
  MassFailure::Tally all = fleet.mass.Everyone(At(2));
  EXPECT_EQ(all.fallen, 100);
  EXPECT_EQ(all.beside_the_largest_voice, 28);
  EXPECT_DOUBLE_EQ(all.fallen_voices, 0.1);
  for (int i = 0; i < 100; ++i) fleet.Die("sybil" + std::to_string(i), 3);
  EXPECT_DOUBLE_EQ(fleet.mass.Everyone(At(4)).fallen_voices, 0.1);
  // Its falls grow old, and it has no client any more.
  for (int i = 0; i < 50; ++i) all = fleet.mass.Everyone(At(20'000));
  EXPECT_EQ(all.fallen_voices, 0);
  EXPECT_EQ(all.beside_the_largest_voice, 8);
}

}  // namespace
}  // namespace liveness::core
