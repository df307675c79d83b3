#include "server/rpc/stats.h"

#include <gtest/gtest.h>

namespace liveness::rpc {
namespace {

core::ClientRecord Record(core::State state) {
  core::ClientRecord record;
  record.state = state;
  return record;
}

TEST(GroupedCountsTest, TheFirstValuesStayWhateverTheOrderTheyComeIn) {
  for (const bool ascending : {true, false}) {
    GroupedCounts counts(3);
    for (int i = 0; i < 10; ++i) {
      const std::string value(1, static_cast<char>('a' + (ascending ? i : 9 - i)));
      counts.Add(value, Record(core::State::kAlive), {}, {});
      counts.Add(value, Record(core::State::kDead), {}, {});
    }
    ASSERT_EQ(counts.groups().size(), 3u);
    EXPECT_EQ(counts.groups().begin()->first, "a");
    EXPECT_EQ(counts.groups().rbegin()->first, "c");
    for (const auto& [value, group] : counts.groups()) {
      EXPECT_EQ(group.counts.alive, 1) << value;
      EXPECT_EQ(group.counts.dead, 1) << value;
    }
    EXPECT_EQ(counts.rest().alive, 7);
    EXPECT_EQ(counts.rest().dead, 7);
  }
}

TEST(GroupedCountsTest, AValueThatMadeRoomStaysInTheRest) {
  GroupedCounts counts(1);
  counts.Add("b", Record(core::State::kAlive), {}, {});
  counts.Add("a", Record(core::State::kAlive), {}, {});  // b goes
  counts.Add("b", Record(core::State::kAlive), {}, {});
  ASSERT_EQ(counts.groups().size(), 1u);
  EXPECT_EQ(counts.groups().at("a").counts.alive, 1);
  EXPECT_EQ(counts.rest().alive, 2);
}

TEST(GroupedCountsTest, MistakesAndKnownTimeAreSummed) {
  using std::chrono::seconds;
  GroupedCounts counts(1);
  core::Mistakes mistakes;
  mistakes.Add(seconds(2));
  const common::WallTime now{seconds(100)};
  core::ClientRecord dead = Record(core::State::kDead);
  dead.register_time = common::WallTime{seconds(10)};
  dead.state_time = common::WallTime{seconds(40)};
  core::ClientRecord alive = Record(core::State::kAlive);
  alive.register_time = common::WallTime{seconds(90)};
  counts.Add("a", dead, mistakes, now);
  counts.Add("a", alive, mistakes, now);
  EXPECT_EQ(counts.groups().at("a").mistakes.count, 2);
  EXPECT_EQ(counts.groups().at("a").mistakes.total, seconds(4));
  EXPECT_DOUBLE_EQ(counts.groups().at("a").known_seconds, 40);
}

}  // namespace
}  // namespace liveness::rpc
