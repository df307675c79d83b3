// A watch's way through snapshot, past and present in bounded slices, over a source of the
// test's own that counts what it is asked.
#include "server/registry/watch/watch_cursor.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace liveness::registry {
namespace {

core::TransitionPtr Made(std::uint64_t revision, const std::string& id) {
  core::ClientInfo info;
  info.client_id = id;
  auto after = std::make_shared<core::ClientRecord>();
  after->info = core::PackedInfo(info);
  after->state = core::State::kAlive;
  after->revision = revision;
  return std::make_shared<core::Transition>(core::Transition{nullptr, std::move(after), {}});
}

class FakeSource final : public WatchSource {
 public:
  ScanResult Scan(const ScanRequest& request) const override {
    ++scans;
    ScanResult result;
    auto at = std::find_if(clients.begin(), clients.end(),
                           [&](const auto& each) { return each->client_id() > request.after; });
    result.cursor = request.after;
    for (std::size_t n = 0; at != clients.end() && n < kLookedAt; ++at, ++n) {
      if (result.views.size() == request.limit) break;
      result.cursor = std::string((*at)->client_id());
      if (!request.matches || request.matches(**at, {})) result.views.push_back({*at, {}});
    }
    result.done = at == clients.end();
    result.revision = last;
    return result;
  }
  HistoryPage HistoryAfter(std::uint64_t after, std::size_t limit) const override {
    ++reads;
    longest_read = std::max(longest_read, limit);
    HistoryPage page{.compacted = compacted, .revision = last, .gaps = gaps};
    for (const auto& each : history) {
      if (each->revision() > after && page.transitions.size() < limit) page.transitions.push_back(each);
    }
    return page;
  }
  std::uint64_t revision() const override { return last; }

  // One more transition, told to the hub too unless it is from before.
  void Happen(WatchHub* hub) {
    ++last;
    history.push_back(Made(last, "c" + std::to_string(last)));
    if (hub == nullptr) return;
    hub->Publish({history.back()}, last, false);
    while (hub->Work()) {
    }
  }

  static constexpr std::size_t kLookedAt = 100;
  std::vector<core::RecordPtr> clients;  // by id
  std::vector<core::TransitionPtr> history;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> gaps;
  std::uint64_t compacted = 0;
  std::uint64_t last = 0;
  mutable int scans = 0;
  mutable int reads = 0;
  mutable std::size_t longest_read = 0;
};

class WatchCursorTest : public ::testing::Test {
 protected:
  void HappenBefore(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) source.Happen(nullptr);
  }
  WatchHub& hub(std::size_t max_mailbox = 1'000'000) {
    if (!hub_) hub_.emplace(source.last, WatchHub::Options{.max_mailbox = max_mailbox});
    return *hub_;
  }
  WatchCursor Start(WatchRequest request, bool other_history = false) {
    auto mailbox = hub().Open(request);
    return WatchCursor(source, std::move(request), *std::move(mailbox), other_history);
  }
  static bool Nobody(const core::ClientRecord&) { return false; }

  FakeSource source;

 private:
  std::optional<WatchHub> hub_;
};

