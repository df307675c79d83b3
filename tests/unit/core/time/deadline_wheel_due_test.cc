// What may happen while the due are handed out: callbacks that change the wheel, and those set aside
// meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <vector>

#include "server/core/time/deadline_wheel.h"
#include "tests/unit/core/time/wheel_words.h"

namespace liveness::core {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;

TEST(DeadlineWheelDueTest, CallbackMayCancelOthersThatAreDue) {
  DeadlineWheel wheel;
  std::deque<WheelNode> nodes(4);
  for (WheelNode& node : nodes) wheel.Schedule(node, At(seconds(1)));
  std::vector<const WheelNode*> due;
  wheel.AdvanceTo(At(seconds(1)), [&](WheelNode& node) {
    due.push_back(&node);
    wheel.Cancel(nodes[1]);
    wheel.Cancel(nodes[2]);
  });
  EXPECT_THAT(due, ElementsAre(&nodes[0], &nodes[3]));
}

TEST(DeadlineWheelDueTest, CallbackMayRearmItselfAndOthersThatAreDue) {
  DeadlineWheel wheel;
  std::deque<WheelNode> nodes(2);
  for (WheelNode& node : nodes) wheel.Schedule(node, At(seconds(1)));
  wheel.AdvanceTo(At(seconds(1)), [&](WheelNode& node) {
    EXPECT_EQ(&node, &nodes[0]);
    wheel.Schedule(nodes[0], At(seconds(2)));
    wheel.Schedule(nodes[1], At(seconds(3)));
  });
  EXPECT_THAT(Due(wheel, At(seconds(2))), ElementsAre(&nodes[0]));
  EXPECT_THAT(Due(wheel, At(seconds(3))), ElementsAre(&nodes[1]));
}

TEST(DeadlineWheelDueTest, CallbackThatRearmsForThePastDoesNotLoop) {
  DeadlineWheel wheel;
  WheelNode node;
  wheel.Schedule(node, At(seconds(1)));
  int fired = 0;
  const auto rearm = [&](WheelNode& due) {
    ++fired;
    wheel.Schedule(due, At(seconds(1)));
  };
  wheel.AdvanceTo(At(seconds(30)), rearm);
  EXPECT_EQ(fired, 1);
  EXPECT_LE(wheel.NextDeadline(), At(seconds(30)));
  wheel.AdvanceTo(At(seconds(30)), rearm);
  EXPECT_EQ(fired, 2);
}

TEST(DeadlineWheelDueTest, SetAsideNodesCountUntilTheyAreTaken) {
  DeadlineWheel wheel;
  std::deque<WheelNode> nodes(2);
  for (WheelNode& node : nodes) wheel.Schedule(node, At(seconds(1)));
  wheel.AdvanceTo(At(seconds(5)));
  EXPECT_EQ(wheel.PopDue(), &nodes[0]);
  EXPECT_FALSE(wheel.empty());
  EXPECT_LE(wheel.NextDeadline(), At(seconds(5)));
  wheel.AdvanceTo(At(seconds(6)));
  EXPECT_EQ(wheel.PopDue(), &nodes[1]);
  EXPECT_EQ(wheel.PopDue(), nullptr);
  EXPECT_TRUE(wheel.empty());
}

TEST(DeadlineWheelDueTest, AFleetInOneSlotIsMovedInParts) {
  DeadlineWheel wheel;
  std::deque<WheelNode> nodes(1'000);
  for (WheelNode& node : nodes) wheel.Schedule(node, At(seconds(30)));  // some levels up
  std::size_t popped = 0;
  int calls = 0;
  for (; wheel.NextDeadline() <= At(seconds(30)); ++calls) {
    ASSERT_LT(calls, 1'000);
    wheel.AdvancePart(At(seconds(30)), 100);
    std::size_t now = 0;
    while (wheel.PopDue() != nullptr) ++now;
    ASSERT_LE(now, 100u);
    popped += now;
  }
  EXPECT_EQ(popped, nodes.size());
  EXPECT_GE(calls, 10);
  EXPECT_TRUE(wheel.empty());
}

}  // namespace
}  // namespace liveness::core
