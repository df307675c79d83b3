#include "server/rpc/query/stats.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/registry/registry_harness.h"

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
  counts.Add("a", dead, {.mistakes = mistakes}, now);
  counts.Add("a", alive, {.mistakes = mistakes}, now);
  EXPECT_EQ(counts.groups().at("a").mistakes.count, 2);
  EXPECT_EQ(counts.groups().at("a").mistakes.total, seconds(4));
  EXPECT_DOUBLE_EQ(counts.groups().at("a").known_seconds, 40);
}

v1::GetStatsResponse Stats(liveness::testing::RegistryHarness& h, const v1::GetStatsRequest& request = {}) {
  const core::MacFunction no_mac;
  v1::GetStatsResponse response;
  const auto query = StatsQuery::Begin({h.registry, h.clock, no_mac}, request);
  EXPECT_TRUE(query.ok()) << query.status();
  for (bool done = !query.ok(); !done;) done = *(*query)->Step(response);
  return response;
}

v1::GetStatsResponse ByZone(liveness::testing::RegistryHarness& h) {
  v1::GetStatsRequest request;
  request.set_group_by_label("zone");
  return Stats(h, request);
}

TEST(GetStatsTest, ManyAreCountedInStepsEachOnce) {
  liveness::testing::RegistryHarness h;
  for (int i = 0; i < 2'500; ++i) {
    h.Attach("c" + std::to_string(i), "i1", std::nullopt, {{"zone", i % 2 == 0 ? "a" : "b"}});
  }
  v1::GetStatsRequest request;
  request.set_filter("labels.zone = a");
  const core::MacFunction no_mac;
  const auto query = StatsQuery::Begin({h.registry, h.clock, no_mac}, request);
  ASSERT_TRUE(query.ok());
  v1::GetStatsResponse response;
  int steps = 1;
  while (!*(*query)->Step(response)) ++steps;
  EXPECT_GT(steps, 1);
  EXPECT_EQ(response.counts().alive(), 1'250);
}

TEST(GetStatsTest, DetectionTimeAndMistakesPerLabel) {
  using std::chrono::milliseconds;
  using std::chrono::seconds;
  liveness::testing::RegistryHarness h;
  h.Attach("silent", "i1", std::nullopt, {{"zone", "a"}});
  const auto closed = h.Attach("closed", "i1", std::nullopt, {{"zone", "b"}});
  h.Run(milliseconds(2'000));
  h.Close(closed);
  h.Run(milliseconds(3'000));
  ASSERT_EQ(h.StateOf("silent"), core::State::kDead);
  v1::GetStatsResponse stats = ByZone(h);
  ASSERT_EQ(stats.groups_size(), 2);
  EXPECT_EQ(stats.groups(0).detection_time_max().seconds(), 3);
  EXPECT_EQ(stats.groups(0).detection_time_p50().seconds(), 3);
  EXPECT_EQ(stats.groups(1).detection_time_p99().seconds(), 2);
  EXPECT_EQ(stats.groups(0).mistake_rate(), 0);

  // It comes back: a mistake, and what was measured of it stays.
  h.Attach("silent", "i1", std::nullopt, {{"zone", "a"}});
  h.Run(milliseconds(1'000));
  stats = ByZone(h);
  EXPECT_EQ(stats.groups(0).detection_time_max().seconds(), 3);
  EXPECT_EQ(stats.groups(0).mistake_count(), 1);
  // Known for 4 s before its death and for 1 s since: one mistake in 5 s.
  EXPECT_NEAR(stats.groups(0).mistake_rate(), 86'400.0 / 5, 50);
}

TEST(GetStatsTest, MassFailuresAndDoubtsAreCounted) {
  liveness::testing::RegistryHarness h;
  h.registry.CanaryAnswered(h.clock.Mono(), h.clock.Mono());
  for (int i = 0; i < 12; ++i) h.Attach("c" + std::to_string(i));
  h.Run(std::chrono::milliseconds(4'100));
  v1::GetStatsResponse stats;
  stats = Stats(h);
  EXPECT_EQ(stats.group_event_count(), 2) << "the subnet, and everyone";
  EXPECT_EQ(stats.doubt_count(), 1);
  EXPECT_EQ(stats.held_death_count(), 12);
}

}  // namespace
}  // namespace liveness::rpc
