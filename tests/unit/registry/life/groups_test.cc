// Many that fall together: told once, before any death, to every watcher (DESIGN, section 4).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/registry/machine.h"
#include "tests/unit/registry/records/many_clients.h"

namespace liveness::registry {
namespace {

using core::State;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AttachMany;
using testing::ClosedByProcess;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::Peer;
using testing::RegistryHarness;
using testing::Replay;
using ::testing::SizeIs;

std::vector<std::string> ScopesOf(const core::GroupEvents& groups) {
  std::vector<std::string> scopes;
  for (const core::GroupEvent& each : groups) scopes.push_back(each.scope);
  return scopes;
}

std::uint64_t FirstDeath(const RegistryHarness& h) {
  for (const auto& each : h.registry.HistoryAfter(0, 1'000'000).transitions) {
    if (each->after->state == State::kDead) return each->revision();
  }
  return 0;
}

std::shared_ptr<Watch> WatchAll(RegistryHarness& h, WatchRequest request = {}) {
  return *h.registry.StartWatch(std::move(request));
}

void Publish(RegistryHarness& h) {
  while (h.registry.PublishPending()) {
  }
}

TEST(Groups, AFallenHostIsToldOnceBeforeAnyDeath) {
  for (const auto grace : {seconds(0), seconds(1)}) {
    RegistryHarness h({.resume_grace = grace});
    const auto peers = AttachMany(h, 12);
    const auto others = AttachMany(h, 30, "web-1", "other");
    const auto watch = WatchAll(h);
    Replay replay;
    replay.Drain(*watch);
    for (const Peer& peer : peers) {
      for (const Peer& other : others) h.Beat(other);
      ClosedByProcess(h, peer);
      h.Run(milliseconds(10));
    }
    h.Run(seconds(2));
    Publish(h);
    replay.Drain(*watch);
    ASSERT_THAT(replay.groups, SizeIs(1)) << "of 42 in the subnet, 12 are no share";
    const core::GroupEvent& event = replay.groups[0];
    EXPECT_EQ(event.scope, "host=db-7");
    EXPECT_EQ(event.affected, 7);
    EXPECT_EQ(event.members, 12);
    EXPECT_EQ(h.StateOf("c0"), State::kDead);
    EXPECT_LT(event.revision, FirstDeath(h)) << "grace " << grace.count();
    EXPECT_EQ(h.registry.totals().group_events, 1);
  }
}

TEST(Groups, SilenceOfAThousandIsSuspectedAsSoonAsEverAndToldBeforeAnyDeath) {
  RegistryHarness h({.resume_grace = seconds(0)});
  AttachMany(h, 1'000);
  const auto others = AttachMany(h, 600, "web-1", "other");
  const common::MonoTime begin = h.clock.Mono();
  while (h.clock.Mono() < begin + milliseconds(3'004)) {
    for (const Peer& other : others) h.Beat(other);
    h.Run(milliseconds(2));
  }
  EXPECT_EQ(h.registry.totals().counts.alive, 600) << "all suspected within 4 ms of the deadline";
  for (int i = 0; i < 600; ++i) {
    for (const Peer& other : others) h.Beat(other);
    h.Run(milliseconds(2));
  }
  EXPECT_EQ(h.registry.totals().counts.dead, 1'000);
  const auto history = h.registry.HistoryAfter(0, 1'000'000).transitions;
  std::uint64_t told_at = 0;
  for (const auto& each : history) {
    if (each->groups != nullptr && told_at == 0) told_at = each->revision();
  }
  ASSERT_NE(told_at, 0u);
  EXPECT_LT(told_at, FirstDeath(h));
}

TEST(Groups, WithoutGraceASingleDeathWaitsForAMomentOnly) {
  RegistryHarness h({.resume_grace = seconds(0)});
  const auto peers = AttachMany(h, 20);
  ClosedByProcess(h, peers[0]);
  h.Run(milliseconds(45));
  EXPECT_EQ(h.StateOf("c0"), State::kSuspect) << "more may be on their way";
  h.Run(milliseconds(10));
  EXPECT_EQ(h.StateOf("c0"), State::kDead);
}

TEST(Groups, AndNotAtAllAmongFew) {
  RegistryHarness h({.resume_grace = seconds(0)});
  const auto peers = AttachMany(h, 9);
  ClosedByProcess(h, peers[0]);
  h.Run(milliseconds(3));
  EXPECT_EQ(h.StateOf("c0"), State::kDead);
}

TEST(Groups, EveryWatcherHearsOfItWhateverItsFilter) {
  RegistryHarness h;
  const auto peers = AttachMany(h, 12);
  const auto watch =
      WatchAll(h, {.filter_key = "nobody", .filter = [](const core::ClientRecord&) { return false; }});
  Replay replay;
  replay.Drain(*watch);
  for (const Peer& peer : peers) ClosedByProcess(h, peer);
  Publish(h);
  replay.Drain(*watch);
  EXPECT_EQ(replay.transitions, 0);
  EXPECT_THAT(ScopesOf(replay.groups),
              ::testing::UnorderedElementsAre("everyone", "host=db-7", "subnet=10.1.2.0/24"));
}

TEST(Groups, AWatchThatResumesHearsOfWhatItMissed) {
  RegistryHarness h;
  const auto peers = AttachMany(h, 12);
  Publish(h);
  const std::uint64_t before = h.registry.revision();
  for (const Peer& peer : peers) ClosedByProcess(h, peer);
  Publish(h);
  for (const bool filtered : {false, true}) {
    WatchRequest request{.start_revision = before};
    if (filtered) {
      request.filter_key = "nobody";
      request.filter = [](const core::ClientRecord&) { return false; };
    }
    const auto watch = WatchAll(h, std::move(request));
    Replay replay;
    replay.Drain(*watch);
    EXPECT_THAT(replay.groups, SizeIs(3)) << filtered;
    EXPECT_EQ(replay.transitions, filtered ? 0 : 12);
    // From there it is known.
    const auto later = WatchAll(h, {.start_revision = replay.groups.back().revision});
    Replay rest;
    rest.Drain(*later);
    EXPECT_THAT(rest.groups, IsEmpty());
  }
}

TEST(Groups, AWatcherWhoKnewOfItBeforeItWasPublishedIsNotToldAgain) {
  RegistryHarness h;
  const auto peers = AttachMany(h, 12);
  Publish(h);
  for (const Peer& peer : peers) ClosedByProcess(h, peer);
  const std::uint64_t last = h.registry.revision();
  const auto watch = WatchAll(h, {.start_revision = last - 3});
  const auto since_then = WatchAll(h, {.start_revision = last - 5});
  Publish(h);
  Replay replay;
  replay.Drain(*watch);
  EXPECT_EQ(replay.transitions, 3);
  EXPECT_THAT(replay.groups, IsEmpty()) << "7 of 12 was five transitions ago";
  Replay replay_since_then;
  replay_since_then.Drain(*since_then);
  EXPECT_EQ(replay_since_then.transitions, 5);
  EXPECT_THAT(replay_since_then.groups, IsEmpty()) << "with the one that it knew last";
}

// A store that asks before it commits keeps what a fall completes with the fall (docs/mass-failure.md).
TEST(Groups, AFallIsCountedOnceHoweverOftenItIsCommitted) {
  testing::Machine m;
  std::vector<Peer> peers;
  for (int i = 0; i < 12; ++i) peers.push_back(m.Welcomed("c" + std::to_string(i)));
  for (int i = 0; i < 7; ++i) ClosedByProcess(m.h(), peers[static_cast<std::size_t>(i)]);
  ASSERT_THAT(m.store().queue(), SizeIs(7));
  std::vector<core::Transition> changes;
  const auto ask = [&](std::uint64_t revision) {
    changes.clear();
    for (const storage::Proposal& each : m.store().queue()) {
      changes.push_back({each.before, storage::Stamped(*each.after, ++revision), each.time});
    }
    m.store().listener().OnCommitting(changes);
  };
  ask(m.ledger.revision() + 100);  // which the disk then refuses
  ask(m.ledger.revision());
  for (int i = 0; i < 6; ++i) EXPECT_EQ(changes[static_cast<std::size_t>(i)].groups, nullptr) << i;
  ASSERT_NE(changes[6].groups, nullptr);
  EXPECT_EQ(m.h().registry.totals().group_events, 2) << "the subnet and everyone";
  m.store().CommitAll();
  EXPECT_EQ(m.h().registry.totals().group_events, 2);
  const auto told = m.h().registry.HistoryAfter(0, 1'000).transitions.back();
  ASSERT_NE(told->groups, nullptr);
  EXPECT_EQ(*told->groups, *changes[6].groups);
  EXPECT_EQ(told->groups->front().revision, told->revision());

  // Who comes back counts as ever, and so does the next fall.
  m.store().listener().OnCommitting(changes);  // none of them is under way any more
  EXPECT_EQ(m.h().registry.totals().group_events, 2);
  for (int i = 0; i < 7; ++i) m.Welcomed("c" + std::to_string(i));
  for (int i = 7; i < 12; ++i) ClosedByProcess(m.h(), peers[static_cast<std::size_t>(i)]);
  ask(m.ledger.revision());
  m.store().CommitAll();
  EXPECT_EQ(m.h().registry.totals().group_events, 2) << "5 of 12";
}

// A store that does not ask: of what several servers commit, each counts what it is told.
TEST(Groups, ARestartForgetsIt) {
  testing::Machine m;
  std::vector<Peer> peers;
  for (int i = 0; i < 12; ++i) peers.push_back(m.Welcomed("c" + std::to_string(i)));
  const std::uint64_t before = m.h().registry.revision();
  for (const Peer& peer : peers) ClosedByProcess(m.h(), peer);
  m.store().CommitAll();
  for (const bool restarted : {false, true}) {
    if (restarted) m.Restart();
    Publish(m.h());
    Replay replay;
    replay.Drain(*WatchAll(m.h(), {.start_revision = before}));
    EXPECT_EQ(replay.gaps, 0);
    EXPECT_GE(replay.transitions, 12);
    EXPECT_EQ(replay.groups.empty(), restarted);
  }
}

TEST(Groups, AGapLosesIt) {
  RegistryHarness h({.max_mailbox = 4});
  const auto peers = AttachMany(h, 12);
  Publish(h);
  const auto watch = WatchAll(h);
  Replay replay;
  Publish(h);
  replay.Drain(*watch);
  for (const Peer& peer : peers) ClosedByProcess(h, peer);
  Publish(h);
  replay.Drain(*watch);
  EXPECT_EQ(replay.gaps, 1);
  EXPECT_THAT(replay.groups, IsEmpty());
}

TEST(Groups, WhoComesBackInTimeIsNoMassFailure) {
  RegistryHarness h;
  const auto peers = AttachMany(h, 20);
  for (int i = 0; i < 20; ++i) {
    ClosedByProcess(h, peers[static_cast<std::size_t>(i)]);
    h.Run(milliseconds(10));
    EXPECT_TRUE(
        h.Attach("c" + std::to_string(i), "i1", peers[static_cast<std::size_t>(i)].attached.incarnation)
            .attached.resumed);
  }
  EXPECT_EQ(h.registry.totals().group_events, 0);
}

TEST(Groups, ASnapshotThatShowsTheFallenTellsOfTheGroupAllTheSame) {
  RegistryHarness h;
  const auto peers = AttachMany(h, 12);
  Publish(h);
  const auto watch = WatchAll(h);
  for (const Peer& peer : peers) ClosedByProcess(h, peer);
  Publish(h);
  Replay replay;
  replay.Drain(*watch);
  EXPECT_EQ(replay.transitions, 0) << "the snapshot shows them";
  EXPECT_THAT(replay.groups, Not(IsEmpty()));
}

}  // namespace
}  // namespace liveness::registry
