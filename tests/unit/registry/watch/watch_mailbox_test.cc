// What a watcher takes out of its mailbox, and what it may say of how far it has come.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "server/registry/watch/watch_hub.h"

namespace liveness::registry {
namespace {

using ::testing::SizeIs;

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

void Publish(WatchHub& hub, std::vector<core::TransitionPtr> transitions) {
  const std::uint64_t last = transitions.back()->revision();
  hub.Publish(std::move(transitions), last, false);
  while (hub.Work()) {
  }
}

std::shared_ptr<Mailbox> Open(WatchHub& hub, WatchRequest request = {}) { return *hub.Open(request); }

bool Nobody(const core::ClientRecord&) { return false; }

TEST(WatchMailbox, SaysHowFarItWasTakenWhileMoreWaits) {
  WatchHub hub(0, {});
  const auto mailbox = Open(hub);
  Publish(hub, Made(1, 600));
  EXPECT_EQ(mailbox->Caught(), std::nullopt) << "what waits has not been told";
  const Mailbox::Taken first = mailbox->Take(kMaxBatch, 0);
  ASSERT_THAT(first.batches, SizeIs(1));
  EXPECT_EQ(first.revision, first.batches.back()->last_revision());
  EXPECT_LT(first.revision, 600u);
  while (!mailbox->Take(kMaxBatch, 0).batches.empty()) {
  }
  EXPECT_EQ(mailbox->Caught(), 600u);
}

TEST(WatchMailbox, GivesWhatSharesARevisionHoweverMuchWasAskedFor) {
  WatchHub hub(0, {});
  const auto mailbox = Open(hub);
  Publish(hub, Made(1, 300, true));
  const Mailbox::Taken taken = mailbox->Take(10, 0);
  ASSERT_THAT(taken.batches, SizeIs(1)) << "else its watcher would wait for ever";
  EXPECT_EQ(taken.batches.front()->size(), 300u);
}

TEST(WatchMailbox, ThatRanOverHasCaughtNothing) {
  WatchHub hub(0, {.max_mailbox = 100});
  const auto mailbox = Open(hub);
  Publish(hub, Made(1, 200));
  EXPECT_TRUE(mailbox->overrun());
  EXPECT_EQ(mailbox->Caught(), std::nullopt);
  EXPECT_TRUE(mailbox->Take(10, 0).overrun);
}

TEST(WatchMailbox, WakesForARevisionThatItsWatcherWaitsForAndForNoOther) {
  WatchHub hub(0, {});
  int wakes = 0;
  const auto mailbox = Open(hub, {.filter_key = "nobody", .filter = Nobody, .on_ready = [&] { ++wakes; }});
  EXPECT_THAT(mailbox->Take(10, 5).batches, SizeIs(0));
  Publish(hub, Made(1, 4));
  EXPECT_EQ(wakes, 0);
  Publish(hub, Made(5, 1));
  EXPECT_EQ(wakes, 1);
  Publish(hub, Made(6, 1));
  EXPECT_EQ(wakes, 1) << "it has not come back yet";
  EXPECT_THAT(mailbox->Take(10, 0).batches, SizeIs(0));
  Publish(hub, Made(7, 1));
  EXPECT_EQ(wakes, 1) << "it waits for something that concerns it";
}

TEST(WatchMailbox, DearFiltersMayTakeAllThatThereIsForThem) {
  WatchHub hub(0, {.max_dear_filters = 1'000});
  for (int i = 0; i < 3; ++i)
    Open(hub, {.filter_key = "small", .filter_cost = core::kSmallFilterCost}).reset();
  const auto dear = Open(hub, {.filter_key = "dear", .filter_cost = 1'000});
  EXPECT_FALSE(hub.Open({.filter_key = "another", .filter_cost = core::kSmallFilterCost + 1}).ok());
  EXPECT_TRUE(hub.Open({.filter_key = "small", .filter_cost = core::kSmallFilterCost}).ok());
}

TEST(WatchMailbox, IsTakenInPartsThatFitWhatWasAskedFor) {
  WatchHub hub(0, {});
  const auto mailbox = Open(hub);
  for (std::uint64_t first = 1; first <= 300; first += 100) Publish(hub, Made(first, 100));
  EXPECT_THAT(mailbox->Take(200, 0).batches, SizeIs(2));
  EXPECT_THAT(mailbox->Take(200, 0).batches, SizeIs(1));
}

TEST(WatchMailbox, WakesForALossToo) {
  WatchHub hub(0, {});
  int wakes = 0;
  const auto mailbox = Open(hub, {.filter_key = "nobody", .filter = Nobody, .on_ready = [&] { ++wakes; }});
  EXPECT_THAT(mailbox->Take(10, 0).batches, SizeIs(0));
  hub.Publish(Made(50, 1), 50, true);
  while (hub.Work()) {
  }
  EXPECT_EQ(wakes, 1);
}

TEST(WatchMailbox, ALossIsToldOnceHoweverMuchComesAfterIt) {
  WatchHub hub(0, {.max_mailbox = 20'000});
  const auto mailbox = Open(hub);
  hub.Publish(Made(50, 5'000), 5'049, true);
  hub.Work();  // a part of it
  ASSERT_TRUE(mailbox->overrun());
  ASSERT_LT(mailbox->Reset(), 5'049u);
  while (hub.Work()) {
  }
  EXPECT_FALSE(mailbox->overrun());
}

}  // namespace
}  // namespace liveness::registry
