// What is told of how a stream, a stall or a session ended.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/registry/machine.h"
#include "tests/support/registry/registry_harness.h"

namespace liveness::registry {
namespace {

using core::Cause;
using core::Health;
using core::State;
using core::StreamEnd;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using testing::Machine;
using testing::Peer;
using testing::RegistryHarness;

core::LinkEvidence Link(common::MonoTime taken_at, std::uint32_t retransmits) {
  core::LinkEvidence link;
  link.taken_at = taken_at;
  link.tcp.retransmits = retransmits;
  return link;
}

// --- Streams -------------------------------------------------------------------

TEST(Ends, ACloseSaysHowLongAgoItWas) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  h.Run(milliseconds(100));
  h.registry.StreamClosed(a.attached.session, a.attached.attachment, StreamEnd::kConnectionClosed,
                          Link(h.clock.Mono(), 7), h.clock.Mono() - milliseconds(40));
  ASSERT_EQ(h.StateOf("a"), State::kSuspect);
  const auto evidence = h.Record("a")->evidence;
  EXPECT_EQ(evidence->stream_ended_ago, milliseconds(40));
  ASSERT_TRUE(evidence->link);
  EXPECT_EQ(evidence->link->tcp.retransmits, 7u);
}

TEST(Ends, SilenceIsNoEndOfAStream) {
  RegistryHarness h;
  h.Attach("a");
  h.Run(milliseconds(3'050));
  ASSERT_EQ(h.StateOf("a"), State::kSuspect);
  EXPECT_EQ(h.Record("a")->evidence->stream_end, StreamEnd::kNone);
  EXPECT_EQ(h.Record("a")->evidence->stream_ended_ago, core::Duration::zero());
}

TEST(Ends, WhoIsSuspectedAlreadyIsNotSuspectedAgainByTheEndOfItsStream) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  h.Run(milliseconds(3'900));
  ASSERT_EQ(h.StateOf("a"), State::kSuspect);
  h.Close(a);
  h.Run(milliseconds(150));
  EXPECT_THAT(h.Told(),
              ElementsAre("a:->ALIVE", "a:ALIVE>SUSPECT(UNKNOWN)", "a:SUSPECT>DEAD(PROCESS_EXITED)"));
}

TEST(Ends, AnEndThatShowsNothingLeavesTheLastLook) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  a.stream->link = Link(h.clock.Mono(), 7);
  h.Run(milliseconds(3'050));
  ASSERT_EQ(h.StateOf("a"), State::kSuspect);
  a.stream->link = {};
  h.Close(a);
  h.Run(seconds(1));
  ASSERT_EQ(h.StateOf("a"), State::kDead);
  ASSERT_TRUE(h.Record("a")->evidence->link);
  EXPECT_EQ(h.Record("a")->evidence->link->tcp.retransmits, 7u);
}

TEST(Ends, SoDoesALookThatShowsNothing) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  a.stream->link = Link(h.clock.Mono(), 7);
  h.Run(milliseconds(3'050));
  ASSERT_EQ(h.StateOf("a"), State::kSuspect);
  a.stream->link = {};  // its connection has just gone
  h.Run(seconds(1));
  ASSERT_EQ(h.StateOf("a"), State::kDead);
  ASSERT_TRUE(h.Record("a")->evidence->link);
  EXPECT_EQ(h.Record("a")->evidence->link->tcp.retransmits, 7u);
}

TEST(Ends, WhoLeavesADrainingServerIsOnlySilent) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  h.registry.SetDraining(true);
  h.Close(a);
  EXPECT_EQ(h.StateOf("a"), State::kAlive);
  h.Run(milliseconds(3'050));
  EXPECT_EQ(h.StateOf("a"), State::kSuspect);
}

// --- Stalls --------------------------------------------------------------------

TEST(Ends, AStallIsToldOnceAndLeavesNoEvidence) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  for (const bool stalled : {true, true, false, false}) {
    h.registry.SetStalled(a.attached.session, a.attached.attachment, stalled);
  }
  EXPECT_EQ(h.Told().size(), 3u);
  EXPECT_EQ(h.Record("a")->evidence, nullptr);
}

TEST(Ends, ASuspectHasItsOwnCauseAndNoStall) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  h.Run(milliseconds(3'050));
  ASSERT_EQ(h.StateOf("a"), State::kSuspect);
  h.registry.SetStalled(a.attached.session, a.attached.attachment, true);
  EXPECT_EQ(h.Record("a")->health, Health::kOk);
  EXPECT_EQ(h.Record("a")->cause, Cause::kUnknown);
}

TEST(Ends, ASessionHasOneBoard) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  const auto board = h.registry.BoardOf(a.attached.session);
  EXPECT_EQ(h.registry.BoardOf(a.attached.session), board);
  board->Put({{"loop", seconds(9), seconds(5)}}, std::nullopt, {}, h.clock.Wall());
  EXPECT_NE(h.registry.Get("a")->vitals.progress, nullptr);
}

// --- Sessions ------------------------------------------------------------------

TEST(Ends, WhoSaidGoodbyeOfASignalNeedsNoWill) {
  RegistryHarness h;
  HelloRequest hello = RegistryHarness::Hello("a");
  hello.info.last_will = "restart me";
  const Peer a = h.Attach(std::move(hello));
  h.registry.SayGoodbye(a.attached.session, a.attached.attachment, {.signal = 9});
  ASSERT_EQ(h.StateOf("a"), State::kDead);
  EXPECT_EQ(h.Record("a")->evidence->last_words, nullptr);
}

TEST(Ends, WhoLeavesWithoutACodeNeedsNoWillEither) {
  RegistryHarness h;
  HelloRequest hello = RegistryHarness::Hello("a");
  hello.info.last_will = "restart me";
  const Peer a = h.Attach(std::move(hello));
  h.registry.SayGoodbye(a.attached.session, a.attached.attachment, {});
  ASSERT_EQ(h.StateOf("a"), State::kLeft);
  EXPECT_EQ(h.Record("a")->evidence->last_words, nullptr);
}

TEST(Ends, AWillOrANoteAreLastWordsAndNothingIsNone) {
  RegistryHarness h;
  HelloRequest hello = RegistryHarness::Hello("will");
  hello.info.last_will = "restart me";
  h.Attach(std::move(hello));
  const Peer note = h.Attach("note");
  (void)h.registry.BoardOf(note.attached.session)->Put({}, core::Load{.memory_bytes = 1}, {}, h.clock.Wall());
  h.Attach("none");
  h.Run(seconds(5));
  const auto words = [&](const char* id) { return h.Record(id)->evidence->last_words; };
  ASSERT_NE(words("will"), nullptr);
  EXPECT_EQ(words("will")->will, "restart me");
  ASSERT_NE(words("note"), nullptr);
  EXPECT_EQ(words("note")->notes.size(), 1u);
  EXPECT_EQ(words("none"), nullptr);
}

TEST(Ends, ASingleServersOperatorMayEvictWhileItsStoreFails) {
  Machine m;
  m.Welcomed("a");
  m.store().set_health(absl::UnavailableError("the disk is full"));
  m.h().Run(milliseconds(200));
  const auto evicted = m.h().EvictLater("a");
  m.store().set_health(absl::OkStatus());
  m.store().CommitAll();
  EXPECT_TRUE(evicted->ok()) << evicted->status();
  EXPECT_EQ(m.StateOf("a"), State::kDead);
}

}  // namespace
}  // namespace liveness::registry
