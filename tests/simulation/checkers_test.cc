// Each checker on a story told by hand: quiet when it is true, and complaining
// of the one thing that is broken in it.
#include <gtest/gtest.h>

#include "tests/simulation/honest_watch.h"
#include "tests/simulation/no_false_death.h"
#include "tests/simulation/one_death.h"
#include "tests/simulation/one_truth.h"
#include "tests/simulation/silence_found.h"
#include "tests/simulation/tale.h"

namespace liveness::simulation {
namespace {

using core::Cause;
using core::State;
using std::chrono::milliseconds;
using std::chrono::seconds;

// --- Invariant 1 -------------------------------------------------------------

TEST(NoFalseDeath, SilenceForTheTimeoutMayBeSuspected) {
  Tale tale;
  NoFalseDeath checker(tale.truth);
  checker.OnTold(tale.Tell(State::kSuspect, Cause::kUnknown), At(300));
  checker.OnTold(tale.Tell(State::kDead, Cause::kUnknown), At(400));
  EXPECT_FALSE(checker.complaint());
}

TEST(NoFalseDeath, SilenceInAStallMayNot) {
  Tale tale;
  NoFalseDeath checker(tale.truth);
  tale.truth.BeginStall(At(100));
  tale.truth.EndStall(At(1'000));
  checker.OnTold(tale.Tell(State::kSuspect, Cause::kUnknown), At(1'000));
  EXPECT_TRUE(checker.complaint());
}

TEST(NoFalseDeath, NorSilenceInAFreezeThatTheCanaryNotices) {
  for (const bool noticed : {true, false}) {
    Tale tale;
    NoFalseDeath checker(tale.truth);
    tale.truth.BeginFreeze(At(10));
    tale.truth.EndFreeze(At(noticed ? 300 : 280));
    checker.OnTold(tale.Tell(State::kSuspect, Cause::kUnknown), At(300));
    EXPECT_EQ(checker.complaint().has_value(), noticed);
  }
}

TEST(NoFalseDeath, NorOneWhosePingWaitsInOurSocket) {
  Tale tale;
  NoFalseDeath checker(tale.truth);
  tale.line->unread.push_back(At(299));
  checker.OnTold(tale.Tell(State::kSuspect, Cause::kUnknown), At(300));
  EXPECT_TRUE(checker.complaint()) << "a look at it shows that, to the moment";
}

TEST(NoFalseDeath, AHelloThatWaitsElsewhereIsAllowedFor) {
  for (const int arrival : {290, 250}) {
    Tale tale;
    NoFalseDeath checker(tale.truth);
    tale.truth.NewLine("a", "a-1")->unread.push_back(At(arrival));
    checker.OnTold(tale.Tell(State::kSuspect, Cause::kUnknown), At(300));
    EXPECT_EQ(checker.complaint().has_value(), arrival == 250);
  }
}

TEST(NoFalseDeath, ACloseIsSuspectedAtOnceUnlessItWasForOurSake) {
  for (const bool for_our_sake : {false, true}) {
    Tale tale;
    NoFalseDeath checker(tale.truth);
    tale.line->closed = At(20);
    tale.line->for_our_sake = for_our_sake;
    checker.OnTold(tale.Tell(State::kSuspect, Cause::kProcessExited), At(20));
    EXPECT_EQ(checker.complaint().has_value(), for_our_sake);
  }
}

TEST(NoFalseDeath, TheGraceIsGiven) {
  Tale tale;
  NoFalseDeath checker(tale.truth);
  checker.OnTold(tale.Tell(State::kSuspect, Cause::kUnknown), At(300));
  checker.OnTold(tale.Tell(State::kDead, Cause::kUnknown), At(350));
  EXPECT_TRUE(checker.complaint());
}

TEST(NoFalseDeath, NobodyIsEvictedByNobody) {
  for (const bool condemned : {true, false}) {
    Tale tale;
    NoFalseDeath checker(tale.truth);
    if (condemned) tale.truth.Condemn("a", Cause::kEvicted);
    checker.OnTold(tale.Tell(State::kDead, Cause::kEvicted), At(10));
    EXPECT_NE(checker.complaint().has_value(), condemned);
  }
}

// --- Invariant 2 -------------------------------------------------------------

TEST(SilenceFound, WhoIsSilentForLongerIsNotAlive) {
  Tale tale;
  SilenceFound checker(tale.truth);
  checker.OnShown({tale.last}, At(320));
  EXPECT_FALSE(checker.complaint());
  checker.OnShown({tale.last}, At(325));
  EXPECT_TRUE(checker.complaint());
}

TEST(SilenceFound, AStallIsLeftOut) {
  Tale tale;
  SilenceFound checker(tale.truth);
  tale.truth.BeginStall(At(100));
  tale.truth.EndStall(At(5'000));
  checker.OnShown({tale.last}, At(5'200));
  EXPECT_FALSE(checker.complaint());
  checker.OnShown({tale.last}, At(5'250));
  EXPECT_TRUE(checker.complaint());
}

TEST(SilenceFound, AFreezeIsLeftOut) {
  Tale tale;
  SilenceFound checker(tale.truth);
  tale.line->last_read = At(500);
  tale.truth.BeginFreeze(At(1'000 - 300));
  tale.truth.EndFreeze(At(5'000));
  // None of it counts, nor the canary's period before it.
  checker.OnShown({tale.last}, At(5'300));
  EXPECT_FALSE(checker.complaint());
  checker.OnShown({tale.last}, At(5'360));
  EXPECT_TRUE(checker.complaint());
}

TEST(SilenceFound, ASuspicionEnds) {
  Tale tale;
  SilenceFound checker(tale.truth);
  tale.line->closed = At(10);
  checker.OnTold(tale.Tell(State::kSuspect), At(10));
  checker.OnShown({tale.last}, At(120));
  EXPECT_FALSE(checker.complaint());
  checker.OnShown({tale.last}, At(140));
  EXPECT_TRUE(checker.complaint());
}

TEST(SilenceFound, ACloseIsSuspectedAtOnceWhileWeAreWell) {
  for (const bool well : {true, false}) {
    Tale tale;
    SilenceFound checker(tale.truth);
    if (!well) {
      tale.truth.BeginStall(At(20));
      tale.truth.EndStall(At(200));
    }
    tale.line->closed = At(201);
    checker.OnShown({tale.last}, At(201));
    EXPECT_EQ(checker.complaint().has_value(), well);
  }
}

// --- Invariant 3 -------------------------------------------------------------

TEST(OneTruth, AnOlderAttachmentIsNotShownAgain) {
  Tale tale;
  OneTruth checker;
  checker.OnShown({tale.As(5, 2)}, At(0));
  checker.OnShown({tale.As(7, 1)}, At(0));
  EXPECT_FALSE(checker.complaint()) << "a new incarnation may count its attachments anew";
  checker.OnShown({tale.As(5, 3)}, At(0));
  EXPECT_TRUE(checker.complaint());
}

TEST(OneTruth, WhatEndedDoesNotLiveAgain) {
  Tale tale;
  OneTruth checker;
  checker.OnTold(tale.story[0], At(0));
  checker.OnTold(tale.Tell(State::kDead, Cause::kUnknown), At(0));
  EXPECT_FALSE(checker.complaint());
  checker.OnTold(tale.Tell(State::kAlive), At(0));
  EXPECT_TRUE(checker.complaint());
}

TEST(OneTruth, ASessionGoesOnOnlyForWhoNamesIt) {
  for (const std::uint64_t token : {1, 2}) {
    Tale tale;
    OneTruth checker;
    checker.OnWelcome(*tale.line, std::nullopt, false);
    tale.line->attachment = 2;
    checker.OnWelcome(*tale.line, token, true);
    EXPECT_EQ(checker.complaint().has_value(), token != 1);
  }
}

TEST(OneTruth, AStaleEventChangesNothing) {
  Tale tale;
  const StaleEvent harmless{.line = tale.line.get(),
                            .revision_before = 7,
                            .revision_after = 7,
                            .heard_before = At(3),
                            .heard_after = At(3),
                            .touch = registry::TouchResult::kStale};
  const auto complains = [](const StaleEvent& event) {
    OneTruth checker;
    checker.OnStale(event);
    return checker.complaint().has_value();
  };
  EXPECT_FALSE(complains(harmless));
  StaleEvent event = harmless;
  event.revision_after = 8;
  EXPECT_TRUE(complains(event));
  event = harmless;
  event.heard_after = At(4);
  EXPECT_TRUE(complains(event));
  event = harmless;
  event.touch = registry::TouchResult::kHeard;
  EXPECT_TRUE(complains(event));
}

// --- Invariant 4 -------------------------------------------------------------

// A watcher with a snapshot of "a" ALIVE; then "a" is suspected, dies and is told of.
class HonestWatchTest : public ::testing::Test {
 protected:
  HonestWatchTest() {
    checker.OnTold(tale.story[0], At(0));
    checker.OnWatch(0, nullptr, 0);
    checker.OnPulled(0, tale.Snapshot());
    suspect = tale.Tell(State::kSuspect, Cause::kUnknown);
    dead = tale.Tell(State::kDead, Cause::kUnknown);
    checker.OnTold(suspect, At(300));
    checker.OnTold(dead, At(400));
    EXPECT_FALSE(checker.complaint());
  }
  bool Complains() const { return checker.complaint().has_value(); }

  Tale tale;
  HonestWatch checker;
  core::TransitionPtr suspect, dead;
};

TEST_F(HonestWatchTest, IsQuietWhenAllIsTold) {
  checker.OnPulled(0, tale.Item({suspect}, 2));
  checker.OnPulled(0, tale.Item({dead}, 3));
  checker.OnShown({tale.last}, At(400));
  checker.OnEnd();
  EXPECT_FALSE(Complains());
}

TEST_F(HonestWatchTest, SeesWhatWasLeftOut) {
  checker.OnPulled(0, tale.Item({dead}, 3));
  EXPECT_TRUE(Complains());
}

TEST_F(HonestWatchTest, SeesWhatIsToldTooLate) {
  checker.OnPulled(0, tale.Item({}, 3));
  EXPECT_TRUE(Complains());
}

TEST_F(HonestWatchTest, SeesTheWrongOrder) {
  checker.OnPulled(0, tale.Item({dead, suspect}, 3));
  EXPECT_TRUE(Complains());
}

TEST_F(HonestWatchTest, SeesARevisionThatDoesNotExist) {
  checker.OnPulled(0, tale.Item({suspect, dead}, 4));
  EXPECT_TRUE(Complains());
}

TEST_F(HonestWatchTest, LetsAGapPassOnlyWithASnapshot) {
  registry::WatchItem gap = tale.Snapshot();
  gap.gap = registry::WatchGap{1, 3};
  checker.OnPulled(0, gap);
  EXPECT_FALSE(Complains());
  checker.OnPulled(0, tale.Snapshot());
  EXPECT_TRUE(Complains()) << "a snapshot without a gap";
}

TEST_F(HonestWatchTest, SeesASnapshotThatLacksAClient) {
  registry::WatchItem empty;
  empty.gap = registry::WatchGap{1, 3};
  empty.snapshot_done = true;
  empty.revision = 3;
  checker.OnPulled(0, empty);
  EXPECT_TRUE(Complains());
}

TEST_F(HonestWatchTest, SeesAWatcherThatNeverCaughtUp) {
  checker.OnPulled(0, tale.Item({suspect}, 2));
  EXPECT_FALSE(Complains());
  checker.OnEnd();
  EXPECT_TRUE(Complains());
}

TEST_F(HonestWatchTest, SeesAChangeThatNobodyTold) {
  auto changed = std::make_shared<core::ClientRecord>(*tale.last);
  changed->cause = Cause::kEvicted;
  checker.OnShown({changed}, At(400));
  EXPECT_TRUE(Complains());
}

TEST_F(HonestWatchTest, SeesATransitionThatSkipsOne) {
  const auto forgotten = tale.Tell(State::kForgotten);
  const auto skips =
      std::make_shared<const core::Transition>(core::Transition{suspect->after, forgotten->after, {}});
  checker.OnTold(skips, At(500));
  EXPECT_TRUE(Complains());
}

// --- Invariant 6 -------------------------------------------------------------

class OneDeathTest : public ::testing::Test {
 protected:
  OneDeathTest() : checker(tale.truth) {
    checker.OnWatch(0, nullptr, 0);
    checker.OnPulled(0, tale.Snapshot());
    dead = tale.Tell(State::kDead, Cause::kUnknown);
  }
  bool Complains() const { return checker.complaint().has_value(); }

  Tale tale;
  OneDeath checker;
  core::TransitionPtr dead;
};

TEST_F(OneDeathTest, IsQuietWhenItIsToldOnce) {
  checker.OnTold(dead, At(400));
  checker.OnPulled(0, tale.Item({dead}, 2));
  checker.OnEnd();
  EXPECT_FALSE(Complains());
}

TEST_F(OneDeathTest, SeesASecondDeathOfOneIncarnation) {
  checker.OnTold(dead, At(400));
  tale.Tell(State::kAlive);
  checker.OnTold(tale.Tell(State::kDead, Cause::kUnknown), At(800));
  EXPECT_TRUE(Complains());
}

TEST_F(OneDeathTest, SeesADeathToldAgain) {
  checker.OnTold(dead, At(400));
  checker.OnPulled(0, tale.Item({dead}, 2));
  EXPECT_FALSE(Complains());
  checker.OnWatch(0, nullptr, 1);
  checker.OnPulled(0, tale.Item({dead}, 2));
  EXPECT_TRUE(Complains()) << "also after a reconnect";
}

TEST_F(OneDeathTest, SeesADeathThatWasNotTold) {
  checker.OnTold(dead, At(400));
  checker.OnPulled(0, tale.Item({}, 2));
  EXPECT_TRUE(Complains());
}

TEST_F(OneDeathTest, SeesADeathWithoutACause) {
  checker.OnTold(tale.Tell(State::kAlive), At(0));
  checker.OnTold(tale.Tell(State::kDead), At(400));
  EXPECT_TRUE(Complains());
}

TEST_F(OneDeathTest, SeesAnIncarnationWithoutAnEnd) {
  checker.OnEnd();
  EXPECT_TRUE(Complains());
}

}  // namespace
}  // namespace liveness::simulation
