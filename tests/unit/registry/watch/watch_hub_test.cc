// Who hands out news: no filter under a lock, no filter at the others' expense.
#include "server/registry/watch/watch_hub.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/status.h"

namespace liveness::registry {
namespace {

std::vector<core::TransitionPtr> Made(std::uint64_t first, std::size_t count, bool together = false) {
  core::ClientInfo info;
  info.client_id = "c";
  const core::PackedInfo packed(info);
  std::vector<core::TransitionPtr> made;
  for (std::uint64_t i = 0; i < count; ++i) {
    auto after = std::make_shared<core::ClientRecord>();
    after->info = packed;
    after->revision = together ? first : first + i;
    made.push_back(std::make_shared<core::Transition>(core::Transition{nullptr, std::move(after), {}}));
  }
  return made;
}

std::shared_ptr<Mailbox> Open(WatchHub& hub, WatchRequest request) {
  auto mailbox = hub.Open(request);
  EXPECT_TRUE(mailbox.ok()) << mailbox.status();
  return *mailbox;
}

void WorkItOff(WatchHub& hub) {
  while (hub.Work()) {
  }
}

TEST(Batch, SpansItsTransitionsAndItsGroupEvents) {
  core::GroupEvent event;
  event.revision = 7;
  const auto span = [](const Batch& batch) {
    return std::pair(batch.first_revision(), batch.last_revision());
  };
  EXPECT_EQ(span(Batch(Made(5, 2))), std::pair(5ul, 6ul));
  EXPECT_EQ(span(Batch({}, {event})), std::pair(7ul, 7ul));
  EXPECT_EQ(span(Batch(Made(5, 2), {event})), std::pair(5ul, 7ul));
  EXPECT_EQ(span(Batch(Made(8, 2), {event})), std::pair(7ul, 9ul));
}

std::size_t TakeAll(Mailbox& mailbox) {
  std::size_t count = 0;
  for (auto taken = mailbox.Take(1'000, 0); !taken.batches.empty(); taken = mailbox.Take(1'000, 0)) {
    for (const auto& batch : taken.batches) count += batch->size();
  }
  return count;
}

TEST(WatchHubTest, AFilterIsAskedWithoutTheLock) {
  WatchHub hub(0, {});
  auto other = Open(hub, {});
  int asked = 0;
  auto mailbox = Open(hub, {.filter_key = "f", .filter = [&](const core::ClientRecord&) {
                              // What streams' threads do meanwhile: with the lock held it would never return.
                              EXPECT_FALSE(other->Take(10, 0).overrun);
                              EXPECT_EQ(hub.watchers(), 2);
                              EXPECT_TRUE(Open(hub, {.filter_key = "another"}) != nullptr);
                              ++asked;
                              return true;
                            }});
  hub.Publish(Made(1, 10), 10, false);
  WorkItOff(hub);
  EXPECT_EQ(asked, 10);
  EXPECT_EQ(TakeAll(*mailbox), 10u);
}

TEST(WatchHubTest, SaysHowFarItsWatchersAreBehind) {
  WatchHub hub(0, {.max_mailbox = 5});
  auto slow = Open(hub, {});
  auto quick = Open(hub, {});
  EXPECT_FALSE(hub.load().oldest);
  auto made = Made(1, 3);
  made[0] = std::make_shared<core::Transition>(
      core::Transition{nullptr, made[0]->after, core::WallTime(std::chrono::seconds(7))});
  hub.Publish(std::move(made), 3, false);
  EXPECT_EQ(hub.load().unfiltered, 3u);
  EXPECT_EQ(hub.load().oldest, core::WallTime(std::chrono::seconds(7)));
  WorkItOff(hub);
  TakeAll(*quick);
  const WatchLoad load = hub.load();
  EXPECT_EQ(load.watchers, 2);
  EXPECT_EQ(load.unfiltered, 0u);
  EXPECT_EQ(load.queued, 3u);
  EXPECT_EQ(load.most_queued, 3u);
  EXPECT_EQ(load.oldest, core::WallTime(std::chrono::seconds(7)));
  EXPECT_EQ(load.overruns, 0u);
  hub.Publish(Made(4, 3), 6, false);
  WorkItOff(hub);
  EXPECT_EQ(hub.load().overruns, 1u) << "the slow one, once";
  TakeAll(*quick);
  EXPECT_TRUE(slow->Take(10, 0).overrun);
  EXPECT_FALSE(hub.load().oldest);
}

TEST(WatchHubTest, ADearFilterDelaysTheOthersByOneTurnOfIts) {
  WatchHub hub(0, {});
  constexpr std::int64_t kDear = 1'000;
  constexpr int kWatchers = 20;
  std::size_t asked = 0;
  std::vector<std::shared_ptr<Mailbox>> dear;
  for (int i = 0; i < kWatchers; ++i) {
    dear.push_back(Open(hub, {.filter_key = std::to_string(i),
                              .filter =
                                  [&](const core::ClientRecord&) {
                                    ++asked;
                                    return false;
                                  },
                              .filter_cost = kDear}));
  }
  int wakes = 0;
  auto cheap = Open(hub, {.on_ready = [&] { ++wakes; }});
  EXPECT_TRUE(cheap->Take(1, 0).batches.empty());
  hub.Publish(Made(1, 1'000), 1'000, false);
  while (wakes == 0) ASSERT_TRUE(hub.Work());
  EXPECT_EQ(TakeAll(*cheap), 1'000u);
  EXPECT_LT(asked, std::size_t{kWatchers} * 20) << "of " << kWatchers * 1'000;
  // What comes later overtakes the backlog of the dear ones.
  hub.Publish(Made(1'001, 1), 1'001, false);
  while (wakes == 1) ASSERT_TRUE(hub.Work());
  EXPECT_EQ(TakeAll(*cheap), 1u);
  EXPECT_LT(asked, std::size_t{kWatchers} * 100);
  EXPECT_LT(dear[0]->Caught(), 1'000u) << "it claims no revision that it has not come to";
  WorkItOff(hub);
  EXPECT_EQ(asked, std::size_t{kWatchers} * 1'001);
  for (const auto& each : dear) EXPECT_EQ(each->Caught(), 1'001u);
}

TEST(WatchHubTest, WhatSharesARevisionIsToldTogetherHoweverDear) {
  WatchHub hub(0, {});
  auto mailbox = Open(
      hub,
      {.filter_key = "f", .filter = [](const core::ClientRecord&) { return true; }, .filter_cost = 1'000});
  hub.Publish(Made(1, 700, true), 1, false);
  while (hub.Work()) {
    const auto caught = mailbox->Caught();
    EXPECT_TRUE(!caught || *caught == 0) << "all or nothing";
  }
  const auto taken = mailbox->Take(1'000, 0);
  ASSERT_EQ(taken.batches.size(), 1u);
  EXPECT_EQ(taken.batches[0]->size(), 700u);
}

TEST(WatchHubTest, AFilterThatFallsTooFarBehindLosesItsPlaceAndNobodyElseDoes) {
  WatchHub hub(0, {.max_mailbox = 1'000});
  std::size_t asked = 0;
  auto dear = Open(hub, {.filter_key = "dear",
                         .filter =
                             [&](const core::ClientRecord&) {
                               ++asked;
                               return false;
                             },
                         .filter_cost = 1'000});
  auto cheap = Open(hub, {});
  std::size_t told = 0;
  for (std::uint64_t first = 1; first < 10'000; first += 500) {
    hub.Publish(Made(first, 500), first + 499, false);
    hub.Work();
    told += TakeAll(*cheap);
  }
  EXPECT_TRUE(dear->overrun());
  const std::uint64_t goes_on_after = dear->Reset();
  EXPECT_EQ(dear->Caught(), goes_on_after);
  WorkItOff(hub);
  told += TakeAll(*cheap);
  EXPECT_EQ(told, 10'000u);
  EXPECT_LT(asked, 10'000u);
  EXPECT_EQ(dear->Caught(), 10'000u);
}

TEST(WatchHubTest, LostTransitionsOverrunEveryWatcher) {
  WatchHub hub(0, {});
  auto one = Open(hub, {});
  auto two = Open(hub, {.filter_key = "f", .filter = [](const core::ClientRecord&) { return false; }});
  hub.Publish(Made(50, 1), 50, true);
  WorkItOff(hub);
  EXPECT_TRUE(one->overrun());
  EXPECT_TRUE(two->overrun());
}

TEST(WatchHubTest, DearFiltersAreBoundedTogetherAndSmallOnesAlwaysLetIn) {
  WatchHub hub(0, {.max_dear_filters = 1'000});
  auto dear = Open(hub, {.filter_key = "dear", .filter_cost = 600});
  auto same = Open(hub, {.filter_key = "dear", .filter_cost = 600});
  const auto refused = hub.Open({.filter_key = "another", .filter_cost = 500});
  EXPECT_EQ(common::ReasonOf(refused.status()), "WATCH_FILTERS_TOO_COSTLY");
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_TRUE(common::RetryDelayOf(refused.status()));
  EXPECT_NE(refused.status().ToString().find("costs 500 units"), std::string::npos) << refused.status();
  std::vector<std::shared_ptr<Mailbox>> small;
  for (int i = 0; i < 100; ++i) {
    small.push_back(Open(hub, {.filter_key = std::to_string(i), .filter_cost = core::kSmallFilterCost}));
  }
  dear.reset();
  EXPECT_FALSE(hub.Open({.filter_key = "another", .filter_cost = 500}).ok())
      << "one of the two is there still";
  same.reset();
  EXPECT_TRUE(hub.Open({.filter_key = "another", .filter_cost = 500}).ok());
}

TEST(WatchHubTest, WhoGoesWithAFullMailboxLeavesItToThePublisher) {
  WatchHub hub(0, {});
  int work = 0;
  hub.OnWork([&] { ++work; });
  auto mailbox = Open(hub, {});
  std::weak_ptr<const core::Transition> told;
  for (std::uint64_t i = 1; i <= 2'000; ++i) {
    auto made = Made(i, 1);
    told = made[0];
    hub.Publish(std::move(made), i, false);
    WorkItOff(hub);
  }
  mailbox.reset();
  EXPECT_EQ(work, 1);
  EXPECT_FALSE(told.expired()) << "not freed by who goes";
  int calls = 0;
  while (hub.Work()) ++calls;
  EXPECT_GE(calls, 2) << "some at a time";
  EXPECT_TRUE(told.expired());
}

TEST(WatchHubTest, ALossWithoutAnythingAfterItWaitsSinceNoTime) {
  WatchHub hub(0, {});
  auto mailbox = Open(hub, {});
  hub.Publish({}, 50, true);
  EXPECT_EQ(hub.load().oldest, std::nullopt);
  WorkItOff(hub);
  EXPECT_TRUE(mailbox->overrun());
}

}  // namespace
}  // namespace liveness::registry
