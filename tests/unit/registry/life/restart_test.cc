// What is known after a restart, and to whom it is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/status.h"
#include "tests/support/registry/machine.h"

namespace liveness::registry {
namespace {

using common::ReasonOf;
using core::Cause;
using core::State;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::IsEmpty;
using testing::Machine;
using testing::Peer;
using testing::Replay;
using ::testing::SizeIs;

TEST(Restart, WhatWasNotCommittedNeverWas) {
  Machine m;
  const Peer a = m.Welcomed("a");
  m.h().Close(a);
  const auto b = m.h().AttachLater("b");
  ASSERT_EQ(b->answers, 0);
  m.Restart();
  EXPECT_EQ(m.CauseOf("a"), Cause::kServerLost) << "that its stream closed was never told";
  EXPECT_EQ(m.h().Record("b"), nullptr);
  EXPECT_EQ(b->answers, 0);
  EXPECT_GT(m.Welcomed("b").attached.incarnation, a.attached.incarnation);
}

TEST(Restart, NobodyWasWatchedBeforeTheStart) {
  Machine m;
  m.Welcomed("a");
  m.store().CommitAll();
  m.Restart();
  m.Run(seconds(2));
  ASSERT_EQ(m.StateOf("a"), State::kSuspect);
  EXPECT_LE(m.h().registry.totals().scorecard.observed_seconds, 2) << "mistakes a day are counted by it";
}

TEST(Restart, TheEndedStayAndAreForgottenByTheirAge) {
  Machine m({.keep_dead = seconds(100), .keep_left = seconds(60)});
  m.Goodbye(m.Welcomed("left"));
  m.Goodbye(m.Welcomed("dead"), 1);
  m.store().CommitAll();
  m.Restart(seconds(50));
  m.Run(seconds(59));  // by the wall clock's word alone nobody is forgotten so soon after a start
  EXPECT_EQ(m.StateOf("left"), State::kLeft);
  EXPECT_EQ(m.StateOf("dead"), State::kDead);
  EXPECT_THAT(m.Told(), IsEmpty()) << "a death is told once, over restarts too";
  m.Run(seconds(2));
  EXPECT_EQ(m.h().Record("left"), nullptr);
  EXPECT_EQ(m.StateOf("dead"), State::kDead);
  m.Run(seconds(40));
  EXPECT_EQ(m.h().Record("dead"), nullptr);
}

TEST(Restart, AWallClockThatWentBackForgetsNobodyEarly) {
  Machine m({.keep_left = seconds(60)});
  m.Goodbye(m.Welcomed("a"));
  m.store().CommitAll();
  m.clock.StepWall(-hours(5));
  m.Restart();
  m.Run(seconds(58));
  EXPECT_EQ(m.StateOf("a"), State::kLeft);
  m.Run(seconds(3));
  EXPECT_EQ(m.h().Record("a"), nullptr) << "nor keeps anybody for five hours";
}

TEST(Restart, AWallClockThatIsAWeekAheadForgetsNobodyEither) {
  Machine m({.keep_dead = hours(24), .keep_left = seconds(60)});
  m.Goodbye(m.Welcomed("left"));
  m.Goodbye(m.Welcomed("dead"), 1);
  m.store().CommitAll();
  m.clock.StepWall(hours(7 * 24));
  m.Restart();
  m.Run(seconds(10));
  m.clock.StepWall(-hours(7 * 24));
  m.Run(seconds(40));
  EXPECT_EQ(m.StateOf("left"), State::kLeft);
  EXPECT_EQ(m.StateOf("dead"), State::kDead);
}

TEST(Restart, WhoWasSupersededOrEvictedStaysOut) {
  Machine m;
  const Peer old = m.Welcomed("a", "i1");
  m.Welcomed("a", "i2");
  const Peer evicted = m.Welcomed("b", "i1");
  (void)m.h().EvictLater("b");
  m.store().CommitAll();
  m.Restart();
  EXPECT_EQ(ReasonOf(m.h().Attach("a", "i1", old.attached.incarnation).refused), "SUPERSEDED");
  EXPECT_EQ(ReasonOf(m.h().Attach("b", "i1", evicted.attached.incarnation).refused), "EVICTED");
  EXPECT_EQ(ReasonOf(m.h().Attach("b", "i9", evicted.attached.incarnation).refused), "EVICTED");
  EXPECT_TRUE(m.Welcomed("b", "i2").refused.ok());
}

TEST(Restart, AfterTheAmnestyTheSameInstanceBeginsAnew) {
  Machine m;
  const Peer before = m.Welcomed("a");
  m.Restart();
  m.Run(seconds(6));
  ASSERT_EQ(m.StateOf("a"), State::kDead);
  const Peer after = m.Welcomed("a", "i1", before.attached.incarnation);
  EXPECT_FALSE(after.attached.resumed);
  EXPECT_GT(after.attached.incarnation, before.attached.incarnation);
}

TEST(Restart, AQuietReconnectLaterIsStillQuiet) {
  Machine m;
  const Peer before = m.Welcomed("a");
  m.Restart();
  Peer peer = m.Welcomed("a", "i1", before.attached.incarnation);
  const auto told = m.Told();
  peer = m.Welcomed("a", "i1", before.attached.incarnation);
  EXPECT_EQ(peer.answers, 1);
  EXPECT_EQ(m.Told(), told);
}

// --- Watchers ----------------------------------------------------------------

TEST(Restart, AWatcherGoesOnFromItsRevision) {
  Machine m({.max_history = 3});
  const Peer a = m.Welcomed("a");
  m.Welcomed("b");
  Replay believes;
  {
    const auto watch = *m.h().registry.StartWatch({});
    while (m.h().registry.PublishPending()) {
    }
    believes.Drain(*watch);
    ASSERT_THAT(believes.records(), SizeIs(2));
  }
  // It misses something of the old process, and all that the new one did until it is back.
  m.Welcomed("c");
  m.Restart();
  m.Run(seconds(3));
  m.Welcomed("a", "i1", a.attached.incarnation);
  m.Run(milliseconds(2'500));
  while (m.h().registry.PublishPending()) {
  }
  const int told_before = believes.transitions;
  const auto watch =
      *m.h().registry.StartWatch({.start_revision = believes.revision, .history_id = m.ledger.history_id()});
  believes.Drain(*watch);
  EXPECT_EQ(believes.gaps, 0);
  EXPECT_EQ(believes.snapshots, 1);
  EXPECT_EQ(believes.transitions - told_before, 7) << "c; a, b, c lost; a back; b, c dead";
  EXPECT_EQ(believes.records(), testing::Everything(m.h().registry));
}

TEST(Restart, AWatcherThatKnowsWhatIsLostIsToldSo) {
  Machine m;
  m.Welcomed("a");
  m.ledger.Sync();
  m.Welcomed("b");
  Replay believes;
  const std::string history_id = m.ledger.history_id();
  {
    const auto watch = *m.h().registry.StartWatch({});
    while (m.h().registry.PublishPending()) {
    }
    believes.Drain(*watch);
  }
  m.Crash();
  m.ledger.LosePower();
  m.Restart();
  EXPECT_EQ(m.h().Record("b"), nullptr);
  EXPECT_GT(m.Welcomed("b").attached.incarnation, believes.records().at("b")->incarnation);
  while (m.h().registry.PublishPending()) {
  }
  const auto watch =
      *m.h().registry.StartWatch({.start_revision = believes.revision, .history_id = history_id});
  believes.Drain(*watch);
  EXPECT_EQ(believes.gaps, 1);
  EXPECT_EQ(believes.records(), testing::Everything(m.h().registry));
}

}  // namespace
}  // namespace liveness::registry
