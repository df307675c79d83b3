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
      counts.Add(value, Record(core::State::kAlive));
      counts.Add(value, Record(core::State::kDead));
    }
    ASSERT_EQ(counts.groups().size(), 3u);
    EXPECT_EQ(counts.groups().begin()->first, "a");
    EXPECT_EQ(counts.groups().rbegin()->first, "c");
    for (const auto& [value, group] : counts.groups()) {
      EXPECT_EQ(group.alive, 1) << value;
      EXPECT_EQ(group.dead, 1) << value;
    }
    EXPECT_EQ(counts.rest().alive, 7);
    EXPECT_EQ(counts.rest().dead, 7);
  }
}

TEST(GroupedCountsTest, AValueThatMadeRoomStaysInTheRest) {
  GroupedCounts counts(1);
  counts.Add("b", Record(core::State::kAlive));
  counts.Add("a", Record(core::State::kAlive));  // b goes
  counts.Add("b", Record(core::State::kAlive));
  ASSERT_EQ(counts.groups().size(), 1u);
  EXPECT_EQ(counts.groups().at("a").alive, 1);
  EXPECT_EQ(counts.rest().alive, 2);
}

}  // namespace
}  // namespace liveness::rpc
