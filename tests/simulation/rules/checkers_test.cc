// Each checker of what the registry decides, on a story told by hand: quiet when it is
// true, and complaining of the one thing that is broken in it.
#include <gtest/gtest.h>

#include "tests/simulation/rules/no_false_death.h"
#include "tests/simulation/rules/one_truth.h"
#include "tests/simulation/rules/silence_found.h"
#include "tests/simulation/rules/tale.h"

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

TEST(NoFalseDeath, OfAFreezeThatFollowsSoonTheCanaryCannotTellWhenItBegan) {
  for (const bool soon : {true, false}) {
    Tale tale;
    const int from = soon ? 450 : 650;
    tale.truth.BeginFreeze(At(0));
    tale.truth.EndFreeze(At(400));
    tale.truth.BeginFreeze(At(from));
    tale.truth.EndFreeze(At(1'000));
    const auto credited = milliseconds(400) + milliseconds(1'000 - from) - milliseconds(soon ? 250 : 0);
    EXPECT_EQ(tale.truth.MostUptime(At(0), At(1'000)), seconds(1) - credited);
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

}  // namespace
}  // namespace liveness::simulation
