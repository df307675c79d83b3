#include "client/src/session/attempt_plan.h"

#include <gtest/gtest.h>

namespace liveness::internal {
namespace {

using namespace std::chrono_literals;
using common::BootTime;
using common::Duration;

constexpr BootTime kNow(1000s);

// Without jitter, unless `random_` is set.
class AttemptPlanTest : public ::testing::Test {
 protected:
  AttemptPlan Of(std::size_t targets) {
    return AttemptPlan(targets, [this] { return random_; });
  }
  double random_ = 0;
};

TEST_F(AttemptPlanTest, PlansNothingByItself) {
  AttemptPlan plan = Of(2);
  EXPECT_EQ(plan.next(), std::nullopt);
  EXPECT_EQ(plan.Take(kNow), 0u);
  EXPECT_EQ(plan.next(), std::nullopt);
}

TEST_F(AttemptPlanTest, ARoundTakesNoTimeAndTheBackoffFollowsIt) {
  AttemptPlan plan = Of(2);
  plan.Take(kNow);
  plan.GoOn(kNow + 10ms, kNow);
  EXPECT_EQ(plan.next(), kNow + 10ms);
  EXPECT_EQ(plan.Take(kNow + 10ms), 1u);
  Duration pause{};
  for (int round = 0; round < 10; ++round) {
    plan.GoOn(kNow, kNow);
    EXPECT_GE(*plan.next() - kNow, pause);
    pause = *plan.next() - kNow;
    plan.Take(kNow);
    plan.GoOn(kNow, kNow);  // to the second target of the round
    plan.Take(kNow);
  }
  EXPECT_EQ(pause, 2s);
}

TEST_F(AttemptPlanTest, AnAttemptThatTookLongIsFollowedAtOnce) {
  AttemptPlan plan = Of(1);
  for (int i = 0; i < 10; ++i) {
    plan.Take(kNow);
    plan.GoOn(kNow + 5s, kNow);
    EXPECT_EQ(plan.next(), kNow + 5s);
  }
  plan.Take(kNow);
  plan.GoOn(kNow, kNow);
  EXPECT_EQ(plan.next(), kNow + 2s) << "where the attempt failed at once, the backoff stands between";
}

TEST_F(AttemptPlanTest, AfterALossTheDelayIsTheShortestAgain) {
  AttemptPlan plan = Of(1);
  for (int i = 0; i < 10; ++i) {
    plan.Take(kNow);
    plan.GoOn(kNow, kNow);
  }
  EXPECT_GT(*plan.next(), kNow + 1s);
  random_ = 0.999;
  plan.ComeBack(kNow, 0);
  EXPECT_LE(*plan.next(), kNow + 100ms);
}

TEST_F(AttemptPlanTest, AHeldTargetHoldsUpOnlyItself) {
  AttemptPlan plan = Of(2);
  plan.Hold(0, kNow + 7s);
  plan.ComeBack(kNow, 0);
  EXPECT_EQ(plan.next(), kNow);
  EXPECT_EQ(plan.Take(kNow), 1u);
  plan.Hold(1, kNow + 9s);
  plan.GoOn(kNow, kNow);
  EXPECT_EQ(plan.next(), kNow + 7s);
}

TEST_F(AttemptPlanTest, WhereAllAreHeldItWaitsForTheFirstOfThem) {
  AttemptPlan plan = Of(2);
  plan.Hold(0, kNow + 7s);
  plan.Hold(1, kNow + 3s);
  EXPECT_EQ(plan.Take(kNow), std::nullopt);
  EXPECT_EQ(plan.next(), kNow + 3s);
  EXPECT_EQ(plan.Take(kNow + 3s), 1u);
}

TEST_F(AttemptPlanTest, ADrainingServerIsLeftAtARandomMomentAndPassedOver) {
  AttemptPlan plan = Of(2);
  random_ = 0.5;
  plan.Leave(0);
  const BootTime moment = plan.MomentWithin(kNow, 10s);
  EXPECT_EQ(moment, kNow + 5s);
  EXPECT_LE(plan.MomentWithin(kNow, 10'000h), kNow + 1h) << "no server keeps a client waiting for a year";
  EXPECT_EQ(plan.MomentWithin(kNow, -1h), kNow);
  plan.DialAt(moment);
  EXPECT_EQ(plan.Take(moment), 1u);
  plan.GoOn(moment, moment);
  EXPECT_EQ(plan.Take(*plan.next()), 1u) << "in later rounds too";
}

TEST_F(AttemptPlanTest, AHurryMovesAPlannedAttemptForwardAndPlansNone) {
  AttemptPlan plan = Of(1);
  plan.DialBy(kNow);
  EXPECT_EQ(plan.next(), std::nullopt);
  plan.DialAt(kNow + 5s);
  plan.DialBy(kNow + 9s);
  EXPECT_EQ(plan.next(), kNow + 5s);
  plan.DialBy(kNow + 1s);
  EXPECT_EQ(plan.next(), kNow + 1s);
}

TEST_F(AttemptPlanTest, WithoutWhatWasRefusedTheSameTargetIsNextAtOnce) {
  AttemptPlan plan = Of(3);
  plan.Take(kNow);
  EXPECT_EQ(plan.Take(kNow), 1u);
  plan.AskAgain(kNow, 1);
  EXPECT_EQ(plan.next(), kNow);
  EXPECT_EQ(plan.Take(kNow), 1u);
}

TEST_F(AttemptPlanTest, HasteGrowsByTargetAndBeginsAnew) {
  AttemptPlan plan = Of(2);
  for (const int haste : {0, 1, 2, 3, 0}) {
    EXPECT_EQ(plan.haste(0), haste);
    EXPECT_EQ(plan.haste(1), 0);
    plan.Hasten(0);
  }
}

}  // namespace
}  // namespace liveness::internal
