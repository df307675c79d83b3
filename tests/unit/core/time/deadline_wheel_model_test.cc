// The wheel against a model: the same steps on it and on a sorted map.
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <map>
#include <random>
#include <set>

#include "server/core/time/deadline_wheel.h"
#include "tests/unit/core/time/wheel_words.h"

namespace liveness::core {
namespace {

using common::MonoTime;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

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
