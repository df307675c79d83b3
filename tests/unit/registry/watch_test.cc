// A watch cannot lie (DESIGN, invariant 4): snapshot and transitions, replayed,
// equal the registry; what is missing is told as a gap.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "common/status.h"
#include "tests/support/registry_harness.h"

namespace liveness::registry {
namespace {

using core::State;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Everything;
using testing::Peer;
using testing::RegistryHarness;
using testing::Replay;

std::shared_ptr<Watch> Start(RegistryHarness& h, WatchRequest request = {}) {
  auto watch = h.registry.StartWatch(std::move(request));
  EXPECT_TRUE(watch.ok()) << watch.status();
  return *watch;
}

void Publish(RegistryHarness& h) {
  while (h.registry.PublishPending()) {
  }
}

TEST(Watch, AnEmptyRegistryIsASnapshotToo) {
  RegistryHarness h;
  auto watch = Start(h);
  WatchItem item = watch->Next();
  EXPECT_TRUE(item.snapshot_done);
  EXPECT_EQ(item.revision, h.registry.revision());
  EXPECT_TRUE(watch->Next().empty());
}

TEST(Watch, SnapshotThenTransitions) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  Publish(h);
  auto watch = Start(h);
  Replay replay;
  replay.Drain(*watch);
  EXPECT_EQ(replay.snapshots, 1);
  EXPECT_EQ(replay.transitions, 0);
  EXPECT_EQ(replay.records(), Everything(h.registry));
  h.Close(a);
  Publish(h);
  replay.Drain(*watch);
  EXPECT_EQ(replay.transitions, 1);
  EXPECT_EQ(replay.records().at("a")->state, State::kSuspect);
  EXPECT_EQ(replay.revision, h.registry.revision());
  EXPECT_EQ(watch->Caught(), h.registry.revision());
}

TEST(Watch, TheSnapshotIsNotDoneBeforeWhatWentOnBehindItsCursor) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  for (int i = 0; i < 300; ++i) h.Attach("b" + std::to_string(i));
  Publish(h);
  auto watch = Start(h);
  Replay replay;
  WatchItem part = watch->Next();
  EXPECT_FALSE(part.snapshot_done);
  EXPECT_EQ(part.revision, 0u);
  replay.Apply(part);
  h.Close(a);  // told already, and not yet published
  WatchItem last = watch->Next();
  replay.Apply(last);
  EXPECT_FALSE(last.snapshot_done);
  EXPECT_TRUE(watch->Next().empty()) << "it waits for the publisher";
  Publish(h);
  WatchItem done = watch->Next();
  EXPECT_TRUE(done.snapshot_done);
  replay.Apply(done);
  EXPECT_EQ(replay.records(), Everything(h.registry));
}

TEST(Watch, WhatASnapshotShowedIsNotToldAgain) {
  RegistryHarness h;
  auto watch = Start(h);
  const Peer a = h.Attach("a");  // waits in the mailbox when the snapshot is read
  Publish(h);
  const Peer b = h.Attach("b");  // not even published then
  Replay replay;
  replay.Drain(*watch);
  Publish(h);
  replay.Drain(*watch);
  EXPECT_EQ(replay.snapshots, 1);
  EXPECT_EQ(replay.transitions, 0);
  EXPECT_EQ(replay.records(), Everything(h.registry));
  h.Close(a);
  Publish(h);
  replay.Drain(*watch);
  EXPECT_EQ(replay.transitions, 1);
}

TEST(Watch, WhatChangedBehindThePartThatShowedItIsTold) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  for (int i = 0; i < 300; ++i) h.Attach("b" + std::to_string(i));
  Publish(h);
  auto watch = Start(h);
  Replay replay;
  replay.Apply(watch->Next());   // "a" is in this part
  h.Close(a);                    // and this one is behind it
  const Peer z = h.Attach("z");  // this one is in the next
  Publish(h);
  replay.Drain(*watch);
  EXPECT_EQ(replay.transitions, 1);
  EXPECT_EQ(replay.records(), Everything(h.registry));
}

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

// Everything at once, at random; after each step a drained watcher's belief
// must equal the registry.
TEST(Watch, ReplayEqualsTheRegistryUnderRandomLife) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    RegistryHarness h({.keep_dead = seconds(20),
                       .keep_left = seconds(5),
                       .max_ended = 15,
                       .max_history = 200,
                       .max_mailbox = 40});
    std::mt19937 random(seed);
    std::vector<Peer> peers;
    struct Watcher {
      std::shared_ptr<Watch> watch;
      Replay replay;
    };
    std::vector<Watcher> watchers(3);
    for (auto& each : watchers) each.watch = Start(h);
    for (int step = 0; step < 400; ++step) {
      const std::string id = "c" + std::to_string(random() % 20);
      const std::string instance = "i" + std::to_string(random() % 3);
      const Peer* peer = peers.empty() ? nullptr : &peers[random() % peers.size()];
      switch (random() % 9) {
        case 0:
        case 1:
          if (Peer made = h.Attach(id, instance); made.refused.ok()) peers.push_back(made);
          break;
        case 2: h.Run(milliseconds(random() % 1'500)); break;
        case 3:
          if (peer) h.Close(*peer);
          break;
        case 4:
          if (peer) h.Beat(*peer);
          break;
        case 5:
          if (peer) h.registry.SayGoodbye(peer->attached.session, peer->attached.attachment, {});
          break;
        case 6:
          if (peer) {
            h.registry.UpdateLabels(peer->attached.session, peer->attached.attachment,
                                    {{"n", std::to_string(random() % 4)}});
          }
          break;
        case 7:
          if (peer) {
            const core::ClientInfo who = peer->record->info.Unpack();
            Peer again = h.Attach(who.client_id, who.instance_id, peer->attached.incarnation, {},
                                  "10.0.0.2:" + std::to_string(step));
            if (again.refused.ok()) peers.push_back(again);
          }
          break;
        case 8: static_cast<void>(h.Evict(id, "")); break;
      }
      if (random() % 3 == 0) Publish(h);
      Watcher& some = watchers[random() % watchers.size()];
      if (random() % 40 == 0) {
        // It loses its connection and comes back where it was.
        const std::uint64_t at = some.replay.revision;
        some.watch = Start(h, {.start_revision = at});
      } else if (random() % 2 == 0) {
        some.replay.Apply(some.watch->Next());
      }
    }
    Publish(h);
    for (auto& each : watchers) {
      each.replay.Drain(*each.watch);
      ASSERT_EQ(each.replay.records(), Everything(h.registry)) << "seed " << seed;
      ASSERT_EQ(each.replay.revision, h.registry.revision()) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace liveness::registry
