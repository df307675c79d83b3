#include "server/core/fleet/mass_failure.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

namespace liveness::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;

MonoTime At(int ms) { return MonoTime(seconds(1'000) + milliseconds(ms)); }

// Clients whose records a test changes.
class Fleet {
 public:
  explicit Fleet(MassFailure::Options options = {}) : mass(std::move(options)) {}

  // The events, as "scope: affected/members".
  std::vector<std::string> Put(const std::string& id, ClientRecord after, int ms) {
    const auto known = records.find(id);
    std::vector<std::string> told;
    for (const GroupEvent& each :
         mass.Changed(known == records.end() ? nullptr : &known->second, after, At(ms))) {
      told.push_back(each.scope + ": " + std::to_string(each.affected) + "/" + std::to_string(each.members));
    }
    if (after.state == State::kForgotten) {
      records.erase(id);
    } else {
      records.insert_or_assign(id, std::move(after));
    }
    return told;
  }
  std::vector<std::string> Join(const std::string& id, const std::string& host, int ms = 0,
                                Labels labels = {}) {
    ClientRecord record;
    record.info = PackedInfo({.client_id = id, .labels = std::move(labels), .host = host});
    record.state = State::kAlive;
    return Put(id, record, ms);
  }
  void JoinMany(int count, const std::string& host, const std::string& prefix = "c") {
    for (int i = 0; i < count; ++i) Join(prefix + std::to_string(i), host);
  }
  std::vector<std::string> Set(const std::string& id, int ms, State state, Cause cause = Cause::kUnknown,
                               Health health = Health::kOk) {
    ClientRecord after = records.at(id);
    after.state = state;
    after.cause = cause;
    after.health = health;
    return Put(id, after, ms);
  }
  std::vector<std::string> Suspect(const std::string& id, int ms) { return Set(id, ms, State::kSuspect); }
  std::vector<std::string> Die(const std::string& id, int ms) { return Set(id, ms, State::kDead); }
  std::vector<std::string> Back(const std::string& id, int ms) { return Set(id, ms, State::kAlive); }

  std::map<std::string, ClientRecord> records;
  MassFailure mass;
};

std::string C(int n) { return "c" + std::to_string(n); }

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

// --- Before any death ----------------------------------------------------------

TEST(MassFailureTest, ADeathWaitsForFallsThatMayBeOnTheirWay) {
  Fleet fleet;
  fleet.JoinMany(100, "db-7");
  fleet.Suspect("c0", 0);
  const ClientRecord& first = fleet.records.at("c0");
  EXPECT_EQ(fleet.mass.HoldUntil(first, At(0), At(0)), At(50));
  EXPECT_EQ(fleet.mass.HoldUntil(first, At(0), At(50)), std::nullopt) << "it fell alone";
}

TEST(MassFailureTest, OneAloneHasNoPaceHoweverSmallTheScope) {
  Fleet fleet;
  fleet.JoinMany(10, "db-7");
  fleet.Suspect("c0", 0);
  EXPECT_EQ(fleet.mass.HoldUntil(fleet.records.at("c0"), At(0), At(50)), std::nullopt);
  fleet.Suspect("c1", 60);
  fleet.Suspect("c2", 70);
  EXPECT_NE(fleet.mass.HoldUntil(fleet.records.at("c1"), At(60), At(110)), std::nullopt) << "100 a second";
  EXPECT_EQ(fleet.mass.HoldUntil(fleet.records.at("c1"), At(60), At(170)), std::nullopt) << "it was but two";
}

TEST(MassFailureTest, WhileTheyComeItWaitsForASecondAtMost) {
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

TEST(MassFailureTest, AndNotBeyondTheEvent) {
  Fleet fleet;
  fleet.JoinMany(20, "db-7");
  for (int i = 0; i < 10; ++i) fleet.Suspect(C(i), 0);
  EXPECT_NE(fleet.mass.HoldUntil(fleet.records.at("c0"), At(0), At(1)), std::nullopt);
  EXPECT_THAT(fleet.Suspect("c10", 2), ::testing::SizeIs(2));
  EXPECT_EQ(fleet.mass.HoldUntil(fleet.records.at("c0"), At(0), At(2)), std::nullopt);
}

TEST(MassFailureTest, ATrickleHoldsNobodyBeyondTheFirstMoment) {
  Fleet fleet;
  fleet.JoinMany(10'000, "db-7");
  for (int i = 0; i < 100; ++i) fleet.Suspect(C(i), i * 10);  // 100 a second: 1 % of them
  EXPECT_EQ(fleet.mass.HoldUntil(fleet.records.at("c90"), At(900), At(995)), std::nullopt);
}

TEST(MassFailureTest, AFewWaitForNobody) {
  Fleet fleet;
  fleet.JoinMany(9, "db-7");
  fleet.Suspect("c0", 0);
  EXPECT_EQ(fleet.mass.HoldUntil(fleet.records.at("c0"), At(0), At(0)), std::nullopt);
}

}  // namespace
}  // namespace liveness::core
