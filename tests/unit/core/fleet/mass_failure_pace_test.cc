// How long a death waits for falls that may be on their way.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "server/core/fleet/mass_failure.h"
#include "tests/unit/core/fleet/fleet.h"

namespace liveness::core {
namespace {

using ::testing::IsEmpty;
using namespace fleet_testing;

TEST(MassFailurePaceTest, ADeathWaitsForFallsThatMayBeOnTheirWay) {
  Fleet fleet;
  fleet.JoinMany(100, "db-7");
  fleet.Suspect("c0", 0);
  const ClientRecord& first = fleet.records.at("c0");
  EXPECT_EQ(fleet.mass.HoldUntil(first, At(0), At(0)), At(50));
  EXPECT_EQ(fleet.mass.HoldUntil(first, At(0), At(50)), std::nullopt) << "it fell alone";
}

TEST(MassFailurePaceTest, OneAloneHasNoPaceHoweverSmallTheScope) {
  Fleet fleet;
  fleet.JoinMany(10, "db-7");
  fleet.Suspect("c0", 0);
  EXPECT_EQ(fleet.mass.HoldUntil(fleet.records.at("c0"), At(0), At(50)), std::nullopt);
  fleet.Suspect("c1", 60);
  fleet.Suspect("c2", 70);
  EXPECT_NE(fleet.mass.HoldUntil(fleet.records.at("c1"), At(60), At(110)), std::nullopt) << "100 a second";
  EXPECT_EQ(fleet.mass.HoldUntil(fleet.records.at("c1"), At(60), At(170)), std::nullopt) << "it was but two";
}

TEST(MassFailurePaceTest, WhileTheyComeItWaitsForASecondAtMost) {
  Fleet fleet;
  fleet.JoinMany(2'000, "db-7");
  const ClientRecord& first = fleet.records.at("c0");
  for (int i = 0; i <= 900; ++i) {
    EXPECT_THAT(fleet.Suspect(C(i), i), IsEmpty());
    EXPECT_NE(fleet.mass.HoldUntil(first, At(0), At(i)), std::nullopt) << i;
  }
  EXPECT_LE(*fleet.mass.HoldUntil(first, At(0), At(990)), At(1'000));
  EXPECT_EQ(fleet.mass.HoldUntil(first, At(0), At(1'000)), std::nullopt);
}

TEST(MassFailurePaceTest, AndNotBeyondTheEvent) {
  Fleet fleet;
  fleet.JoinMany(20, "db-7");
  for (int i = 0; i < 10; ++i) fleet.Suspect(C(i), 0);
  EXPECT_NE(fleet.mass.HoldUntil(fleet.records.at("c0"), At(0), At(1)), std::nullopt);
  EXPECT_THAT(fleet.Suspect("c10", 2), ::testing::SizeIs(2));
  EXPECT_EQ(fleet.mass.HoldUntil(fleet.records.at("c0"), At(0), At(2)), std::nullopt);
}

TEST(MassFailurePaceTest, ATrickleHoldsNobodyBeyondTheFirstMoment) {
  Fleet fleet;
  fleet.JoinMany(10'000, "db-7");
  for (int i = 0; i < 100; ++i) fleet.Suspect(C(i), i * 10);  // 100 a second: 1 % of them
  EXPECT_EQ(fleet.mass.HoldUntil(fleet.records.at("c90"), At(900), At(995)), std::nullopt);
}

TEST(MassFailurePaceTest, AFewWaitForNobody) {
  Fleet fleet;
  fleet.JoinMany(9, "db-7");
  fleet.Suspect("c0", 0);
  EXPECT_EQ(fleet.mass.HoldUntil(fleet.records.at("c0"), At(0), At(0)), std::nullopt);
}

// A death is due when the first moment of its fall is over. Of those that fell in the moment before, the pace
// counts while the present one is young, and only if one followed the other at once.
std::optional<MonoTime> HeldAt(Fleet& fleet, int since, int now) {
  return fleet.mass.HoldUntil(fleet.records.at("c0"), At(since), At(now));
}

TEST(MassFailurePaceTest, AMomentLongAgoCountsNoMore) {
  Fleet fleet;
  fleet.JoinMany(20, "db-7");
  for (int i = 0; i < 5; ++i) fleet.Suspect(C(i), 200);
  fleet.Suspect("c5", 301);
  EXPECT_EQ(HeldAt(fleet, 200, 302), std::nullopt);
}

TEST(MassFailurePaceTest, TheMomentBeforeCountsWhileTheNextIsYoung) {
  Fleet fleet;
  fleet.JoinMany(30, "db-7");
  for (int i = 0; i < 10; ++i) fleet.Suspect(C(i), 0);
  fleet.Suspect("c10", 60);
  EXPECT_NE(HeldAt(fleet, 0, 100), std::nullopt);
  EXPECT_EQ(HeldAt(fleet, 0, 115), std::nullopt);
}

TEST(MassFailurePaceTest, ThenThePaceIsThatOfBothMoments) {
  Fleet fleet;
  fleet.JoinMany(60, "db-7");
  fleet.Suspect("c0", 0);
  fleet.Suspect("c1", 0);
  fleet.Suspect("c2", 60);
  EXPECT_EQ(HeldAt(fleet, 0, 105), std::nullopt) << "two steps in 95 ms, not in 50";
}

TEST(MassFailurePaceTest, ElseThatOfTheOneMomentAlone) {
  Fleet fleet;
  fleet.JoinMany(40, "db-7");
  fleet.Suspect("c0", 0);
  fleet.Suspect("c1", 110);
  fleet.Suspect("c2", 110);
  EXPECT_NE(HeldAt(fleet, 0, 150), std::nullopt) << "one step in 50 ms";
  Fleet older;
  older.JoinMany(60, "db-7");
  for (int i = 0; i < 3; ++i) older.Suspect(C(i), 0);
  EXPECT_NE(HeldAt(older, 0, 60), std::nullopt) << "two steps in 60 ms";
}

TEST(MassFailurePaceTest, WhileTheyStillComeASecondIsTheMost) {
  Fleet fleet;
  fleet.JoinMany(3'000, "db-7");
  for (int i = 0; i < 1'010; ++i) fleet.Suspect(C(i), i);
  EXPECT_NE(HeldAt(fleet, 0, 999), std::nullopt) << "or else this shows nothing";
  EXPECT_EQ(HeldAt(fleet, 0, 1'009), std::nullopt);
}

TEST(MassFailurePaceTest, TurnedOffItHoldsNobody) {
  Fleet fleet({.share = 1});
  fleet.JoinMany(20, "db-7");
  for (int i = 0; i < 19; ++i) fleet.Suspect(C(i), 0);
  EXPECT_EQ(HeldAt(fleet, 0, 10), std::nullopt);
}

TEST(MassFailurePaceTest, WhoHasNotFallenIsNotHeld) {
  Fleet fleet;
  fleet.JoinMany(20, "db-7");
  fleet.Suspect("c1", 0);
  EXPECT_EQ(HeldAt(fleet, 0, 10), std::nullopt);
}

TEST(MassFailurePaceTest, WhoseFallIsOlderThanTheWindowIsNotHeld) {
  Fleet fleet({.window = std::chrono::milliseconds(100)});
  fleet.JoinMany(20, "db-7");
  fleet.Suspect("c0", 0);
  for (int i = 1; i < 6; ++i) fleet.Suspect(C(i), 90);
  EXPECT_NE(HeldAt(fleet, 0, 99), std::nullopt) << "they come";
  EXPECT_EQ(HeldAt(fleet, 0, 120), std::nullopt);
}

}  // namespace
}  // namespace liveness::core
