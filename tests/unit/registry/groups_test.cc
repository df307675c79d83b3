// Many that fall together: told once, before any death, to every watcher; and a
// server that doubts itself before it buries everybody (DESIGN, section 4).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/registry_harness.h"

namespace liveness::registry {
namespace {

using core::State;
using core::StreamEnd;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::IsEmpty;
using testing::Peer;
using testing::RegistryHarness;
using testing::Replay;
using ::testing::SizeIs;

// Clients of one host, each with a stream; interval 1 s, timeout 3 s.
std::vector<Peer> AttachMany(RegistryHarness& h, int count, const std::string& host = "db-7",
                             const std::string& prefix = "c", common::Duration pause = {}) {
  std::vector<Peer> peers;
  for (int i = 0; i < count; ++i) {
    HelloRequest hello;
    hello.info.client_id = prefix + std::to_string(i);
    hello.info.instance_id = "i1";
    hello.info.host = host;
    hello.info.peer_address = "10.1.2.3:" + std::to_string(1'000 + i);
    hello.interval = seconds(1);
    hello.timeout = seconds(3);
    peers.push_back(h.Attach(std::move(hello)));
    if (pause != common::Duration::zero()) h.Run(pause);
  }
  return peers;
}

// What the kernel shows of a connection whose process was heard to the end.
void ClosedByProcess(RegistryHarness& h, const Peer& peer) {
  peer.stream->link.taken_at = h.clock.Mono();
  h.Close(peer, StreamEnd::kConnectionClosed);
}

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
  const auto watch = WatchAll(h, {.start_revision = h.registry.revision() - 3});
  Publish(h);
  Replay replay;
  replay.Drain(*watch);
  EXPECT_EQ(replay.transitions, 3);
  EXPECT_THAT(replay.groups, IsEmpty()) << "7 of 12 was five transitions ago";
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

// --- Self-doubt -------------------------------------------------------------------

TEST(Doubt, SilenceOfEveryoneIsSuspectedInTimeAndAskedAboutBeforeDeath) {
  RegistryHarness h;
  const auto peers = AttachMany(h, 20, "db-7", "c", milliseconds(5));  // deadlines from 3000 to 3095 ms
  h.Run(milliseconds(3'100 - 100));
  EXPECT_EQ(h.registry.totals().counts.suspect, 20) << "never delayed";
  EXPECT_EQ(h.registry.totals().doubts, 1) << "with the 19th";
  h.Run(milliseconds(1'000));
  EXPECT_EQ(h.registry.totals().held_deaths, 18) << "those probed before the doubt began";
  EXPECT_EQ(h.registry.totals().counts.dead, 2);
  EXPECT_THAT(peers[0].stream->probes, SizeIs(3)) << "in time, at SUSPECT, and once more";
  h.Run(milliseconds(200));
  EXPECT_EQ(h.registry.totals().counts.dead, 20) << "it had its time, and there is no canary";
}

TEST(Doubt, WhoAnswersTheProbeLives) {
  RegistryHarness h;
  const auto peers = AttachMany(h, 20, "db-7", "c", milliseconds(5));
  h.Run(milliseconds(4'050 - 100));
  ASSERT_EQ(h.StateOf("c0"), State::kSuspect);
  EXPECT_EQ(h.Beat(peers[0]), TouchResult::kRefutes);
  EXPECT_EQ(h.StateOf("c0"), State::kAlive);
}

TEST(Doubt, ASilentCanaryHoldsDeathsForFiveSeconds) {
  std::vector<std::string> notices;
  RegistryHarness h({.on_notice = [&](const std::string& text) { notices.push_back(text); }});
  AttachMany(h, 20);
  h.registry.CanaryAnswered(h.clock.Mono(), h.clock.Mono());
  h.Run(milliseconds(7'900));
  EXPECT_EQ(h.registry.totals().counts.suspect, 20);
  EXPECT_EQ(h.registry.totals().held_deaths, 20);
  h.Run(milliseconds(150));
  EXPECT_EQ(h.registry.totals().counts.dead, 20) << "silence is always found";
  h.Run(seconds(20));
  AttachMany(h, 20, "db-7", "new");
  EXPECT_THAT(notices, SizeIs(2)) << "its beginning and its end";
}

TEST(Doubt, ALiveCanaryLetsThemDie) {
  RegistryHarness h;
  AttachMany(h, 20);
  for (int i = 0; i < 440; ++i) {
    h.registry.CanaryAnswered(h.clock.Mono(), h.clock.Mono());
    h.Run(milliseconds(10));
  }
  EXPECT_EQ(h.registry.totals().counts.dead, 20);
}

// The registry's own canary, as its queues see it: one that is not heard holds the
// clock still for max_doubt, and the deaths too.
TEST(Doubt, WhatTheQueuesHearIsTheCanarysWord) {
  for (const bool heard : {true, false}) {
    RegistryHarness h({.max_doubt = milliseconds(100)});
    AttachMany(h, 20);
    QueuePulses::Queue& queue = h.registry.pulses().at(0);
    // An answer before the silence: there is a canary.
    queue.Sent(h.clock.Mono());
    queue.Heard(h.clock.Mono());
    for (int i = 0; i < 24; ++i) {
      h.Run(milliseconds(200));
      queue.Sent(h.clock.Mono());
      if (heard) queue.Heard(h.clock.Mono());
    }
    EXPECT_EQ(h.registry.totals().counts.dead, heard ? 20 : 0) << "4.8 s";
    EXPECT_EQ(h.registry.totals().held_deaths, heard ? 0 : 20);
    h.Run(milliseconds(4'000));
    EXPECT_EQ(h.registry.totals().counts.dead, 20) << "silence is always found";
  }
}

TEST(Doubt, ClosedConnectionsUnderALiveCanaryAreNotHeld) {
  RegistryHarness h;
  const auto peers = AttachMany(h, 20);
  h.registry.CanaryAnswered(h.clock.Mono(), h.clock.Mono());
  for (const Peer& peer : peers) ClosedByProcess(h, peer);
  EXPECT_EQ(h.registry.totals().doubts, 1);
  h.Run(milliseconds(500));
  h.registry.CanaryAnswered(h.clock.Mono(), h.clock.Mono());
  h.Run(milliseconds(505));
  EXPECT_EQ(h.registry.totals().counts.dead, 20);
  EXPECT_EQ(h.registry.totals().held_deaths, 0);
}

TEST(Doubt, AStallOfOursDoesNotUseTheTimeUp) {
  RegistryHarness h;
  AttachMany(h, 20);
  h.registry.CanaryAnswered(h.clock.Mono(), h.clock.Mono());
  h.Run(milliseconds(5'000));
  h.Stall(seconds(30));
  h.Run(milliseconds(2'000));
  EXPECT_EQ(h.registry.totals().counts.suspect, 20) << "4 of 5 s";
  h.Run(milliseconds(1'100));
  EXPECT_EQ(h.registry.totals().counts.dead, 20);
}

TEST(Doubt, SomeThatLiveAreEnoughToTrustOurselves) {
  RegistryHarness h;
  AttachMany(h, 16);
  const auto others = AttachMany(h, 2, "web-1", "other");
  for (int i = 0; i < 405; ++i) {
    for (const Peer& other : others) h.Beat(other);
    h.Run(milliseconds(10));
  }
  EXPECT_EQ(h.registry.totals().doubts, 0);
  EXPECT_EQ(h.registry.totals().counts.dead, 16);
}

}  // namespace
}  // namespace liveness::registry
