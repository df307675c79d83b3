#include "server/storage/transition_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

namespace liveness::storage {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

core::TransitionPtr Make(std::uint64_t revision, const std::string& client_id = "a", int second = 0,
                         const std::string& principal = "") {
  core::ClientInfo info;
  info.client_id = client_id;
  info.principal = principal;
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
  TransitionLog log(0, {});
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
  TransitionLog log(0, {});
  for (const std::uint64_t revision : {1, 2, 2, 2, 3}) log.Append(Make(revision));
  log.Append(Make(3, "b"));
  EXPECT_THAT(Revisions(log, {.limit = 2}), ElementsAre(1, 2, 2, 2));
  EXPECT_THAT(Revisions(log, {.newest_first = true, .client_id = "a", .limit = 2}), ElementsAre(3, 2, 2, 2));
}

TEST(TransitionLog, ALoudClientLosesItsOwnFirst) {
  TransitionLog log(0, {.transitions = 20, .per_client = 3});
  std::uint64_t revision = 0;
  for (const char* quiet : {"a", "b", "c", "d", "e"}) log.Append(Make(++revision, quiet));
  for (int n = 0; n < 500; ++n) log.Append(Make(++revision, "loud"));
  EXPECT_LE(log.size(), 20u);
  for (const char* quiet : {"a", "b", "c", "d", "e"}) {
    EXPECT_EQ(Revisions(log, {.client_id = quiet}).size(), 1u) << quiet;
  }
  EXPECT_EQ(log.compacted(), 0u);
  // Not all is there up to the last that was dropped, and all that is above.
  const auto kept = Revisions(log, {.client_id = "loud"});
  EXPECT_EQ(log.complete_after(), kept.front() - 1);
  EXPECT_THAT(log.Gaps(0, 1'000), ElementsAre(std::pair(0u, log.complete_after())));
  EXPECT_THAT(log.Gaps(log.complete_after(), 1'000), IsEmpty());
  // The quiet grow old like all others.
  for (int n = 0; n < 20; ++n) log.Append(Make(++revision, "f" + std::to_string(n)));
  EXPECT_THAT(Revisions(log, {.client_id = "a"}), IsEmpty());
}

// Whoever appends has a busy lock: what is too much goes one by one, not a thousand at a time.
TEST(TransitionLog, WhatIsTooMuchGoesOneByOne) {
  TransitionLog log(0, {.transitions = 2'000, .per_client = 100});
  std::uint64_t revision = 0;
  for (int n = 0; n < 500; ++n) log.Append(Make(++revision, "early"));
  for (int n = 0; n < 1'500; ++n) log.Append(Make(++revision, "c" + std::to_string(n)));
  for (int n = 0; n < 3'000; ++n) {
    log.Append(Make(++revision, n % 3 == 0 ? "early" : "loud"));
    ASSERT_EQ(log.size(), 2'000u) << n;
  }
  EXPECT_EQ(Revisions(log, {.client_id = "c0"}).size(), 1u);
  const auto early = log.Read({.client_id = "early", .limit = 5'000}),
             loud = log.Read({.client_id = "loud", .limit = 5'000});
  EXPECT_EQ(early.size() + loud.size(), 500u);
  EXPECT_GE(early.size(), 100u);
  EXPECT_GE(loud.size(), 100u);
  // Of each its latest, without a hole.
  EXPECT_EQ(loud.back()->revision() - loud.front()->revision(), (loud.size() - 1) * 3 / 2);
  const std::uint64_t latest_begins = std::max(early.front()->revision(), loud.front()->revision());
  EXPECT_LT(log.complete_after(), latest_begins);
  EXPECT_GE(log.complete_after() + 3, latest_begins);
}

// A client may have two of one revision, and the oldest of it go first.
TEST(TransitionLog, TwoOfOneClientMayShareARevision) {
  TransitionLog log(0, {.transitions = 6, .per_client = 2});
  for (const std::uint64_t revision : {1, 1, 2, 3, 3, 4, 5}) log.Append(Make(revision, "a"));
  log.Append(Make(6, "b"));
  EXPECT_THAT(Revisions(log, {}), ElementsAre(2, 3, 3, 4, 5, 6));
  EXPECT_EQ(log.complete_after(), 1u);
}

// A principal that lets ids without end live and die pushes out its own past, not that of others.
TEST(TransitionLog, AVoiceWithMoreThanHalfLosesItsOwnFirst) {
  TransitionLog log(0, {.transitions = 200, .per_client = 50});
  std::uint64_t revision = 0;
  for (int n = 0; n < 80; ++n)
    log.Append(Make(++revision, "quiet-" + std::to_string(n), 0, "spiffe://d/quiet"));
  for (int n = 0; n < 10'000; ++n) {
    log.Append(Make(++revision, "sybil-" + std::to_string(n), 0, "spiffe://d/loud"));
    ASSERT_LE(log.size(), 200u);
  }
  for (int n = 0; n < 80; ++n) {
    EXPECT_EQ(Revisions(log, {.client_id = "quiet-" + std::to_string(n)}).size(), 1u) << n;
  }
  EXPECT_EQ(log.compacted(), 0u);
  EXPECT_EQ(log.complete_after(), revision - 120) << "of the loud one's its latest are there, without a hole";
  // The others may then have as many as there is room for, and who has half loses no more than anybody.
  for (int n = 0; n < 60; ++n)
    log.Append(Make(++revision, "late-" + std::to_string(n), 0, "spiffe://d/late"));
  EXPECT_THAT(Revisions(log, {.client_id = "quiet-0"}), IsEmpty());
  EXPECT_THAT(Revisions(log, {.client_id = "late-0"}).size(), 1u);
}

// Whoever appends has a busy lock: a voice's oldest are looked for a little at a time.
TEST(TransitionLog, AVoiceIsSweptALittleAtATime) {
  const std::size_t others = 3 * TransitionLog::kLook;
  const std::size_t bound = 2 * others + 2;
  TransitionLog log(0, {.transitions = bound, .per_client = bound});
  std::uint64_t revision = 0;
  for (std::size_t n = 0; n < others; ++n) log.Append(Make(++revision, "quiet", 0, "spiffe://d/quiet"));
  std::size_t most = 0;
  for (std::size_t n = 0; n < others + 20; ++n) {
    log.Append(Make(++revision, "loud", 0, "spiffe://d/loud"));
    most = std::max(most, log.size());
  }
  EXPECT_GT(most, bound) << "it was not all looked through at once";
  EXPECT_LE(most, bound + 4);
  EXPECT_EQ(log.size(), bound);
  EXPECT_EQ(log.compacted(), 0u);
}

// An id's past goes in order, whosever it was.
TEST(TransitionLog, AnIdThatWasHandedOverLosesItsOldestFirst) {
  TransitionLog log(0, {.transitions = 10, .per_client = 10});
  log.Append(Make(1, "other", 0, "spiffe://d/quiet"));
  log.Append(Make(2, "handed", 0, "spiffe://d/quiet"));
  for (std::uint64_t revision = 3; revision <= 30; ++revision) {
    log.Append(Make(revision, "handed", 0, "spiffe://d/loud"));
  }
  EXPECT_EQ(log.size(), 10u);
  EXPECT_THAT(Revisions(log, {.limit = 2}), ElementsAre(1, 22));
  EXPECT_EQ(log.complete_after(), 21u);
}

TEST(TransitionLog, GapsAreToldWhereTheyLie) {
  TransitionLog log(10, {.transitions = 3, .gaps = 3});
  log.Append(Make(11));
  log.AddGap(12, 15);
  log.Append(Make(15));
  log.AddGap(16, 18);
  log.Append(Make(18));
  using Gap = std::pair<std::uint64_t, std::uint64_t>;
  EXPECT_THAT(log.Gaps(10, 100), ElementsAre(Gap(12, 15), Gap(16, 18)));
  EXPECT_THAT(log.Gaps(15, 18), ElementsAre(Gap(16, 18)));
  EXPECT_THAT(log.Gaps(15, 17), IsEmpty());
  EXPECT_THAT(log.Gaps(18, 100), IsEmpty());
  EXPECT_THAT(log.Gaps(15, 16), IsEmpty());
  log.AddGap(20, 21);
  log.AddGap(25, 26);
  EXPECT_THAT(log.Gaps(0, 100), ElementsAre(Gap(12, 18), Gap(20, 21), Gap(25, 26)))
      << "no more than its bound";
  for (const std::uint64_t revision : {30, 31, 32}) log.Append(Make(revision));
  EXPECT_THAT(log.Gaps(0, 100), ElementsAre(Gap(20, 21), Gap(25, 26))) << "beyond what is compacted";
}

TEST(TransitionLog, GapsThatOverlapAreOne) {
  using Gap = std::pair<std::uint64_t, std::uint64_t>;
  EXPECT_THAT(JoinGaps({{5, 9}, {1, 3}, {3, 4}, {7, 12}}), ElementsAre(Gap(1, 3), Gap(3, 4), Gap(5, 12)));
}

TEST(TransitionLog, ALookIsBoundedAndSaysWhereItStopped) {
  TransitionLog log(0, {});
  for (std::uint64_t revision = 1; revision <= 30; ++revision) {
    log.Append(Make(revision / 2 + 1, revision == 30 ? "last" : "a"));
  }
  const TransitionLog::Slice first = log.ReadSlice({.client_id = "last", .limit = 1}, 10);
  EXPECT_THAT(first.transitions, IsEmpty());
  ASSERT_TRUE(first.stopped_at);
  EXPECT_EQ(*first.stopped_at, 6u) << "a revision is looked at as a whole";
  const TransitionLog::Slice all = log.ReadSlice({.after = 6, .client_id = "last", .limit = 1}, 100);
  EXPECT_EQ(all.transitions.size(), 1u);
  EXPECT_FALSE(all.stopped_at);
  // Who wants all of them gets as many as he asked for.
  EXPECT_EQ(log.ReadSlice({.limit = 20}, 5).transitions.size(), 21u);
  const TransitionLog::Slice down = log.ReadSlice({.newest_first = true, .client_id = "x", .limit = 1}, 4);
  EXPECT_EQ(down.stopped_at, std::optional<std::uint64_t>(14));
}

// Against one that asks each transition.
TEST(TransitionLog, EqualsAPlainSearch) {
  std::mt19937 random(1);
  const auto pick = [&](unsigned most) { return random() % most; };
  for (int round = 0; round < 200; ++round) {
    TransitionLog log(0, {});
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
    // And look by look, however short.
    std::vector<core::TransitionPtr> found;
    query.limit = 1 + pick(3);
    const std::size_t most = 1 + pick(10);
    for (;;) {
      TransitionLog::Slice slice = log.ReadSlice(query, most);
      found.insert(found.end(), slice.transitions.begin(), slice.transitions.end());
      if (!slice.stopped_at && slice.transitions.size() < query.limit) break;
      (query.newest_first ? query.before : query.after) =
          slice.stopped_at ? *slice.stopped_at : slice.transitions.back()->revision();
    }
    ASSERT_EQ(found, expected) << "round " << round << ", " << most << " at a time";
  }
}

}  // namespace
}  // namespace liveness::storage
