// The checkers of clients that make before they break, on a story told by hand: quiet when it is true, and
// complaining of the one thing that is broken in it.
#include <gtest/gtest.h>

#include <memory>

#include "tests/simulation/rules/make_before_break.h"
#include "tests/simulation/rules/no_false_death.h"
#include "tests/simulation/rules/one_truth.h"
#include "tests/simulation/rules/tale.h"

namespace liveness::simulation {
namespace {

using core::State;

// "a" opens streams beside the one that it was welcomed on.
class BesideTest : public ::testing::Test {
 protected:
  BesideTest() {
    truth().Live();
    tale.line->life = truth().life();
  }
  Truth& truth() { return tale.truth; }

  // Welcomed at `ms`.
  std::shared_ptr<Line> OpenBeside(int ms) {
    const auto line = truth().NewLine("a", "a-1");
    line->beside = true;
    EXPECT_TRUE(truth().WillStandBy(*line, 1));
    line->incarnation = 1;
    line->attachment = ++attachments;
    line->timeout = tale.line->timeout;
    line->grace = tale.line->grace;
    line->last_arrival = line->last_read = At(ms);
    truth().StandBy(line);
    return line;
  }
  // It is suspected at `ms` because a stream ended, as the server says.
  core::TransitionPtr SuspectForAnEnd(int ms) {
    truth().Record(At(ms));
    auto told = std::make_shared<core::Transition>(*tale.Tell(State::kSuspect, core::Cause::kStreamClosed));
    auto after = std::make_shared<core::ClientRecord>(*told->after);
    auto evidence = std::make_shared<core::Evidence>();
    evidence->stream_end = core::StreamEnd::kConnectionClosed;
    after->evidence = evidence;
    told->after = after;
    return told;
  }

  Tale tale;
  std::uint64_t attachments = 1;
};

TEST_F(BesideTest, WhileOneStandsByTheEndOfAnotherIsNoReason) {
  OpenBeside(50);
  truth().Close(*tale.line, At(60), false);
  MakeBeforeBreak checker(truth());
  NoFalseDeath deaths(truth());
  const auto told = SuspectForAnEnd(60);
  checker.OnTold(told, At(60));
  deaths.OnTold(told, At(60));
  EXPECT_TRUE(checker.complaint());
  EXPECT_TRUE(deaths.complaint());
}

TEST_F(BesideTest, NorIsTheEndOfTheOneThatStandsBy) {
  const auto line = OpenBeside(50);
  truth().Close(*line, At(60), false);
  EXPECT_TRUE(truth().Speaks(*tale.line));
  MakeBeforeBreak checker(truth());
  checker.OnTold(SuspectForAnEnd(60), At(60));
  EXPECT_TRUE(checker.complaint());
}

TEST_F(BesideTest, TheEndOfTheLastIsOne) {
  const auto line = OpenBeside(50);
  truth().Close(*tale.line, At(60), false);
  truth().Close(*line, At(70), false);
  EXPECT_FALSE(truth().HasStream("a"));
  MakeBeforeBreak checker(truth());
  NoFalseDeath deaths(truth());
  const auto told = SuspectForAnEnd(70);
  checker.OnTold(told, At(70));
  deaths.OnTold(told, At(70));
  EXPECT_FALSE(checker.complaint());
  EXPECT_FALSE(deaths.complaint());
}

TEST_F(BesideTest, AHelloBesideIsASignOfLife) {
  OpenBeside(250);
  NoFalseDeath deaths(truth());
  truth().Record(At(310));
  deaths.OnTold(tale.Tell(State::kSuspect, core::Cause::kUnknown), At(310));
  EXPECT_TRUE(deaths.complaint());
}

TEST_F(BesideTest, WhatItLeftIsStaleAndWhatItOpenedLaterStandsBy) {
  const auto before = OpenBeside(50);
  const auto chosen = OpenBeside(60);
  const auto later = OpenBeside(70);
  truth().TakeOver(*chosen);
  EXPECT_TRUE(truth().Speaks(*chosen));
  EXPECT_FALSE(truth().Speaks(*tale.line));
  EXPECT_FALSE(truth().StandsBy(*before));
  EXPECT_TRUE(truth().StandsBy(*later));
  truth().End("a", 1);
  EXPECT_FALSE(truth().StandsBy(*later));
}

TEST_F(BesideTest, OfFourTheOldestIsOver) {
  const auto oldest = OpenBeside(50);
  OpenBeside(60);
  OpenBeside(70);
  EXPECT_TRUE(truth().StandsBy(*oldest));
  OpenBeside(80);
  EXPECT_FALSE(truth().StandsBy(*oldest));
}

TEST_F(BesideTest, WhoSpeaksIsHeard) {
  const auto line = OpenBeside(50);
  truth().TakeOver(*line);
  MakeBeforeBreak checker(truth());
  checker.OnTakeOver(*line, registry::TouchResult::kHeard, At(60));
  checker.OnShown({tale.last}, At(70));
  EXPECT_FALSE(checker.complaint());
  checker.OnTakeOver(*line, registry::TouchResult::kStale, At(80));
  checker.OnShown({tale.last}, At(90));
  EXPECT_TRUE(checker.complaint());
}

TEST_F(BesideTest, UnlessItsSessionHasEnded) {
  const auto line = OpenBeside(50);
  truth().TakeOver(*line);
  MakeBeforeBreak checker(truth());
  checker.OnTakeOver(*line, registry::TouchResult::kStale, At(60));
  const auto dead = tale.Tell(State::kDead, core::Cause::kEvicted);
  checker.OnTold(dead, At(60));
  checker.OnShown({tale.last}, At(70));
  EXPECT_FALSE(checker.complaint());
}

TEST_F(BesideTest, OnlyAHelloBesideMayJoinWhatItDidNotName) {
  tale.line->incarnation = 2;
  OneTruth truth_of_beside;
  OneTruth truth_of_others;
  Line line = *tale.line;
  line.attachment = 2;
  line.beside = true;
  truth_of_beside.OnWelcome(*tale.line, std::nullopt, false);
  truth_of_beside.OnWelcome(line, 1, true);
  EXPECT_FALSE(truth_of_beside.complaint());
  line.beside = false;
  truth_of_others.OnWelcome(*tale.line, std::nullopt, false);
  truth_of_others.OnWelcome(line, 1, true);
  EXPECT_TRUE(truth_of_others.complaint());
}

}  // namespace
}  // namespace liveness::simulation
