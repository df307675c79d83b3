#include "server/core/record/rebase.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace liveness::core {
namespace {

constexpr std::string_view kUs = "a";

const std::shared_ptr<const std::string> kA = std::make_shared<const std::string>("a");
const std::shared_ptr<const std::string> kB = std::make_shared<const std::string>("b");

WallTime At(int seconds) { return WallTime(std::chrono::seconds(seconds)); }

// ALIVE on server b since second 1.
ClientRecord OnB() {
  ClientRecord record;
  record.info = PackedInfo(ClientInfo{.client_id = "c", .instance_id = "i"});
  record.server_id = kB;
  record.incarnation = 10;
  record.attachment = 3;
  record.state = State::kAlive;
  record.state_time = At(1);
  return record;
}

ClientRecord Suspected(ClientRecord record, Cause cause = Cause::kServerLost) {
  record.state = State::kSuspect;
  record.cause = cause;
  return record;
}

ClientRecord Dead(ClientRecord record, Cause cause) {
  record.state = State::kDead;
  record.cause = cause;
  return record;
}

ClientRecord Maintained(ClientRecord record, int until) {
  auto annex = record.annex == nullptr ? std::make_shared<Annex>() : std::make_shared<Annex>(*record.annex);
  annex->maintenance_until = At(until);
  record.annex = annex;
  record.health = Health::kMaintenance;
  return record;
}

ClientRecord Labelled(ClientRecord record, const std::string& value) {
  ClientInfo info = record.info.Unpack();
  info.labels = {{"k", value}};
  record.info = PackedInfo(info);
  return record;
}

TEST(IsBelief, OnlyWhatRestsOnAServersAbsence) {
  const ClientRecord before = OnB();
  EXPECT_TRUE(IsBelief(&before, Suspected(before), kUs));
  EXPECT_TRUE(IsBelief(&before, Dead(before, Cause::kNotReturned), kUs));
  EXPECT_TRUE(IsBelief(&before, Suspected(before, Cause::kHostUnreachable), kUs))
      << "b's, which a cannot know";
  EXPECT_FALSE(IsBelief(nullptr, Suspected(before), kUs));
  EXPECT_FALSE(IsBelief(&before, before, kUs)) << "its state stays";
  EXPECT_FALSE(IsBelief(&before, Dead(before, Cause::kEvicted), kUs)) << "an operator's word";
  EXPECT_FALSE(IsBelief(&before, Dead(before, Cause::kSuperseded), kUs));
}

TEST(IsBelief, WhatThisServerFoundOfItsOwnClientIsNone) {
  ClientRecord ours = OnB();
  ours.server_id = kA;
  EXPECT_FALSE(IsBelief(&ours, Suspected(ours, Cause::kProcessStopped), kUs));
  EXPECT_TRUE(IsBelief(&ours, Suspected(ours), kUs)) << "of an earlier process of ours";
  const ClientRecord suspected = Suspected(ours);
  EXPECT_FALSE(IsBelief(&suspected, ours, kUs)) << "to be ALIVE is no belief";
  const ClientRecord on_b = Suspected(OnB());
  EXPECT_FALSE(IsBelief(&on_b, OnB(), kUs)) << "whoever serves it";
  EXPECT_FALSE(IsBelief(&on_b, Labelled(on_b, "new"), kUs)) << "its state stays";
  EXPECT_TRUE(IsBelief(&suspected, Dead(ours, Cause::kNotReturned), kUs));
}

TEST(StillHolds, AnOperatorsWordHoldsAndABeliefDoesNot) {
  const ClientRecord before = OnB();
  const ClientRecord theirs = Labelled(before, "new");
  EXPECT_TRUE(StillHolds(Dead(before, Cause::kEvicted), before, theirs, kUs));
  EXPECT_TRUE(StillHolds(Maintained(before, 9), before, theirs, kUs));
  EXPECT_FALSE(StillHolds(Suspected(before), before, theirs, kUs));
}

TEST(StillHolds, NothingHoldsOfASessionThatIsOver) {
  const ClientRecord before = OnB();
  const ClientRecord evicted = Dead(before, Cause::kEvicted);
  EXPECT_FALSE(StillHolds(evicted, before, Dead(before, Cause::kProcessExited), kUs));
  ClientRecord next = before;
  next.incarnation = 11;
  EXPECT_FALSE(StillHolds(evicted, before, next, kUs)) << "another one";
  ClientRecord begins = before;
  begins.incarnation = 0;
  EXPECT_FALSE(StillHolds(begins, before, before, kUs)) << "it begins, on a record that is gone";
}

TEST(StillHolds, AClientThatMovesIsWithTheLaterStream) {
  const ClientRecord before = OnB();
  ClientRecord to_us = before;
  to_us.server_id = kA;
  to_us.attachment = 4;
  EXPECT_TRUE(StillHolds(to_us, before, Labelled(before, "new"), kUs));
  ClientRecord theirs = before;
  theirs.attachment = 4;
  EXPECT_FALSE(StillHolds(to_us, before, theirs, kUs)) << "b has one as late";
  ClientRecord to_c = before;
  to_c.server_id = std::make_shared<const std::string>("c");
  EXPECT_FALSE(StillHolds(Dead(before, Cause::kEvicted), before, to_c, kUs)) << "it has moved";
}

TEST(Rebase, WhatAnotherServerServesIsAsThatServerSays) {
  const ClientRecord before = OnB();
  const ClientRecord theirs = Labelled(before, "new");
  const ClientRecord evicted = Rebase(Dead(before, Cause::kEvicted), At(5), before, theirs, theirs, kUs);
  EXPECT_EQ(evicted.state, State::kDead);
  EXPECT_EQ(evicted.cause, Cause::kEvicted);
  EXPECT_EQ(evicted.state_time, At(5));
  EXPECT_EQ(evicted.info.Unpack().labels, theirs.info.Unpack().labels);
}

TEST(Rebase, AStateThatWasNotDecidedOnStaysTheirs) {
  const ClientRecord before = OnB();
  ClientRecord theirs = Suspected(before, Cause::kHostUnreachable);
  theirs.state_time = At(4);
  const ClientRecord maintained = Rebase(Maintained(before, 9), At(5), before, theirs, theirs, kUs);
  EXPECT_EQ(maintained.state, State::kSuspect);
  EXPECT_EQ(maintained.cause, Cause::kHostUnreachable);
  EXPECT_EQ(maintained.state_time, At(4));
  EXPECT_EQ(maintained.health, Health::kMaintenance);
  EXPECT_EQ(maintained.annex->maintenance_until, At(9));
}

TEST(Rebase, AMaintenanceForAnotherReasonIsADecisionToo) {
  const auto because = [](ClientRecord record, const std::string& reason) {
    auto annex = std::make_shared<Annex>(*record.annex);
    annex->maintenance_origin = std::make_shared<const MaintenanceOrigin>(MaintenanceOrigin{reason, "anna"});
    record.annex = annex;
    return record;
  };
  const ClientRecord before = because(Maintained(OnB(), 9), "disks");
  const ClientRecord theirs = Labelled(before, "theirs");
  const ClientRecord both = Rebase(because(before, "memory"), At(5), before, theirs, theirs, kUs);
  EXPECT_EQ(both.annex->maintenance_until, At(9));
  EXPECT_EQ(both.annex->maintenance_origin->reason, "memory");
  const ClientRecord suspected = Rebase(Suspected(before), At(5), before, theirs, theirs, kUs);
  EXPECT_EQ(suspected.annex->maintenance_origin->reason, "disks") << "of which we decided nothing";
}

TEST(Rebase, AMoveToUsKeepsWhatOurClientSaid) {
  const ClientRecord before = OnB();
  ClientRecord to_us = Labelled(before, "ours");
  to_us.server_id = kA;
  to_us.attachment = 4;
  const ClientRecord theirs = Maintained(Labelled(before, "theirs"), 9);
  const ClientRecord moved = Rebase(to_us, At(5), before, theirs, theirs, kUs);
  EXPECT_EQ(*moved.server_id, "a");
  EXPECT_EQ(moved.attachment, 4u);
  EXPECT_EQ(moved.info.Unpack().labels, to_us.info.Unpack().labels);
  EXPECT_EQ(moved.health, Health::kMaintenance) << "theirs, of which we decided nothing";
  EXPECT_EQ(moved.annex->maintenance_until, At(9));
  EXPECT_EQ(moved.state_time, At(1)) << "it was ALIVE all the time";
}

TEST(Rebase, AMaintenanceThatTheyEndedIsOver) {
  const ClientRecord before = Maintained(OnB(), 9);
  ClientRecord to_us = before;
  to_us.server_id = kA;
  to_us.attachment = 4;
  const ClientRecord moved = Rebase(to_us, At(5), before, OnB(), OnB(), kUs);
  EXPECT_EQ(moved.health, Health::kOk);
}

TEST(Rebase, BansOfBothSidesStay) {
  const ClientRecord before = OnB();
  const auto banning = [](ClientRecord record, const std::string& instance) {
    auto annex = record.annex == nullptr ? std::make_shared<Annex>() : std::make_shared<Annex>(*record.annex);
    annex->Ban({instance, 9, Cause::kEvicted});
    record.annex = annex;
    return record;
  };
  const ClientRecord theirs = banning(before, "theirs");
  const ClientRecord both =
      Rebase(Dead(banning(before, "ours"), Cause::kEvicted), At(5), before, theirs, theirs, kUs);
  ASSERT_EQ(both.annex->banned.size(), 2u);
  EXPECT_EQ(both.annex->banned[0].instance_id, "theirs");
  EXPECT_EQ(both.annex->banned[1].instance_id, "ours");
  const ClientRecord same = Rebase(theirs, At(5), before, theirs, theirs, kUs);
  EXPECT_EQ(same.annex->banned.size(), 1u) << "one that both know is one";
}

TEST(Rebase, ABanThatBothDecidedOnIsOne) {
  const ClientRecord before = OnB();
  const auto banning = [](ClientRecord record) {
    auto annex = std::make_shared<Annex>();
    annex->Ban({"x", 9, Cause::kEvicted});
    record.annex = annex;
    return record;
  };
  const ClientRecord theirs = Maintained(banning(before), 9);
  const ClientRecord both =
      Rebase(Dead(banning(before), Cause::kEvicted), At(5), before, theirs, theirs, kUs);
  EXPECT_EQ(both.annex->banned.size(), 1u);
  EXPECT_EQ(both.annex->maintenance_until, At(9)) << "of which we decided nothing";
}

TEST(Rebase, AStallStays) {
  const ClientRecord before = OnB();
  ClientRecord theirs = before;
  theirs.health = Health::kStalled;
  EXPECT_EQ(Rebase(Suspected(before), At(5), before, theirs, theirs, kUs).health, Health::kStalled);
}

TEST(Rebase, WhatWasDecidedNextGoesOnTopOfTheFirst) {
  const ClientRecord before = OnB();
  const ClientRecord theirs = Labelled(before, "new");
  const ClientRecord first = Maintained(before, 9);
  const ClientRecord second = Dead(first, Cause::kEvicted);
  const ClientRecord first_now = Rebase(first, At(5), before, theirs, theirs, kUs);
  const ClientRecord second_now = Rebase(second, At(6), first, first_now, theirs, kUs);
  EXPECT_EQ(second_now.state, State::kDead);
  EXPECT_EQ(second_now.health, Health::kMaintenance);
  EXPECT_EQ(second_now.info.Unpack().labels, theirs.info.Unpack().labels);
}

}  // namespace
}  // namespace liveness::core
