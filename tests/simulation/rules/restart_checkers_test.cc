// What each checker makes of a restart, on stories told by hand.
#include <gtest/gtest.h>

#include "tests/simulation/rules/durable.h"
#include "tests/simulation/rules/no_false_death.h"
#include "tests/simulation/rules/one_death.h"
#include "tests/simulation/rules/one_truth.h"
#include "tests/simulation/rules/silence_found.h"
#include "tests/simulation/rules/tale.h"

namespace liveness::simulation {
namespace {

using core::Cause;
using core::State;
using std::chrono::milliseconds;

// The server of the tale, killed at 1000 and back at 2000; an amnesty of 500 ms.
class Restarted : public Tale {
 public:
  Restarted() {
    truth.restart_grace = milliseconds(500);
    truth.Die(At(1'000));
    truth.Live();
    truth.Serve(At(2'000));
  }
};

TEST(NoFalseDeath, AnOrphanHasTheAmnestyToComeBack) {
  for (const int died_at : {2'500, 2'450}) {
    Restarted tale;
    NoFalseDeath checker(tale.truth);
    checker.OnTold(tale.Tell(State::kSuspect, Cause::kServerLost), At(2'001));
    EXPECT_FALSE(checker.complaint());
    checker.OnTold(tale.Tell(State::kDead, Cause::kNotReturned), At(died_at));
    EXPECT_EQ(checker.complaint().has_value(), died_at == 2'450);
  }
}

TEST(NoFalseDeath, AnOrphanThatIsBackIsNotDead) {
  Restarted tale;
  NoFalseDeath checker(tale.truth);
  checker.OnTold(tale.Tell(State::kSuspect, Cause::kServerLost), At(2'001));
  tale.truth.CameBack(*tale.line, 1);  // its welcome waits for the store
  checker.OnTold(tale.Tell(State::kDead, Cause::kNotReturned), At(9'000));
  EXPECT_TRUE(checker.complaint());
}

TEST(NoFalseDeath, AnOrphanKeepsItsCause) {
  for (const Cause cause : {Cause::kProcessExited, Cause::kNotReturned}) {
    Restarted tale;
    NoFalseDeath checker(tale.truth);
    tale.Tell(State::kSuspect, Cause::kProcessExited);  // by the life before
    checker.OnTold(tale.Tell(State::kDead, cause), At(2'600));
    EXPECT_EQ(checker.complaint().has_value(), cause == Cause::kNotReturned);
  }
}

TEST(NoFalseDeath, OnlyAnOrphansServerIsLost) {
  Tale tale;
  NoFalseDeath checker(tale.truth);
  checker.OnTold(tale.Tell(State::kSuspect, Cause::kServerLost), At(400));
  EXPECT_TRUE(checker.complaint());
}

TEST(NoFalseDeath, ADecisionIsJudgedByItsOwnMoment) {
  for (const bool in_time : {false, true}) {
    Tale tale;
    NoFalseDeath checker(tale.truth);
    tale.truth.SetWall(At(0), Duration::zero());
    if (in_time) tale.line->last_arrival = At(299);
    tale.truth.Record(At(300));
    // Whatever comes until it is told: the decision was right, or it was not.
    tale.line->last_arrival = At(305);
    tale.truth.Record(At(306));
    core::Transition told = *tale.Tell(State::kSuspect, Cause::kUnknown);
    told.time = common::WallTime(At(300).time_since_epoch());
    checker.OnTold(std::make_shared<const core::Transition>(told), At(700));
    EXPECT_EQ(checker.complaint().has_value(), in_time);
  }
}

TEST(SilenceFound, AnOrphanIsSuspectedAtOnceAndGoneAfterTheAmnesty) {
  Restarted tale;
  SilenceFound checker(tale.truth);
  checker.OnShown({tale.last}, At(2'020));
  EXPECT_FALSE(checker.complaint());
  tale.Tell(State::kSuspect, Cause::kServerLost);
  checker.OnShown({tale.last}, At(2'540));
  EXPECT_FALSE(checker.complaint());
  checker.OnShown({tale.last}, At(2'550));
  EXPECT_TRUE(checker.complaint());

  Restarted other;
  SilenceFound sleeper(other.truth);
  sleeper.OnShown({other.last}, At(2'030));
  EXPECT_TRUE(sleeper.complaint());
}

TEST(OneTruth, ARestartForgetsOnlyWhatNobodyWasTold) {
  Tale tale;
  OneTruth checker;
  checker.OnTold(tale.story[0], At(0));
  checker.OnShown({tale.As(1, 5)}, At(0));  // quiet resumes
  checker.OnRestart();
  checker.OnShown({tale.As(1, 1)}, At(0));
  EXPECT_FALSE(checker.complaint());
  checker.OnRestart();
  checker.OnShown({tale.As(0, 9)}, At(0));
  EXPECT_TRUE(checker.complaint()) << "an incarnation before what was told";
}

TEST(OneDeath, ADeathIsNotToldAgainAfterARestart) {
  Tale tale;
  OneDeath checker(tale.truth);
  checker.OnTold(tale.story[0], At(0));
  checker.OnTold(tale.Tell(State::kDead, Cause::kUnknown), At(400));
  checker.OnRestart();
  EXPECT_FALSE(checker.complaint());
  checker.OnTold(tale.Tell(State::kSuspect, Cause::kServerLost), At(2'000));
  checker.OnTold(tale.Tell(State::kDead, Cause::kNotReturned), At(2'600));
  EXPECT_TRUE(checker.complaint());
}

// One client on a disk.
class OnDisk : public Tale {
 public:
  OnDisk() {
    core::ClientRecord record = *last;
    record.incarnation = 0;
    committed = disk.Write(record);
    line->incarnation = committed->incarnation;
  }
  testing::Ledger disk;
  core::RecordPtr committed;
};

TEST(Durable, WhatIsWelcomedToldAndShownIsOnTheDisk) {
  OnDisk tale;
  Durable checker(&tale.disk);
  checker.OnTold(std::make_shared<const core::Transition>(core::Transition{nullptr, tale.committed, {}}),
                 At(0));
  checker.OnShown({tale.committed}, At(0));
  checker.OnWelcome(*tale.line, std::nullopt, false);
  EXPECT_FALSE(checker.complaint());

  Durable told(&tale.disk);
  told.OnTold(tale.story[0], At(0));
  EXPECT_TRUE(told.complaint());
  Durable shown(&tale.disk);
  shown.OnShown({tale.last}, At(0));
  EXPECT_TRUE(shown.complaint());
  Durable welcomed(&tale.disk);
  tale.line->incarnation = 7;
  welcomed.OnWelcome(*tale.line, std::nullopt, false);
  EXPECT_TRUE(welcomed.complaint());
}

TEST(Durable, WhoGoesOnAfterARestartHasAStreamOnTheDisk) {
  for (const bool committed : {true, false}) {
    OnDisk tale;
    Durable checker(&tale.disk);
    checker.OnWelcome(*tale.line, std::nullopt, false);
    checker.OnRestart();
    if (committed) {
      core::ClientRecord resumed = *tale.committed;
      resumed.attachment = 2;
      tale.disk.Write(resumed);
    }
    checker.OnWelcome(*tale.line, tale.line->incarnation, true);
    EXPECT_NE(checker.complaint().has_value(), committed);
  }
}

TEST(Durable, WhoWasWelcomedIsKnownAfterARestart) {
  for (const bool known : {true, false}) {
    OnDisk tale;
    Durable checker(&tale.disk);
    checker.OnWelcome(*tale.line, std::nullopt, false);
    checker.OnShown({}, At(0));
    EXPECT_FALSE(checker.complaint()) << "only a restart is asked";
    checker.OnRestart();
    checker.OnShown(known ? std::vector{tale.committed} : std::vector<core::RecordPtr>{}, At(0));
    EXPECT_NE(checker.complaint().has_value(), known);
  }
}

TEST(Durable, WhatWasToldToBeForgottenMayBeGone) {
  OnDisk tale;
  Durable checker(&tale.disk);
  checker.OnWelcome(*tale.line, std::nullopt, false);
  core::ClientRecord gone = *tale.committed;
  gone.state = State::kForgotten;
  const core::RecordPtr forgotten = tale.disk.Write(gone);
  checker.OnTold(std::make_shared<const core::Transition>(core::Transition{tale.committed, forgotten, {}}),
                 At(0));
  checker.OnRestart();
  checker.OnShown({}, At(0));
  EXPECT_FALSE(checker.complaint());
}

}  // namespace
}  // namespace liveness::simulation
