#include "server/storage/transition_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

namespace liveness::storage {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

core::TransitionPtr Make(std::uint64_t revision, const std::string& client_id = "a", int second = 0) {
  core::ClientInfo info;
  info.client_id = client_id;
  auto record = std::make_shared<core::ClientRecord>();
  record->info = core::PackedInfo(info);
  record->revision = revision;
  return std::make_shared<core::Transition>(
      core::Transition{nullptr, std::move(record), core::WallTime(seconds(second))});
}

std::vector<std::uint64_t> Revisions(const TransitionLog& log, const HistoryQuery& query) {
  std::vector<std::uint64_t> revisions;
  for (const auto& each : log.Read(query)) revisions.push_back(each->revision());
  return revisions;
}

TEST(TransitionLog, FindsWhatMatchesInBothDirections) {
  TransitionLog log;
  log.Append(Make(3, "a", 10));
  log.Append(Make(5, "b", 20));
  log.Append(Make(6, "a", 30));
  log.Append(Make(9, "a", 15));  // the clock was set back
  EXPECT_THAT(Revisions(log, {.client_id = "a"}), ElementsAre(3, 6, 9));
  EXPECT_THAT(Revisions(log, {.newest_first = true, .client_id = "a", .limit = 2}), ElementsAre(9, 6));
  EXPECT_THAT(Revisions(log, {.after = 3, .before = 9, .client_id = "a"}), ElementsAre(6));
  const core::WallTime from(seconds(15)), until(seconds(30));
  EXPECT_THAT(Revisions(log, {.from = from, .until = until}), ElementsAre(5, 9));
  EXPECT_THAT(Revisions(log, {.client_id = "a", .from = from, .until = until}), ElementsAre(9));
  EXPECT_THAT(Revisions(log, {.client_id = "c"}), IsEmpty());
  EXPECT_THAT(Revisions(log, {.after = 9, .before = 3}), IsEmpty());
}

TEST(TransitionLog, ALimitNeverSplitsARevision) {
  TransitionLog log;
  for (const std::uint64_t revision : {1, 2, 2, 2, 3}) log.Append(Make(revision));
  log.Append(Make(3, "b"));
  EXPECT_THAT(Revisions(log, {.limit = 2}), ElementsAre(1, 2, 2, 2));
  EXPECT_THAT(Revisions(log, {.newest_first = true, .client_id = "a", .limit = 2}), ElementsAre(3, 2, 2, 2));
}

// Against one that asks each transition.
TEST(TransitionLog, EqualsAPlainSearch) {
  std::mt19937 random(1);
  const auto pick = [&](unsigned most) { return random() % most; };
  for (int round = 0; round < 200; ++round) {
    TransitionLog log;
    std::vector<core::TransitionPtr> all;
    std::uint64_t revision = 1;
    for (int n = 0; n < 50; ++n) {
      revision += pick(3);
      all.push_back(Make(revision, "c" + std::to_string(pick(4)), static_cast<int>(pick(20))));
      log.Append(all.back());
    }
    HistoryQuery query{
        .after = pick(30), .before = 30 + pick(60), .newest_first = pick(2) == 0, .limit = 1'000};
    if (pick(2) == 0) query.client_id = "c" + std::to_string(pick(4));
    if (pick(2) == 0) query.from = core::WallTime(seconds(pick(20)));
    if (pick(2) == 0) query.until = core::WallTime(seconds(pick(20)));
    std::vector<core::TransitionPtr> expected;
    for (const auto& each : all) {
      if (each->revision() <= query.after || each->revision() >= query.before) continue;
      if (!query.client_id.empty() && each->after->client_id() != query.client_id) continue;
      if ((query.from && each->time < *query.from) || (query.until && each->time >= *query.until)) continue;
      expected.push_back(each);
    }
    if (query.newest_first) expected = {expected.rbegin(), expected.rend()};
    ASSERT_EQ(log.Read(query), expected) << "round " << round;
  }
}

}  // namespace
}  // namespace liveness::storage
