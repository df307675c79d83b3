#include "server/core/time/deadline_wheel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <random>
#include <set>
#include <vector>

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

MonoTime At(Duration since_start) { return MonoTime(since_start); }

std::vector<const WheelNode*> Due(DeadlineWheel& wheel, MonoTime now) {
  std::vector<const WheelNode*> due;
  wheel.AdvanceTo(now, [&](WheelNode& node) { due.push_back(&node); });
  return due;
}

TEST(DeadlineWheelTest, EmptyHasNoDeadline) {
  DeadlineWheel wheel(At(seconds(5)));
  EXPECT_EQ(wheel.NextDeadline(), MonoTime::max());
  EXPECT_TRUE(wheel.empty());
  EXPECT_THAT(Due(wheel, At(hours(1))), IsEmpty());
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

TEST(DeadlineWheelTest, CallbackMayCancelOthersThatAreDue) {
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

TEST(DeadlineWheelTest, CallbackMayRearmItselfAndOthersThatAreDue) {
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

TEST(DeadlineWheelTest, CallbackThatRearmsForThePastDoesNotLoop) {
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

TEST(DeadlineWheelTest, SetAsideNodesCountUntilTheyAreTaken) {
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

TEST(DeadlineWheelTest, TimeThatGoesBackIsIgnored) {
  DeadlineWheel wheel;
  WheelNode node;
  EXPECT_THAT(Due(wheel, At(seconds(10))), IsEmpty());
  wheel.Schedule(node, At(seconds(12)));
  EXPECT_THAT(Due(wheel, At(seconds(1))), IsEmpty());
  EXPECT_THAT(Due(wheel, At(seconds(12))), ElementsAre(&node));
}

TEST(DeadlineWheelTest, AFleetInOneSlotIsMovedInParts) {
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

// Against a model: the same steps on a wheel and on a sorted map of ticks.
class DeadlineWheelModelTest : public ::testing::TestWithParam<unsigned> {};

TEST_P(DeadlineWheelModelTest, AgreesWithASortedMap) {
  std::mt19937_64 random(GetParam());
  const auto below = [&](std::uint64_t bound) { return random() % bound; };
  // Spans of every magnitude, so that every level is crossed.
  const auto span = [&] { return nanoseconds(below(std::uint64_t{1} << (10 + below(40)))); };

  MonoTime now = At(span());
  DeadlineWheel wheel(now);
  std::deque<WheelNode> nodes(200);
  std::map<const WheelNode*, MonoTime> model;
  const auto round_up = [](MonoTime when) { return std::chrono::ceil<milliseconds>(when); };

  for (int step = 0; step < 20'000; ++step) {
    WheelNode& node = nodes[below(nodes.size())];
    switch (below(4)) {
      case 0:
      case 1: {
        const MonoTime when = below(20) == 0 ? now - span() : now + span();
        wheel.Schedule(node, when);
        model[&node] = round_up(when);
        break;
      }
      case 2:
        wheel.Cancel(node);
        model.erase(&node);
        break;
      default: {
        MonoTime first = MonoTime::max();
        for (const auto& [_, when] : model) first = std::min(first, when);
        const MonoTime next = wheel.NextDeadline();
        ASSERT_EQ(next == MonoTime::max(), model.empty());
        if (!model.empty()) {
          // Due nodes of the past are told as "now".
          ASSERT_LE(next, std::max(first, now)) << "at step " << step;
        }
        if (below(2) == 0 && next != MonoTime::max()) {
          now = std::max(now, next);
        } else {
          now += span();
        }
        std::set<const WheelNode*> expected;
        for (const auto& [due, when] : model) {
          if (when <= std::chrono::floor<milliseconds>(now)) expected.insert(due);
        }
        std::set<const WheelNode*> actual;
        wheel.AdvanceTo(now, [&](WheelNode& due) {
          ASSERT_TRUE(actual.insert(&due).second);
          ASSERT_TRUE(model.contains(&due));
          model.erase(&due);
          if (below(3) == 0) {
            const MonoTime when = now + span();
            wheel.Schedule(due, when);
            model[&due] = round_up(when);
          }
        });
        ASSERT_EQ(actual, expected) << "at step " << step;
      }
    }
    ASSERT_EQ(node.scheduled(), model.contains(&node));
  }
  for (WheelNode& node : nodes) wheel.Cancel(node);
  EXPECT_TRUE(wheel.empty());
}

// Whatever is scheduled and cancelled between the parts of one advance.
TEST_P(DeadlineWheelModelTest, PartsAgreeWithASortedMap) {
  std::mt19937_64 random(GetParam());
  const auto below = [&](std::uint64_t bound) { return random() % bound; };
  const auto span = [&] { return milliseconds(below(std::uint64_t{1} << below(14))); };
  MonoTime now = At(seconds(1));
  DeadlineWheel wheel(now);
  std::deque<WheelNode> nodes(300);
  std::map<const WheelNode*, MonoTime> model;
  const auto change = [&] {
    WheelNode& node = nodes[below(nodes.size())];
    if (below(3) == 0) {
      wheel.Cancel(node);
      model.erase(&node);
      return;
    }
    const MonoTime when = below(20) == 0 ? now - span() : now + span();
    wheel.Schedule(node, when);
    model[&node] = when;
  };
  for (int step = 0; step < 1'000; ++step) {
    for (std::uint64_t n = below(100); n > 0; --n) change();
    now += span();
    while (wheel.NextDeadline() <= now) {
      wheel.AdvancePart(now, 1 + below(20));
      for (std::uint64_t n = below(3); n > 0; --n) change();
      while (WheelNode* due = wheel.PopDue()) {
        ASSERT_TRUE(model.contains(due));
        ASSERT_LE(model[due], now);
        model.erase(due);
      }
    }
    for (const auto& [_, when] : model) ASSERT_GT(when, now) << "at step " << step;
  }
  for (WheelNode& node : nodes) wheel.Cancel(node);
  EXPECT_TRUE(wheel.empty());
}

INSTANTIATE_TEST_SUITE_P(Seeds, DeadlineWheelModelTest, ::testing::Range(1u, 9u));

}  // namespace
}  // namespace liveness::core
