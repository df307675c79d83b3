#include "client/src/session/target_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace liveness::internal {
namespace {

using namespace std::chrono_literals;
using common::BootTime;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr BootTime kNow(1000s);

// What is left of the round.
std::vector<std::size_t> Rest(TargetOrder& order, BootTime now = kNow) {
  std::vector<std::size_t> targets;
  while (const auto target = order.Next(now)) targets.push_back(*target);
  return targets;
}

TEST(TargetOrder, EachOnceARound) {
  TargetOrder order(3);
  EXPECT_TRUE(order.RoundGoesOn(kNow));
  EXPECT_THAT(Rest(order), ElementsAre(0, 1, 2));
  EXPECT_FALSE(order.RoundGoesOn(kNow));
  order.NextRound();
  EXPECT_THAT(Rest(order), ElementsAre(0, 1, 2));
}

TEST(TargetOrder, ALostOneIsTheFirstOrTheLast) {
  TargetOrder order(3);
  order.Next(kNow);
  order.StartAt(1);
  EXPECT_THAT(Rest(order), ElementsAre(1, 2, 0));
  order.StartAfter(1);
  EXPECT_THAT(Rest(order), ElementsAre(2, 0, 1));
  order.StartAfter(2);
  EXPECT_THAT(Rest(order), ElementsAre(0, 1, 2));
}

TEST(TargetOrder, OneThatAskedToBeLeftIsPassedOverUntilTheNextStart) {
  TargetOrder order(3);
  order.Leave(1);
  EXPECT_THAT(Rest(order), ElementsAre(2, 0));
  order.NextRound();
  EXPECT_THAT(Rest(order), ElementsAre(2, 0));
  order.StartAfter(1);
  EXPECT_THAT(Rest(order), ElementsAre(2, 0, 1));
}

TEST(TargetOrder, TheOnlyOneIsTriedWhateverItAsked) {
  TargetOrder order(1);
  order.Leave(0);
  EXPECT_THAT(Rest(order), ElementsAre(0));
}

TEST(TargetOrder, OneThatIsHeldIsPassedOverUntilItsTime) {
  TargetOrder order(3);
  order.Hold(0, kNow + 7s);
  order.Hold(0, kNow + 1s);
  EXPECT_THAT(Rest(order), ElementsAre(1, 2));
  EXPECT_EQ(order.FreeAt(), BootTime());
  order.NextRound();
  EXPECT_THAT(Rest(order, kNow + 7s), ElementsAre(0, 1, 2));
}

TEST(TargetOrder, WhenAllAreHeldTheEarliestSaysWhen) {
  TargetOrder order(3);
  for (std::size_t target : {0, 1, 2}) order.Hold(target, kNow + 3s - std::chrono::seconds(target));
  EXPECT_FALSE(order.RoundGoesOn(kNow));
  EXPECT_THAT(Rest(order), IsEmpty());
  EXPECT_EQ(order.FreeAt(), kNow + 1s);
  order.Leave(2);
  EXPECT_EQ(order.FreeAt(), kNow + 2s);
}

}  // namespace
}  // namespace liveness::internal
