#include "server/core/time/deadline_wheel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>

#include "tests/unit/core/time/wheel_words.h"

namespace liveness::core {
namespace {

using common::Duration;
using common::MonoTime;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(DeadlineWheelTest, EmptyHasNoDeadline) {
  DeadlineWheel wheel(At(seconds(5)));
  EXPECT_EQ(wheel.NextDeadline(), MonoTime::max());
  EXPECT_TRUE(wheel.empty());
  EXPECT_THAT(Due(wheel, At(hours(1))), IsEmpty());
}

TEST(DeadlineWheelTest, WithANodeThatIsNotDueItIsNotEmpty) {
  for (const Duration ahead : {Duration(milliseconds(7)), Duration(hours(7))}) {
    DeadlineWheel wheel;
    WheelNode node;
    wheel.Schedule(node, At(ahead));
    EXPECT_FALSE(wheel.empty());
    wheel.Cancel(node);
    EXPECT_TRUE(wheel.empty());
  }
}

TEST(DeadlineWheelTest, NeverFiresEarlyAndRoundsUpToTheMillisecond) {
  DeadlineWheel wheel(At(seconds(1)));
  WheelNode node;
  wheel.Schedule(node, At(seconds(1) + microseconds(2500)));
  EXPECT_THAT(Due(wheel, At(seconds(1) + microseconds(2999))), IsEmpty());
  EXPECT_EQ(wheel.NextDeadline(), At(milliseconds(1003)));
  EXPECT_THAT(Due(wheel, At(milliseconds(1003))), ElementsAre(&node));
  EXPECT_FALSE(node.scheduled());
}

TEST(DeadlineWheelTest, ExactMillisecondFiresOnIt) {
  DeadlineWheel wheel;
  WheelNode node;
  wheel.Schedule(node, At(milliseconds(7)));
  EXPECT_THAT(Due(wheel, At(milliseconds(7) - nanoseconds(1))), IsEmpty());
  EXPECT_THAT(Due(wheel, At(milliseconds(7))), ElementsAre(&node));
}

TEST(DeadlineWheelTest, ThePastIsDueAtOnce) {
  DeadlineWheel wheel(At(seconds(10)));
  WheelNode node;
  wheel.Schedule(node, At(seconds(3)));
  EXPECT_LE(wheel.NextDeadline(), At(seconds(10)));
  EXPECT_THAT(Due(wheel, At(seconds(10))), ElementsAre(&node));
}

TEST(DeadlineWheelTest, NegativeInstantsAreThePast) {
  DeadlineWheel wheel(At(-seconds(10)));
  WheelNode node;
  wheel.Schedule(node, At(-seconds(3)));
  EXPECT_THAT(Due(wheel, At(seconds(0))), ElementsAre(&node));
}

TEST(DeadlineWheelTest, RearmMovesBothWays) {
  DeadlineWheel wheel;
  WheelNode node;
  wheel.Schedule(node, At(seconds(10)));
  wheel.Schedule(node, At(seconds(20)));
  EXPECT_THAT(Due(wheel, At(seconds(15))), IsEmpty());
  wheel.Schedule(node, At(seconds(16)));
  EXPECT_LE(wheel.NextDeadline(), At(seconds(16)));
  EXPECT_THAT(Due(wheel, At(seconds(16))), ElementsAre(&node));
}

TEST(DeadlineWheelTest, CancelledIsNeverDue) {
  DeadlineWheel wheel;
  WheelNode node;
  wheel.Cancel(node);
  wheel.Schedule(node, At(seconds(1)));
  wheel.Cancel(node);
  EXPECT_TRUE(wheel.empty());
  EXPECT_EQ(wheel.NextDeadline(), MonoTime::max());
  EXPECT_THAT(Due(wheel, At(seconds(2))), IsEmpty());
}

TEST(DeadlineWheelTest, FarDeadlinesFireOnTheirMillisecond) {
  for (const Duration span :
       {Duration(hours(24)), Duration(hours(24 * 365 * 100)), Duration(milliseconds(64)),
        Duration(milliseconds(4096)), Duration(seconds(40))}) {
    DeadlineWheel wheel(At(milliseconds(12345)));
    WheelNode node;
    const MonoTime when = At(milliseconds(12345) + span);
    wheel.Schedule(node, when);
    EXPECT_THAT(Due(wheel, when - milliseconds(1)), IsEmpty());
    EXPECT_THAT(Due(wheel, when), ElementsAre(&node));
  }
}

TEST(DeadlineWheelTest, TheEndOfTimeNeverComes) {
  DeadlineWheel wheel;
  WheelNode node;
  wheel.Schedule(node, MonoTime::max());
  EXPECT_THAT(Due(wheel, MonoTime::max()), IsEmpty());
  EXPECT_TRUE(node.scheduled());
  wheel.Cancel(node);
  EXPECT_TRUE(wheel.empty());
}

// Following NextDeadline() reaches a far deadline on its millisecond, in a few steps.
TEST(DeadlineWheelTest, NextDeadlineLeadsThere) {
  DeadlineWheel wheel(At(milliseconds(999'983)));
  WheelNode node;
  const MonoTime when = At(milliseconds(999'983) + hours(30) + milliseconds(77));
  wheel.Schedule(node, when);
  int steps = 0;
  while (node.scheduled()) {
    const MonoTime next = wheel.NextDeadline();
    ASSERT_LE(next, when);
    ASSERT_LE(++steps, 8);
    const bool fired = !Due(wheel, next).empty();
    ASSERT_EQ(fired, next == when);
  }
}

TEST(DeadlineWheelTest, ABigJumpFiresAllInOrder) {
  DeadlineWheel wheel;
  std::deque<WheelNode> nodes(5);
  wheel.Schedule(nodes[0], At(hours(20)));
  wheel.Schedule(nodes[1], At(milliseconds(3)));
  wheel.Schedule(nodes[2], At(hours(30)));
  wheel.Schedule(nodes[3], At(seconds(30)));
  wheel.Schedule(nodes[4], At(seconds(29)));
  EXPECT_THAT(Due(wheel, At(hours(24))), ElementsAre(&nodes[1], &nodes[4], &nodes[3], &nodes[0]));
  EXPECT_THAT(Due(wheel, At(hours(30))), ElementsAre(&nodes[2]));
}

TEST(DeadlineWheelTest, ManyOnOneTick) {
  DeadlineWheel wheel;
  std::deque<WheelNode> nodes(10'000);
  for (WheelNode& node : nodes) wheel.Schedule(node, At(seconds(40)));
  EXPECT_EQ(Due(wheel, At(seconds(40))).size(), nodes.size());
  EXPECT_TRUE(wheel.empty());
}

TEST(DeadlineWheelTest, TimeThatGoesBackIsIgnored) {
  DeadlineWheel wheel;
  WheelNode node;
  EXPECT_THAT(Due(wheel, At(seconds(10))), IsEmpty());
  wheel.Schedule(node, At(seconds(12)));
  EXPECT_THAT(Due(wheel, At(seconds(1))), IsEmpty());
  EXPECT_THAT(Due(wheel, At(seconds(12))), ElementsAre(&node));
}

}  // namespace
}  // namespace liveness::core
