// A server that doubts itself before it buries everybody (DESIGN, section 4).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/registry/records/many_clients.h"

namespace liveness::registry {
namespace {

using core::State;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::AttachMany;
using testing::ClosedByProcess;
using testing::Peer;
using testing::RegistryHarness;
using ::testing::SizeIs;

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

// Sybils: whoever may beat under one id may beat under many.
TEST(Doubt, ClientsOfOnePrincipalDoNotBuyIt) {
  RegistryHarness h;
  std::vector<Peer> fleet;
  for (int i = 0; i < 212; ++i) {
    HelloRequest hello = RegistryHarness::Hello("c" + std::to_string(i));
    hello.info.principal = i < 12 ? "dns:service-" + std::to_string(i) : "dns:evil";
    fleet.push_back(h.Attach(std::move(hello)));
  }
  for (std::size_t i = 11; i < fleet.size(); ++i) ClosedByProcess(h, fleet[i]);
  for (int i = 0; i < 20; ++i) {
    h.Run(milliseconds(100));
    for (std::size_t n = 0; n < 11; ++n) h.Beat(fleet[n]);
  }
  EXPECT_EQ(h.registry.totals().doubts, 0);
  EXPECT_EQ(h.registry.totals().held_deaths, 0);
  EXPECT_EQ(h.StateOf("c11"), State::kDead) << "the one service that died with them";
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
    queue.HeardPing(h.clock.Mono(), h.clock.Mono());
    for (int i = 0; i < 24; ++i) {
      h.Run(milliseconds(200));
      queue.Sent(h.clock.Mono());
      // Others may be heard: what they sent may have waited for long.
      if (heard) {
        queue.HeardPing(h.clock.Mono(), h.clock.Mono());
      } else {
        queue.HeardSomebody(h.clock.Mono());
      }
    }
    EXPECT_EQ(h.registry.totals().counts.dead, heard ? 20 : 0) << "4.8 s";
    EXPECT_EQ(h.registry.totals().held_deaths, heard ? 0 : 20);
    h.Run(milliseconds(4'000));
    EXPECT_EQ(h.registry.totals().counts.dead, 20) << "silence is always found";
  }
}

// The canary of one queue has no stream any more: what the other hears is not all that this server must hear.
TEST(Doubt, OneQueueThatHearsIsNotEnough) {
  RegistryHarness h({.queues = 2, .max_doubt = milliseconds(100)});
  AttachMany(h, 20);
  QueuePulses& pulses = h.registry.pulses();
  for (const std::size_t i : {0, 1}) {
    pulses.at(i).Sent(h.clock.Mono());
    pulses.at(i).HeardPing(h.clock.Mono(), h.clock.Mono());
  }
  h.Run(milliseconds(200));
  pulses.at(0).Lost();
  for (int i = 0; i < 23; ++i) {
    pulses.at(1).Sent(h.clock.Mono());
    pulses.at(1).HeardPing(h.clock.Mono(), h.clock.Mono());
    h.Run(milliseconds(200));
  }
  EXPECT_EQ(h.registry.totals().counts.dead, 0) << "4.8 s";
}

// A queue without a canary (there may be more queues than canaries) has nothing to hear.
TEST(Doubt, AQueueWithoutACanaryIsNotWaitedFor) {
  RegistryHarness h({.queues = 2, .max_doubt = milliseconds(100)});
  AttachMany(h, 20);
  QueuePulses::Queue& queue = h.registry.pulses().at(1);
  queue.Sent(h.clock.Mono());
  queue.HeardPing(h.clock.Mono(), h.clock.Mono());
  for (int i = 0; i < 24; ++i) {
    h.Run(milliseconds(200));
    queue.Sent(h.clock.Mono());
  }
  EXPECT_EQ(h.registry.totals().counts.dead, 0) << "its own has a canary, that is silent";
}

TEST(Doubt, AnOldWordOfTheCanarysIsNotHeardAnew) {
  RegistryHarness h;
  const auto peers = AttachMany(h, 20);
  QueuePulses::Queue& queue = h.registry.pulses().at(0);
  queue.Sent(h.clock.Mono());
  queue.HeardPing(h.clock.Mono(), h.clock.Mono());
  h.Run(milliseconds(2'000));
  for (const Peer& peer : peers) ClosedByProcess(h, peer);
  h.Run(milliseconds(1'500));
  EXPECT_EQ(h.registry.totals().counts.dead, 0) << "their grace was 1 s";
  EXPECT_EQ(h.registry.totals().held_deaths, 20);
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

// The canary was heard a moment before the ends, and its next ping is not due yet.
TEST(Doubt, OnlyAnEndOfTheClientsOwnIsAWitnessUnderALiveCanary) {
  const auto dead_at_once = [](core::StreamEnd how, bool cut_by_us) {
    RegistryHarness h({.resume_grace = milliseconds(200)});
    const auto peers = AttachMany(h, 20);
    h.registry.CanaryAnswered(h.clock.Mono(), h.clock.Mono());
    h.Run(milliseconds(10));
    for (const Peer& peer : peers) {
      core::LinkEvidence link;
      link.taken_at = h.clock.Mono();
      link.tcp.absence = core::TcpAbsence::kPresent;
      link.tcp.closed_by_us = cut_by_us;
      h.registry.StreamClosed(peer.attached.session, peer.attached.attachment, how, link);
    }
    EXPECT_EQ(h.registry.totals().doubts, 1);
    h.Run(milliseconds(250));
    return h.registry.totals().counts.dead == 20;
  };
  EXPECT_TRUE(dead_at_once(core::StreamEnd::kConnectionClosed, false));
  EXPECT_TRUE(dead_at_once(core::StreamEnd::kHalfClosed, false));
  EXPECT_FALSE(dead_at_once(core::StreamEnd::kConnectionClosed, true)) << "our own keepalive says nothing";
}

TEST(Doubt, HoldsDeathsAndNoSuspicion) {
  RegistryHarness h;
  const auto peers = AttachMany(h, 20);
  h.registry.CanaryAnswered(h.clock.Mono(), h.clock.Mono());  // and never again
  h.Run(milliseconds(10));
  for (const Peer& peer : peers) ClosedByProcess(h, peer);
  ASSERT_EQ(h.registry.totals().doubts, 1);
  HelloRequest back = RegistryHarness::Hello("c0", std::string(peers[0].record->info.instance_id()),
                                             peers[0].attached.incarnation);
  const Peer c0 = h.Attach(std::move(back));
  ASSERT_TRUE(c0.attached.resumed);
  h.Run(milliseconds(3'050));
  EXPECT_EQ(h.StateOf("c0"), State::kSuspect) << "it was suspected a moment before as well";
}

}  // namespace
}  // namespace liveness::registry
