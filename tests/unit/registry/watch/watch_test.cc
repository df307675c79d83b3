// Who watches: from where, what of it all, how slowly, how many.
// What is missing is told as a gap (DESIGN, invariant 4).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/status.h"
#include "tests/unit/registry/watch/watching.h"

namespace liveness::registry {
namespace {

using testing::Everything;
using testing::Peer;
using testing::Publish;
using testing::RegistryHarness;
using testing::Replay;
using testing::Start;

TEST(Watch, ResumesByRevision) {
  RegistryHarness h;
  h.Attach("a");
  const std::uint64_t seen = h.registry.revision();
  h.Attach("b");
  h.Attach("c");
  Publish(h);
  auto watch = Start(h, {.start_revision = seen});
  Replay replay;
  replay.Drain(*watch);
  EXPECT_EQ(replay.snapshots, 0);
  EXPECT_EQ(replay.transitions, 2);
  EXPECT_EQ(replay.revision, h.registry.revision());
}

TEST(Watch, ARevisionReadBeforeItWasPublishedIsNotToldAgain) {
  RegistryHarness h;
  h.Attach("a");
  auto watch = Start(h, {.start_revision = h.registry.revision()});
  h.Attach("b");
  Publish(h);
  Replay replay;
  replay.Drain(*watch);
  EXPECT_EQ(replay.transitions, 1);
  EXPECT_EQ(replay.records().count("a"), 0u);
}

TEST(Watch, TheFutureIsRefused) {
  RegistryHarness h;
  const auto refused = h.registry.StartWatch({.start_revision = h.registry.revision() + 1});
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kOutOfRange);
  EXPECT_EQ(common::ReasonOf(refused.status()), "REVISION_IN_FUTURE");
  EXPECT_EQ(h.registry.totals().watchers, 0);
}

TEST(Watch, AnotherHistoryIsAGapAndASnapshot) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  Publish(h);
  auto watch = Start(h, {.start_revision = 1ull << 62, .history_id = "0000000000000000"});
  Replay replay;
  replay.Drain(*watch);
  EXPECT_EQ(replay.gaps, 1);
  EXPECT_EQ(replay.snapshots, 1);
  EXPECT_EQ(replay.records(), Everything(h.registry));
  // The other history's revisions, greater than any of ours, hide nothing from here on.
  EXPECT_EQ(replay.revision, h.registry.revision());
  h.Close(a);
  Publish(h);
  replay.Drain(*watch);
  EXPECT_EQ(replay.transitions, 1);
  EXPECT_EQ(replay.revision, h.registry.revision());
}

TEST(Watch, WhoAsksForNothingOfAnotherHistoryHasMissedNothing) {
  RegistryHarness h;
  h.Attach("a");
  Publish(h);
  auto watch = Start(h, {.history_id = "0000000000000000"});
  Replay replay;
  replay.Drain(*watch);
  EXPECT_EQ(replay.gaps, 0);
  EXPECT_EQ(replay.snapshots, 1);
}

TEST(Watch, ACompactedRevisionIsAGapAndASnapshot) {
  RegistryHarness h({.max_history = 5});
  const std::uint64_t old = h.registry.revision() + 1;
  for (int i = 0; i < 20; ++i) h.Attach("c" + std::to_string(i));
  Publish(h);
  auto watch = Start(h, {.start_revision = old});
  WatchItem first = watch->Next();
  ASSERT_TRUE(first.gap);
  EXPECT_EQ(first.gap->after_revision, old);
  Replay replay;
  replay.Drain(*watch);
  EXPECT_EQ(replay.records(), Everything(h.registry));
}

TEST(Watch, ASlowWatcherLosesItsPlaceAndIsTold) {
  RegistryHarness h({.max_mailbox = 10});
  auto slow = Start(h);
  auto quick = Start(h);
  Replay slow_replay;
  Replay quick_replay;
  slow_replay.Drain(*slow);
  quick_replay.Drain(*quick);
  for (int i = 0; i < 50; ++i) {
    h.Attach("c" + std::to_string(i));
    Publish(h);
    quick_replay.Drain(*quick);
  }
  slow_replay.Drain(*slow);
  EXPECT_EQ(slow_replay.gaps, 1);
  EXPECT_EQ(slow_replay.snapshots, 2);
  EXPECT_EQ(slow_replay.records(), Everything(h.registry));
  EXPECT_EQ(quick_replay.gaps, 0) << "nobody else suffers";
  EXPECT_EQ(quick_replay.records(), Everything(h.registry));
}

