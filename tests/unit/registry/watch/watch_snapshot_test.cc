// A snapshot and what goes on behind it: replayed, they equal the registry (DESIGN, invariant 4).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/registry/watch/watching.h"

namespace liveness::registry {
namespace {

using core::State;
using testing::Everything;
using testing::Peer;
using testing::Publish;
using testing::RegistryHarness;
using testing::Replay;
using testing::Start;

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

TEST(Watch, WhoseMailboxHeldOnlyWhatTheSnapshotShowedIsWoken) {
  RegistryHarness h;
  int wakes = 0;
  auto watch = Start(h, {.on_ready = [&] { ++wakes; }});
  h.Attach("a");  // waits in the mailbox when the snapshot is read
  Publish(h);
  h.Attach("b");  // not even published then
  EXPECT_EQ(watch->Next().clients.size(), 2u);
  EXPECT_TRUE(watch->Next().empty()) << "it waits for the publisher";
  Publish(h);
  EXPECT_EQ(wakes, 1);
  EXPECT_TRUE(watch->Next().snapshot_done);
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

TEST(Watch, SoIsWhatChangedBehindThePartThatItWasTheLastOf) {
  RegistryHarness h;
  std::vector<Peer> peers;
  for (int i = 100; i < 400; ++i) peers.push_back(h.Attach("b" + std::to_string(i)));
  Publish(h);
  auto watch = Start(h);
  Replay replay;
  const WatchItem part = watch->Next();
  replay.Apply(part);
  const std::string last(part.clients.back().record->client_id());
  for (const Peer& peer : peers) {
    if (peer.record->client_id() == last) h.Close(peer);
  }
  Publish(h);
  replay.Drain(*watch);
  EXPECT_EQ(replay.transitions, 1);
  EXPECT_EQ(replay.records(), Everything(h.registry));
}

TEST(Watch, WhoComesBehindTheLastOfASnapshotThatIsNotDoneIsTold) {
  RegistryHarness h;
  auto watch = Start(h);
  h.Attach("a");  // not published when the snapshot is read
  Replay replay;
  replay.Drain(*watch);
  EXPECT_EQ(replay.snapshots, 0) << "it waits for the publisher";
  EXPECT_EQ(watch->Caught(), std::nullopt) << "not all up to any revision has been told";
  h.Attach("z");
  Publish(h);
  replay.Drain(*watch);
  EXPECT_EQ(replay.snapshots, 1);
  EXPECT_EQ(replay.records(), Everything(h.registry));
}

TEST(Watch, WhoCameAndWentBeforeTheSnapshotIsNotTold) {
  RegistryHarness h({.keep_dead = std::chrono::seconds(1)});
  auto watch = Start(h);
  h.Attach("a");
  ASSERT_TRUE(h.Evict("a").ok());
  h.Run(std::chrono::seconds(2));
  ASSERT_EQ(h.Record("a"), nullptr);
  Publish(h);
  Replay replay;
  replay.Drain(*watch);
  EXPECT_EQ(replay.snapshots, 1);
  EXPECT_EQ(replay.transitions, 0);
}

}  // namespace
}  // namespace liveness::registry
