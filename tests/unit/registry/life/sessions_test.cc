// How sessions begin, go on, are taken over and end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/status.h"
#include "tests/support/registry/registry_harness.h"

namespace liveness::registry {
namespace {

using common::ReasonOf;
using core::State;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Peer;
using testing::RegistryHarness;
using ::testing::SizeIs;

TEST(Sessions, ANewClientIsAliveUnderItsOwnRevision) {
  RegistryHarness h;
  const std::uint64_t before = h.registry.revision();
  const Peer a = h.Attach("a");
  EXPECT_GT(a.attached.incarnation, before);
  EXPECT_EQ(a.attached.incarnation, h.Record("a")->revision);
  EXPECT_FALSE(a.attached.resumed);
  EXPECT_THAT(h.Told(), ElementsAre("a:->ALIVE"));
}

TEST(Sessions, AnotherInstanceSupersedes) {
  RegistryHarness h;
  const Peer old = h.Attach("a", "i1");
  const Peer young = h.Attach("a", "i2");
  EXPECT_GT(young.attached.incarnation, old.attached.incarnation);
  ASSERT_THAT(old.stream->ends, SizeIs(1));
  EXPECT_EQ(old.stream->ends[0].code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ReasonOf(old.stream->ends[0]), "SUPERSEDED");
  EXPECT_THAT(h.Told(), ElementsAre("a:->ALIVE", "a:ALIVE>DEAD(SUPERSEDED)", "a:DEAD>ALIVE"));
  // The old stream has no say any more.
  EXPECT_EQ(h.Beat(old), TouchResult::kStale);
  h.Close(old);
  h.registry.SayGoodbye(old.attached.session, old.attached.attachment, {});
  EXPECT_EQ(h.StateOf("a"), State::kAlive);
}

TEST(Sessions, ASupersededInstanceStaysOut) {
  RegistryHarness h;
  const Peer old = h.Attach("a", "i1");
  h.Attach("a", "i2");
  const Peer again = h.Attach("a", "i1");
  EXPECT_EQ(again.refused.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(ReasonOf(again.refused), "SUPERSEDED");
  // Nor does its token let another instance in.
  const Peer thief = h.Attach("a", "i3", old.attached.incarnation);
  EXPECT_EQ(ReasonOf(thief.refused), "SUPERSEDED");
}

TEST(Sessions, TheLastEightInstancesAreRemembered) {
  RegistryHarness h;
  for (int i = 0; i < 10; ++i) h.Attach("a", "i" + std::to_string(i));  // i9 holds it
  EXPECT_EQ(ReasonOf(h.Attach("a", "i1").refused), "SUPERSEDED");
  EXPECT_TRUE(h.Attach("a", "i0").refused.ok()) << "the ninth from the end is forgotten";
}

TEST(Sessions, ResumeKeepsTheIncarnationAndTakesTheNextAttachment) {
  RegistryHarness h;
  const Peer first = h.Attach("a");
  h.Close(first);
  EXPECT_EQ(h.StateOf("a"), State::kSuspect);
  const Peer second = h.Attach("a", "i1", first.attached.incarnation);
  EXPECT_TRUE(second.attached.resumed);
  EXPECT_EQ(second.attached.incarnation, first.attached.incarnation);
  EXPECT_EQ(second.attached.attachment, first.attached.attachment + 1);
  EXPECT_THAT(h.Told(), ElementsAre("a:->ALIVE", "a:ALIVE>SUSPECT(PROCESS_EXITED)", "a:SUSPECT>ALIVE"));
  EXPECT_EQ(h.registry.totals().scorecard.refuted_suspicions.count, 1);
}

TEST(Sessions, ResumeOverAnOpenStreamReplacesItAndTellsNothing) {
  RegistryHarness h;
  const Peer first = h.Attach("a");
  const Peer second = h.Attach("a", "i1", first.attached.incarnation);
  ASSERT_THAT(first.stream->ends, SizeIs(1));
  EXPECT_EQ(first.stream->ends[0].code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(ReasonOf(first.stream->ends[0]), "STREAM_REPLACED");
  EXPECT_THAT(h.Told(), ElementsAre("a:->ALIVE"));
  EXPECT_EQ(h.Record("a")->attachment, second.attached.attachment);
  // What the old stream still does is dropped.
  h.Close(first);
  EXPECT_EQ(h.Beat(first), TouchResult::kStale);
  EXPECT_EQ(h.StateOf("a"), State::kAlive);
  EXPECT_EQ(h.Beat(second), TouchResult::kHeard);
}

TEST(Sessions, ResumeFromAnotherAddressIsTold) {
  RegistryHarness h;
  const Peer first = h.Attach("a");
  h.Attach("a", "i1", first.attached.incarnation, {}, "10.0.0.9:77");
  EXPECT_THAT(h.Told(), ElementsAre("a:->ALIVE", "a:ALIVE>ALIVE"));
  EXPECT_EQ(h.Record("a")->info.peer_address(), "10.0.0.9:77");
}

TEST(Sessions, TheSameInstanceWithoutATokenBeginsAnew) {
  RegistryHarness h;
  const Peer first = h.Attach("a");
  const Peer second = h.Attach("a");
  EXPECT_GT(second.attached.incarnation, first.attached.incarnation);
  EXPECT_EQ(ReasonOf(first.stream->ends.at(0)), "STREAM_REPLACED")
      << "SUPERSEDED would stop this very instance";
  EXPECT_TRUE(h.Attach("a", "i1", second.attached.incarnation).attached.resumed);
}

TEST(Sessions, AfterDeathTheSameInstanceBeginsAnewAndIsCountedAsAMistake) {
  RegistryHarness h;
  const Peer first = h.Attach("a");
  h.Run(seconds(5));
  ASSERT_EQ(h.StateOf("a"), State::kDead);
  const Peer second = h.Attach("a", "i1", first.attached.incarnation);
  EXPECT_FALSE(second.attached.resumed);
  EXPECT_GT(second.attached.incarnation, first.attached.incarnation);
  EXPECT_EQ(h.registry.totals().scorecard.mistaken_deaths.count, 1);
}

TEST(Sessions, GoodbyeLeaves) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  h.registry.SayGoodbye(a.attached.session, a.attached.attachment, {.reason = "deploy"});
  EXPECT_THAT(h.Told(), ElementsAre("a:->ALIVE", "a:ALIVE>LEFT(SAID_GOODBYE)"));
  EXPECT_EQ(h.Record("a")->evidence->reason, "deploy");
  EXPECT_THAT(a.stream->ends, IsEmpty()) << "the stream answers its goodbye itself";
  h.Close(a);
  EXPECT_EQ(h.StateOf("a"), State::kLeft);
}

TEST(Sessions, GoodbyeOfAFailureIsADeathAtOnce) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  const Peer b = h.Attach("b");
  const Peer c = h.Attach("c");
  h.registry.SayGoodbye(a.attached.session, a.attached.attachment, {.exit_code = 3});
  h.registry.SayGoodbye(b.attached.session, b.attached.attachment, {.signal = 11});
  h.registry.SayGoodbye(c.attached.session, c.attached.attachment, {.exit_code = 0});
  EXPECT_EQ(h.StateOf("a"), State::kDead);
  EXPECT_EQ(h.Record("a")->cause, core::Cause::kProcessExited);
  EXPECT_EQ(h.StateOf("b"), State::kDead);
  EXPECT_EQ(h.StateOf("c"), State::kLeft);
}

TEST(Sessions, EvictionIsFinalForTheInstanceOnly) {
  RegistryHarness h;
  const Peer a = h.Attach("a", "i1");
  const auto evicted = h.Evict("a", "runaway");
  ASSERT_TRUE(evicted.ok());
  EXPECT_EQ(evicted->record->state, State::kDead);
  EXPECT_EQ(evicted->record->cause, core::Cause::kEvicted);
  EXPECT_EQ(evicted->record->evidence->reason, "runaway");
  EXPECT_EQ(ReasonOf(a.stream->ends.at(0)), "EVICTED");
  EXPECT_EQ(ReasonOf(h.Attach("a", "i1").refused), "EVICTED");
  EXPECT_EQ(ReasonOf(h.Attach("a", "i1", a.attached.incarnation).refused), "EVICTED");
  EXPECT_TRUE(h.Attach("a", "i2").refused.ok());
}

TEST(Sessions, OnlyLiveClientsCanBeEvicted) {
  RegistryHarness h;
  EXPECT_EQ(ReasonOf(h.Evict("a", "").status()), "CLIENT_NOT_FOUND");
  const Peer a = h.Attach("a");
  h.registry.SayGoodbye(a.attached.session, a.attached.attachment, {});
  EXPECT_EQ(ReasonOf(h.Evict("a", "").status()), "CLIENT_NOT_LIVE");
}

TEST(Sessions, NobodyTakesOverAnothersLiveId) {
  RegistryHarness h;
  HelloRequest mine;
  mine.info.client_id = "a";
  mine.info.instance_id = "i1";
  mine.info.principal = "alice";
  mine.interval = seconds(1);
  mine.timeout = seconds(3);
  HelloRequest theirs = mine;
  theirs.info.instance_id = "i2";
  theirs.info.principal = "mallory";
  ASSERT_TRUE(h.Attach(mine).refused.ok());
  const Peer refused = h.Attach(theirs);
  EXPECT_EQ(refused.refused.code(), absl::StatusCode::kPermissionDenied);
  EXPECT_EQ(ReasonOf(refused.refused), "PRINCIPAL_MISMATCH");
  EXPECT_EQ(h.StateOf("a"), State::kAlive);
}

TEST(Sessions, AnIdIsItsOwnersUntilAnOperatorFreesIt) {
  RegistryHarness h;
  HelloRequest mine = RegistryHarness::Hello("a");
  mine.info.principal = "spiffe://prod/a";
  HelloRequest theirs = mine;
  theirs.info.principal = "spiffe://prod/b";
  const Peer owner = h.Attach(mine);
  ASSERT_TRUE(owner.refused.ok());
  const auto forget = [&h] {
    absl::Status outcome;
    h.registry.Forget("a", [&](const auto& forgotten) { outcome = forgotten.status(); });
    return ReasonOf(outcome);
  };
  EXPECT_EQ(forget(), "CLIENT_LIVE");
  h.registry.SayGoodbye(owner.attached.session, owner.attached.attachment, {});
  theirs.resume_incarnation = owner.attached.session->record()->incarnation;
  EXPECT_EQ(ReasonOf(h.Attach(theirs).refused), "PRINCIPAL_MISMATCH");
  EXPECT_EQ(h.StateOf("a"), State::kLeft);
  EXPECT_EQ(h.Record("a")->info.principal(), mine.info.principal);
  EXPECT_EQ(forget(), "");
  EXPECT_EQ(forget(), "CLIENT_NOT_FOUND");
  theirs.resume_incarnation.reset();
  EXPECT_TRUE(h.Attach(theirs).refused.ok());
}

TEST(Sessions, LabelsAreReplacedAndTold) {
  RegistryHarness h;
  const Peer a = h.Attach("a", "i1", std::nullopt, {{"zone", "eu"}});
  h.registry.UpdateLabels(a.attached.session, a.attached.attachment, {{"zone", "us"}});
  EXPECT_EQ(h.Record("a")->info.FindLabel("zone"), "us");
  h.registry.UpdateLabels(a.attached.session, a.attached.attachment, {{"zone", "us"}});
  EXPECT_THAT(h.Told(), ElementsAre("a:->ALIVE", "a:ALIVE>ALIVE")) << "no change, nothing told";
}

TEST(Sessions, LiveClientsAreBounded) {
  RegistryHarness h({.max_clients = 2});
  const Peer a = h.Attach("a");
  h.Attach("b");
  const Peer refused = h.Attach("c");
  EXPECT_EQ(refused.refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(refused.refused), "TOO_MANY_CLIENTS");
  EXPECT_TRUE(common::RetryDelayOf(refused.refused).has_value());
  EXPECT_TRUE(h.Attach("a", "i1", a.attached.incarnation).attached.resumed) << "who is in stays in";
  EXPECT_TRUE(h.Attach("b", "i2").refused.ok()) << "a takeover needs no room";
}

TEST(Sessions, EndedRecordsAreBoundedOldestFirst) {
  RegistryHarness h({.max_ended = 2});
  for (const char* id : {"a", "b", "c"}) {
    const Peer peer = h.Attach(id);
    h.registry.SayGoodbye(peer.attached.session, peer.attached.attachment, {});
  }
  EXPECT_EQ(h.Record("a"), nullptr);
  EXPECT_EQ(h.StateOf("b"), State::kLeft);
  EXPECT_EQ(h.Told().back(), "a:LEFT>FORGOTTEN(SAID_GOODBYE)");
}

TEST(Sessions, EndedRecordsAreForgottenInTime) {
  RegistryHarness h({.keep_dead = seconds(60), .keep_left = seconds(10)});
  const Peer left = h.Attach("left");
  const Peer dead = h.Attach("dead");
  h.registry.SayGoodbye(left.attached.session, left.attached.attachment, {});
  h.registry.SayGoodbye(dead.attached.session, dead.attached.attachment, {.exit_code = 1});
  h.Run(seconds(11));
  EXPECT_EQ(h.Record("left"), nullptr);
  EXPECT_NE(h.Record("dead"), nullptr);
  h.Run(seconds(50));
  EXPECT_EQ(h.Record("dead"), nullptr);
}

TEST(Sessions, ShutdownBlamesNobody) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  const Peer b = h.Attach("b");
  const Peer c = h.Attach("c");
  h.registry.BeginShutdown();
  h.Close(a);
  h.registry.SayGoodbye(b.attached.session, b.attached.attachment, {});
  h.Run(seconds(60));
  EXPECT_EQ(h.StateOf("a"), State::kAlive);
  EXPECT_EQ(h.StateOf("b"), State::kLeft);
  EXPECT_EQ(h.StateOf("c"), State::kAlive);
  EXPECT_EQ(ReasonOf(h.Attach("d").refused), "DRAINING");
}

TEST(Sessions, CountsFollowEveryTransition) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  const Peer b = h.Attach("b");
  h.Attach("c");
  h.Close(a);
  h.registry.SayGoodbye(b.attached.session, b.attached.attachment, {});
  const Counts counts = h.registry.totals().counts;
  EXPECT_EQ(counts.alive, 1);
  EXPECT_EQ(counts.suspect, 1);
  EXPECT_EQ(counts.left, 1);
  h.Run(seconds(10));
  EXPECT_EQ(h.registry.totals().counts.dead, 2);
  EXPECT_EQ(h.registry.totals().counts.live(), 0);
}

TEST(Sessions, AStalledClientIsCountedWhileItLives) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  h.Attach("b");
  EXPECT_EQ(h.registry.totals().counts.stalled, 0);
  h.registry.SetStalled(a.attached.session, a.attached.attachment, true);
  EXPECT_EQ(h.registry.totals().counts.stalled, 1);
  h.Close(a);
  ASSERT_EQ(h.StateOf("a"), State::kSuspect);
  EXPECT_EQ(h.registry.totals().counts.stalled, 1);
  h.Run(seconds(2));
  ASSERT_EQ(h.StateOf("a"), State::kDead);
  EXPECT_EQ(h.Record("a")->health, core::Health::kStalled) << "as it was when it died";
  EXPECT_EQ(h.registry.totals().counts.stalled, 0);
}

}  // namespace
}  // namespace liveness::registry
