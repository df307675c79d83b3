// What the registry makes of a look at a connection, and of a client's own words.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/registry/registry_harness.h"

namespace liveness::registry {
namespace {

using core::Cause;
using core::Health;
using core::State;
using core::TcpAbsence;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using testing::Peer;
using testing::RegistryHarness;

core::LinkEvidence KernelAnswers(common::MonoTime now) {
  core::LinkEvidence link;
  link.taken_at = now;
  link.tcp.absence = TcpAbsence::kPresent;
  link.tcp.established = true;
  link.tcp.last_ack_age = seconds(1);
  return link;
}

TEST(Verdicts, AConnectionIsLookedAtOnlyInDoubt) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  h.Run(milliseconds(2'900));
  EXPECT_EQ(a.stream->looks, 0);
  h.Run(milliseconds(200));
  EXPECT_EQ(a.stream->looks, 1) << "at SUSPECT";
  h.Run(seconds(1));
  EXPECT_EQ(a.stream->looks, 2) << "and at DEAD";
}

TEST(Verdicts, TheLookDecidesTheCause) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  a.stream->link = KernelAnswers(h.clock.Mono() + seconds(3));
  h.Run(milliseconds(3'001));
  EXPECT_EQ(h.Record("a")->cause, Cause::kProcessStopped);
  EXPECT_EQ(h.Record("a")->evidence->confidence, core::Confidence::kHigh);
  a.stream->link.tcp.unacked = 1;
  a.stream->link.tcp.retransmits = 3;
  h.Run(seconds(1));
  EXPECT_THAT(h.Told(), ElementsAre("a:->ALIVE", "a:ALIVE>SUSPECT(PROCESS_STOPPED)",
                                    "a:SUSPECT>DEAD(HOST_UNREACHABLE)"))
      << "at DEAD it is judged anew";
}

TEST(Verdicts, UnreadBytesAreOurLatenessForOneTimeout) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  a.stream->link = KernelAnswers(h.clock.Mono() + seconds(3));
  a.stream->link.tcp.unread_bytes = 12;
  h.Run(milliseconds(5'990));
  EXPECT_EQ(h.StateOf("a"), State::kAlive);
  EXPECT_EQ(h.registry.totals().unread_credits, 1) << "one silence, one credit";
  h.Run(milliseconds(20));
  EXPECT_EQ(h.StateOf("a"), State::kSuspect) << "every protection ends by itself";
}

TEST(Verdicts, OnceTheBytesAreReadTheDeadlineMoves) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  a.stream->link = KernelAnswers(h.clock.Mono() + seconds(3));
  a.stream->link.tcp.unread_bytes = 12;
  h.Run(seconds(4));
  h.Beat(a);
  a.stream->link = KernelAnswers(h.clock.Mono() + seconds(3));
  h.Run(milliseconds(2'990));
  EXPECT_EQ(h.StateOf("a"), State::kAlive);
  h.Run(milliseconds(20));
  EXPECT_THAT(h.Told(), ElementsAre("a:->ALIVE", "a:ALIVE>SUSPECT(PROCESS_STOPPED)"));
}

TEST(Verdicts, NeighboursOnTheHostAreEvidence) {
  RegistryHarness h;
  std::vector<Peer> peers;
  for (const char* id : {"a", "b", "c"}) {
    HelloRequest hello;
    hello.info.client_id = id;
    hello.info.instance_id = "i";
    hello.info.host = "node-1";
    hello.interval = seconds(1);
    hello.timeout = seconds(3);
    peers.push_back(h.Attach(std::move(hello)));
  }
  h.Run(milliseconds(2'500));
  h.Beat(peers[1]);
  h.Beat(peers[2]);
  h.Run(milliseconds(600));
  EXPECT_EQ(h.Record("a")->evidence->host.heard, 2);
  EXPECT_EQ(h.Record("a")->cause, Cause::kProcessStopped) << "the others of its host are heard";
  h.Run(milliseconds(2'400));
  EXPECT_EQ(h.StateOf("b"), State::kSuspect);
}

TEST(Verdicts, WhoNamesNoHostHasNoNeighbours) {
  RegistryHarness h;
  h.Attach("a");
  const Peer b = h.Attach("b");
  h.Run(milliseconds(2'500));
  h.Beat(b);
  h.Run(milliseconds(600));
  ASSERT_EQ(h.StateOf("a"), State::kSuspect);
  EXPECT_EQ(h.Record("a")->evidence->host.heard, 0);
  EXPECT_EQ(h.Record("a")->evidence->host.silent, 0);
}

TEST(Verdicts, NeighboursThatAreAllSilentAreCounted) {
  RegistryHarness h;
  for (const char* id : {"a", "b"}) {
    HelloRequest hello = RegistryHarness::Hello(id);
    hello.info.host = "node-1";
    h.Attach(std::move(hello));
    h.Run(milliseconds(100));
  }
  h.Run(milliseconds(3'850));
  ASSERT_EQ(h.StateOf("a"), State::kDead);
  ASSERT_EQ(h.StateOf("b"), State::kSuspect);
  EXPECT_EQ(h.Record("a")->evidence->host.heard, 0);
  EXPECT_EQ(h.Record("a")->evidence->host.silent, 1);
}

TEST(Verdicts, AStallIsATransitionAndItsEndToo) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  const auto board = h.registry.BoardOf(a.attached.session);
  EXPECT_TRUE(board->Put({{"consumer", seconds(9), seconds(5)}}, std::nullopt, {}, h.clock.Wall()));
  h.registry.SetStalled(a.attached.session, a.attached.attachment, true);
  EXPECT_EQ(h.Record("a")->health, Health::kStalled);
  EXPECT_EQ(h.Record("a")->state, State::kAlive);
  EXPECT_EQ(h.Record("a")->cause, Cause::kApplicationStalled);
  EXPECT_EQ(h.Record("a")->evidence->progress->size(), 1u);
  EXPECT_EQ(h.registry.totals().counts.stalled, 1);
  h.registry.SetStalled(a.attached.session, a.attached.attachment, false);
  EXPECT_EQ(h.Record("a")->health, Health::kOk);
  EXPECT_EQ(h.Record("a")->cause, Cause::kUnspecified);
  h.registry.SetStalled(a.attached.session, a.attached.attachment + 1, true);
  EXPECT_EQ(h.Record("a")->health, Health::kOk) << "of another attachment";
}

TEST(Verdicts, LastWordsAreInTheDeathAndOnlyThere) {
  RegistryHarness h;
  HelloRequest hello;
  hello.info.client_id = "a";
  hello.info.instance_id = "i";
  hello.info.last_will = "restart me on node-2";
  hello.interval = seconds(1);
  hello.timeout = seconds(3);
  const Peer a = h.Attach(hello);
  const auto board = h.registry.BoardOf(a.attached.session);
  for (int i = 0; i < 30; ++i) {
    board->Put({}, core::Load{.memory_bytes = i}, milliseconds(2), h.clock.Wall());
    h.clock.Advance(seconds(1));
    h.Beat(a);
  }
  h.Run(milliseconds(3'500));
  EXPECT_EQ(h.Record("a")->evidence->last_words, nullptr) << "it may still come back";
  h.Run(seconds(1));
  ASSERT_EQ(h.StateOf("a"), State::kDead);
  const auto words = h.Record("a")->evidence->last_words;
  ASSERT_NE(words, nullptr);
  EXPECT_EQ(words->will, "restart me on node-2");
  ASSERT_EQ(words->notes.size(), 6u) << "one in 5 s";
  EXPECT_EQ(words->notes.back().load.memory_bytes, 25);

  const Peer b = h.Attach(std::move(hello));
  Goodbye goodbye;
  goodbye.exit_code = 3;
  h.registry.SayGoodbye(b.attached.session, b.attached.attachment, goodbye);
  EXPECT_EQ(h.StateOf("a"), State::kDead);
  EXPECT_EQ(h.Record("a")->evidence->last_words, nullptr) << "it spoke for itself";
}

TEST(Verdicts, MistakesAreCountedWithTheirDuration) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  h.Run(milliseconds(3'500));
  h.Beat(a);
  core::Scorecard card = h.registry.totals().scorecard;
  EXPECT_EQ(card.suspicions, 1);
  EXPECT_EQ(card.refuted_suspicions.count, 1);
  EXPECT_NEAR(std::chrono::duration<double>(card.refuted_suspicions.total).count(), 0.5, 0.02);
  h.Run(seconds(5));
  ASSERT_EQ(h.StateOf("a"), State::kDead);
  h.Attach("a");
  card = h.registry.totals().scorecard;
  EXPECT_EQ(card.deaths, 1);
  EXPECT_EQ(card.mistaken_deaths.count, 1);
  EXPECT_NEAR(std::chrono::duration<double>(card.detection_times.max()).count(), 3.0, 0.02);
  EXPECT_LT(card.QueryAccuracy(), 1);
  EXPECT_EQ(h.registry.Get("a")->vitals.mistakes.count, 2) << "they stay with the client";
}

TEST(Verdicts, ItselfIsNoNeighbourNorAreTheDead) {
  RegistryHarness h;
  for (const char* id : {"a", "b", "c"}) {
    HelloRequest hello = RegistryHarness::Hello(id);
    hello.info.host = "node-1";
    h.Attach(std::move(hello));
    h.Run(milliseconds(100));
  }
  ASSERT_TRUE(h.Evict("c").ok());
  h.Run(milliseconds(2'850));
  ASSERT_EQ(h.StateOf("a"), State::kSuspect);
  ASSERT_EQ(h.StateOf("b"), State::kSuspect);
  EXPECT_EQ(h.Record("b")->evidence->host.silent, 1);
  EXPECT_EQ(h.Record("b")->evidence->host.heard, 0);
}

}  // namespace
}  // namespace liveness::registry