TEST(Watch, WakesAnIdleWatcherOnce) {
  RegistryHarness h;
  int wakes = 0;
  auto watch = Start(h, {.on_ready = [&] { ++wakes; }});
  Replay replay;
  replay.Drain(*watch);
  h.Attach("a");
  Publish(h);
  h.Attach("b");
  Publish(h);
  EXPECT_EQ(wakes, 1);
  replay.Drain(*watch);
  h.Attach("c");
  Publish(h);
  EXPECT_EQ(wakes, 2);
}

TEST(Watch, AFilterTellsWhoMatchedBeforeOrAfter) {
  RegistryHarness h;
  const auto in_eu = [](const core::ClientRecord& record) { return record.info.FindLabel("zone") == "eu"; };
  auto watch = Start(h, {.filter_key = "labels.zone = eu", .filter = in_eu});
  Replay replay;
  replay.Drain(*watch);
  const Peer a = h.Attach("a", "i1", std::nullopt, {{"zone", "eu"}});
  const Peer b = h.Attach("b", "i1", std::nullopt, {{"zone", "us"}});
  h.registry.UpdateLabels(a.attached.session, a.attached.attachment, {{"zone", "us"}});  // leaves the filter
  h.registry.UpdateLabels(b.attached.session, b.attached.attachment, {{"zone", "eu"}});  // enters it
  h.registry.UpdateLabels(a.attached.session, a.attached.attachment, {{"zone", "asia"}});
  Publish(h);
  replay.Drain(*watch);
  EXPECT_EQ(replay.transitions, 3);
  EXPECT_EQ(replay.revision, h.registry.revision()) << "what it does not hear of still counts as told";
}

TEST(Watch, WatchersOfOneFilterShareTheirBatches) {
  RegistryHarness h;
  auto one = Start(h);
  auto two = Start(h);
  one->Next();
  two->Next();
  h.Attach("a");
  Publish(h);
  EXPECT_EQ(one->Next().batches.at(0), two->Next().batches.at(0));
}

TEST(Watch, WatchersAreBounded) {
  RegistryHarness h({.max_watchers = 2});
  auto one = Start(h);
  auto two = Start(h);
  EXPECT_EQ(common::ReasonOf(h.registry.StartWatch({}).status()), "TOO_MANY_WATCHERS");
  one.reset();
  EXPECT_TRUE(h.registry.StartWatch({}).ok());
}

TEST(Watch, WhatHistoryLostBeforeItWasPublishedIsAGap) {
  RegistryHarness h({.max_history = 10});
  auto watch = Start(h);
  Replay replay;
  replay.Drain(*watch);
  for (int i = 0; i < 50; ++i) h.Attach("c" + std::to_string(i));
  Publish(h);
  replay.Drain(*watch);
  EXPECT_EQ(replay.gaps, 1);
  EXPECT_EQ(replay.records(), Everything(h.registry));
}

TEST(Watch, HoweverMuchIsPublishedAtOnceAllOfItIsTold) {
  RegistryHarness h;
  auto watch = Start(h);
  Replay replay;
  replay.Drain(*watch);
  for (int i = 0; i < 2'500; ++i) h.Attach("c" + std::to_string(i));
  Publish(h);
  replay.Drain(*watch);
  EXPECT_EQ(replay.gaps, 0);
  EXPECT_EQ(replay.transitions, 2'500);
}

TEST(Watch, HasCaughtNothingWhileSomethingWaits) {
  RegistryHarness h;
  auto watch = Start(h);
  Replay replay;
  replay.Drain(*watch);
  h.Attach("a");
  Publish(h);
  EXPECT_EQ(watch->Caught(), std::nullopt);
  replay.Drain(*watch);
  EXPECT_EQ(watch->Caught(), h.registry.revision());
}

TEST(Watch, WhatIsCommittedWakesThePublisher) {
  RegistryHarness h;
  int wakes = 0;
  h.registry.OnPending([&] { ++wakes; });
  h.Attach("a");
  EXPECT_EQ(wakes, 1);
}

TEST(Watch, WhatIsPublishedForNobodyIsPublishedToo) {
  RegistryHarness h;
  h.Attach("a");
  EXPECT_TRUE(h.registry.PublishPending());
  EXPECT_FALSE(h.registry.PublishPending());
}

}  // namespace
}  // namespace liveness::registry