TEST_F(WatchCursorTest, APastThatConcernsNobodyIsReadInSlicesAndNeverOnAStreamsThread) {
  HappenBefore(10'000);
  WatchCursor cursor = Start({.filter_key = "nobody", .filter = Nobody, .start_revision = 1});
  int calls = 0;
  std::uint64_t reached = 1;
  while (cursor.heavy()) {
    const int read = source.reads;
    const WatchItem item = cursor.Next();
    EXPECT_LE(source.reads, read + 1) << "one call, one slice";
    EXPECT_FALSE(item.has_content());
    if (!cursor.heavy()) break;
    EXPECT_FALSE(item.empty()) << "nobody would wake it";
    ASSERT_TRUE(cursor.Caught());
    EXPECT_GE(*cursor.Caught(), reached) << "it may be told how far the past was read";
    reached = *cursor.Caught();
    ++calls;
  }
  EXPECT_GE(calls, static_cast<int>(10'000 / WatchCursor::kSlice));
  EXPECT_LE(source.longest_read, WatchCursor::kSlice);
  EXPECT_TRUE(cursor.Next().empty());
  EXPECT_EQ(cursor.Caught(), source.last);
}

TEST_F(WatchCursorTest, WhoMissedNothingReadsNoPast) {
  HappenBefore(10);
  WatchCursor cursor = Start({.start_revision = 10});
  EXPECT_FALSE(cursor.heavy());
  EXPECT_TRUE(cursor.Next().empty());
  EXPECT_EQ(source.reads, 0);
}

TEST_F(WatchCursorTest, AMailboxThatRunsOverWhileThePastIsReadCostsNothing) {
  HappenBefore(5'000);
  hub(100);
  WatchCursor cursor = Start({.start_revision = 1});
  std::uint64_t expected = 2;
  bool churn = true;
  for (int call = 0; expected <= source.last; ++call) {
    ASSERT_LT(call, 1'000);
    if (churn) {
      for (int i = 0; i < 150; ++i) source.Happen(&hub());
    }
    churn = call < 10;
    const WatchItem item = cursor.Next();
    ASSERT_FALSE(item.gap);
    for (const auto& batch : item.batches) {
      for (const auto& each : batch->transitions()) ASSERT_EQ(each->revision(), expected++);
    }
  }
  while (cursor.heavy()) EXPECT_FALSE(cursor.Next().has_content());
  EXPECT_TRUE(cursor.Next().empty());
  source.Happen(&hub());
  EXPECT_EQ(cursor.Next().batches.at(0)->first_revision(), expected);
}

TEST_F(WatchCursorTest, APastThatIsLostWhileItIsReadIsAGapAndASnapshot) {
  HappenBefore(5'000);
  WatchCursor cursor = Start({.start_revision = 1});
  EXPECT_EQ(cursor.Next().revision, 1 + WatchCursor::kSlice);
  source.compacted = 3'000;
  const WatchItem item = cursor.Next();
  ASSERT_TRUE(item.gap);
  EXPECT_EQ(item.gap->after_revision, 1 + WatchCursor::kSlice);
  EXPECT_TRUE(cursor.heavy());
  EXPECT_FALSE(cursor.Caught()) << "no revision amid a snapshot";
  EXPECT_TRUE(cursor.Next().snapshot_done);
}

TEST_F(WatchCursorTest, AHoleInThePastIsAGap) {
  HappenBefore(100);
  source.gaps = {{50, 60}};
  WatchCursor cursor = Start({.start_revision = 1});
  EXPECT_TRUE(cursor.Next().gap);
}

TEST_F(WatchCursorTest, ASnapshotThatConcernsNobodyIsReadInSlices) {
  for (int i = 0; i < 1'000; ++i) source.clients.push_back(Made(1, std::to_string(10'000 + i))->after);
  source.last = 7;
  WatchCursor cursor = Start({.filter_key = "nobody", .filter = Nobody});
  int calls = 0;
  while (cursor.heavy()) {
    const int scans = source.scans;
    const WatchItem item = cursor.Next();
    EXPECT_EQ(source.scans, scans + 1);
    EXPECT_FALSE(item.empty());
    EXPECT_EQ(item.snapshot_done, !cursor.heavy());
    ++calls;
  }
  EXPECT_EQ(calls, 10);
  EXPECT_EQ(cursor.Caught(), 7u);
}

TEST_F(WatchCursorTest, AMailboxFullOfWhatIsKnownIsEmptiedInSlices) {
  // It read a revision that is not published yet: all up to there is known.
  WatchCursor cursor = Start({.start_revision = 10'000});
  std::vector<core::TransitionPtr> many;
  for (std::uint64_t i = 1; i <= 10'000; ++i) many.push_back(Made(i, "c"));
  hub().Publish(many, 10'000, false);
  while (hub().Work()) {
  }
  EXPECT_FALSE(cursor.heavy());
  int calls = 0;
  for (WatchItem item = cursor.Next(); !item.empty(); item = cursor.Next()) {
    EXPECT_FALSE(item.has_content());
    ++calls;
  }
  EXPECT_GE(calls, 5);
  EXPECT_EQ(cursor.Caught(), 10'000u);
}

TEST_F(WatchCursorTest, WhatHistoryHoldsAndTheMailboxWillIsToldOnce) {
  HappenBefore(5);
  hub();
  source.Happen(nullptr);  // committed, and published only later
  WatchCursor cursor = Start({.start_revision = 1});
  std::vector<std::uint64_t> told;
  const auto drain = [&] {
    for (WatchItem item = cursor.Next(); !item.empty(); item = cursor.Next()) {
      for (const auto& batch : item.batches) {
        for (const auto& each : batch->transitions()) told.push_back(each->revision());
      }
    }
  };
  drain();
  hub().Publish({source.history.back()}, source.last, false);
  while (hub().Work()) {
  }
  drain();
  EXPECT_EQ(told, (std::vector<std::uint64_t>{2, 3, 4, 5, 6}));
}

TEST_F(WatchCursorTest, APastWithoutAnythingInItIsOver) {
  HappenBefore(5);
  source.last = 10;  // the others came to nothing
  WatchCursor cursor = Start({.start_revision = 7});
  while (cursor.heavy()) EXPECT_FALSE(cursor.Next().has_content());
  EXPECT_EQ(cursor.Caught(), 10u);
}

TEST_F(WatchCursorTest, AHoleThatIsNotInItsWayIsNone) {
  HappenBefore(100);
  source.compacted = 60;
  source.gaps = {{50, 60}, {100, 110}};
  WatchCursor cursor = Start({.start_revision = 60});
  EXPECT_FALSE(cursor.Next().gap) << "it has seen what is no longer kept";
}

}  // namespace
}  // namespace liveness::registry
