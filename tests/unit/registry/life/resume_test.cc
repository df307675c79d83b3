// What a session takes along to its next stream, and a client to its next session.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/status.h"
#include "tests/support/registry/machine.h"
#include "tests/support/registry/registry_harness.h"

namespace liveness::registry {
namespace {

using core::State;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Machine;
using testing::Peer;
using testing::RegistryHarness;

HelloRequest Again(const Peer& peer) { return RegistryHarness::Hello("a", "i1", peer.attached.incarnation); }

TEST(Resume, TheEndOfAnEarlierStreamIsNoEvidenceOfALaterSilence) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  a.stream->link.taken_at = h.clock.Mono();
  h.Close(a);
  ASSERT_EQ(h.Record("a")->evidence->stream_end, core::StreamEnd::kConnectionClosed);
  h.Attach(Again(a));
  h.Run(milliseconds(3'050));
  ASSERT_EQ(h.StateOf("a"), State::kSuspect);
  EXPECT_EQ(h.Record("a")->evidence->stream_end, core::StreamEnd::kNone);
  EXPECT_FALSE(h.Record("a")->evidence->link) << "it was another connection's";
  EXPECT_EQ(h.Record("a")->cause, core::Cause::kUnknown);
}

TEST(Resume, WhatItAsksForAnewIsToldAndHolds) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  HelloRequest interval = Again(a);
  interval.interval = milliseconds(500);
  h.Attach(std::move(interval));
  EXPECT_EQ(h.Record("a")->interval, milliseconds(500));
  EXPECT_EQ(h.Told().size(), 2u);
  HelloRequest threshold = Again(a);
  threshold.interval = milliseconds(500);
  threshold.accrual_threshold = 8;
  h.Attach(std::move(threshold));
  EXPECT_EQ(h.Record("a")->accrual_threshold, 8);
  EXPECT_EQ(h.Told().size(), 3u);
}

TEST(Resume, OverAStoreThatIsSlowSilenceIsFoundAllTheSame) {
  Machine m;
  const Peer a = m.Welcomed("a");
  const auto b = m.h().AttachLater("a", "i1", a.attached.incarnation, {}, "10.0.0.2:1000");
  EXPECT_EQ(b->answers, 1) << "this server holds its session";
  m.h().Run(seconds(5));  // nothing is committed meanwhile
  m.store().CommitAll();
  EXPECT_EQ(m.StateOf("a"), State::kDead);
}

TEST(Resume, OnASingleServerWhoseStoreFailsWhoWasKnownMayWait) {
  Machine m;
  const Peer a = m.Welcomed("a");
  m.Restart();
  m.store().set_health(absl::UnavailableError("the disk is full"));
  m.h().Run(milliseconds(200));
  const auto b = m.h().AttachLater("a", "i1", a.attached.incarnation);
  EXPECT_TRUE(b->refused.ok()) << b->refused;
}

TEST(Resume, IsToldThatItsApplicationStalls) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  EXPECT_FALSE(h.Attach(Again(a)).attached.stalled);
  const Peer b = h.Attach(Again(a));
  // As after a restart, the record alone says so.
  h.registry.SetStalled(b.attached.session, b.attached.attachment, true);
  EXPECT_TRUE(h.Attach(Again(a)).attached.stalled);
}

TEST(Resume, AnOldStreamDoesNotRefuteANewOnesSuspicion) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  h.Run(milliseconds(3'050));
  ASSERT_EQ(a.attached.session->Touch(a.attached.attachment, h.clock.Mono()), TouchResult::kRefutes);
  const Peer b = h.Attach(Again(a));  // before the refutation gets the lock
  h.Run(milliseconds(3'050));
  ASSERT_EQ(h.StateOf("a"), State::kSuspect);
  EXPECT_FALSE(h.registry.Refute(a.attached.session, a.attached.attachment));
  EXPECT_EQ(h.StateOf("a"), State::kSuspect);
  EXPECT_TRUE(h.registry.Refute(b.attached.session, b.attached.attachment));
  EXPECT_EQ(h.StateOf("a"), State::kAlive);
  const std::size_t told = h.Told().size();
  EXPECT_TRUE(h.registry.Refute(b.attached.session, b.attached.attachment)) << "it is heard";
  EXPECT_EQ(h.Told().size(), told) << "nothing was to be refuted";
  EXPECT_EQ(h.registry.Get("a")->vitals.mistakes.count, 2);
}

// --- The same client's next session --------------------------------------------

TEST(NextSession, OfAnotherInstanceOrAfterALeaveIsNoMistake) {
  RegistryHarness h;
  h.Attach("a", "i1");
  h.Run(seconds(5));
  ASSERT_EQ(h.StateOf("a"), State::kDead);
  const Peer b = h.Attach("a", "i2");
  EXPECT_EQ(h.registry.totals().scorecard.mistaken_deaths.count, 0);
  h.registry.SayGoodbye(b.attached.session, b.attached.attachment, {});
  ASSERT_EQ(h.StateOf("a"), State::kLeft);
  h.Attach("a", "i2");
  EXPECT_EQ(h.registry.totals().scorecard.mistaken_deaths.count, 0);
  EXPECT_EQ(h.registry.Get("a")->vitals.mistakes.count, 0);
}

TEST(NextSession, KnowsTheTimeOverWhichMistakesWereCounted) {
  RegistryHarness h;
  h.Attach("a");
  h.Run(seconds(5));
  ASSERT_EQ(h.StateOf("a"), State::kDead);
  const core::Duration detected_after = h.registry.Get("a")->vitals.detected_after;
  EXPECT_GT(detected_after, core::Duration::zero());
  const core::Duration lived = h.Record("a")->state_time - h.Record("a")->register_time;
  h.clock.Advance(seconds(100));
  h.Tick();
  const Peer b = h.Attach("a");
  EXPECT_EQ(h.registry.Get("a")->vitals.mistakes.count, 1);
  EXPECT_EQ(h.registry.Get("a")->vitals.known_before, lived) << "not while it was dead";
  EXPECT_EQ(h.registry.Get("a")->vitals.detected_after, detected_after);
  h.Run(seconds(2));
  h.Attach("a");  // it begins anew, alive
  EXPECT_EQ(h.registry.Get("a")->vitals.known_before, lived + seconds(2));
}

TEST(NextSession, UnderMaintenanceIsUnderMaintenance) {
  RegistryHarness h;
  h.Attach("a", "i1");
  h.Attach("a", "i2");
  EXPECT_EQ(h.Record("a")->health, core::Health::kOk) << "it has only superseded another";
  (void)h.registry.SetMaintenance({.client_id = "a", .until = h.clock.Wall() + seconds(60)}, nullptr);
  h.Attach("a", "i3");
  EXPECT_EQ(h.Record("a")->health, core::Health::kMaintenance);
}

TEST(NextSession, OfADeadClientIsItsOwnersAlone) {
  RegistryHarness h({.max_clients = 1});
  HelloRequest first = RegistryHarness::Hello("a");
  first.info.principal = "p1";
  h.Attach(std::move(first));
  HelloRequest second = RegistryHarness::Hello("a", "i2");
  second.info.principal = "p2";
  EXPECT_EQ(common::ReasonOf(h.Attach(second).refused), "PRINCIPAL_MISMATCH");
  h.Run(seconds(5));
  ASSERT_EQ(h.StateOf("a"), State::kDead);
  EXPECT_EQ(common::ReasonOf(h.Attach(second).refused), "PRINCIPAL_MISMATCH");
  second.info.principal = "p1";
  h.Attach("b");
  EXPECT_EQ(common::ReasonOf(h.Attach(second).refused), "TOO_MANY_CLIENTS") << "the dead hold no place";
  ASSERT_TRUE(h.Evict("b").ok());
  EXPECT_TRUE(h.Attach(second).refused.ok());
}

TEST(NextSession, TakesWhatWasLearntOfItsPathAlong) {
  RegistryHarness h;
  HelloRequest hello = RegistryHarness::Hello("a");
  hello.quality.emplace();
  const Peer a = h.Attach(hello);
  ASSERT_NE(a.attached.arrivals, nullptr) << "its path is measured, without a threshold too";
  hello.info.instance_id = "i2";
  EXPECT_EQ(h.Attach(hello).attached.arrivals, a.attached.arrivals);
  hello.timeout = seconds(4);
  const Peer c = h.Attach(hello);
  EXPECT_EQ(c.attached.arrivals->timing().timeout, seconds(4));
  hello.accrual_threshold = 8;
  EXPECT_EQ(h.Attach(hello).attached.arrivals->threshold(), 8);
}

}  // namespace
}  // namespace liveness::registry
