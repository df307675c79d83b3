// What becomes of everybody when the store says no, fails, or stands still.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "common/status.h"
#include "server/registry/ledger/pending_client.h"
#include "tests/support/registry/machine.h"
#include "tests/support/registry/replay_checks.h"

namespace liveness::registry {
namespace {

using common::ReasonOf;
using core::State;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Machine;
using testing::Peer;
using testing::RegistryHarness;
using testing::Replay;
using testing::SameRecordsAs;
using ::testing::SizeIs;
using testing::WatchAll;

// --- When the store says no --------------------------------------------------

TEST(Refused, AFirstBeginLeavesNothingBehind) {
  Machine m;
  const auto a = m.h().AttachLater("a");
  m.store().Refuse();
  EXPECT_EQ(a->answers, 1);
  EXPECT_EQ(a->refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ReasonOf(a->refused), "STORE_UNAVAILABLE");
  ASSERT_THAT(a->stream->ends, SizeIs(1));
  EXPECT_EQ(a->stream->ends[0].code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(m.h().Record("a"), nullptr);
  EXPECT_EQ(m.h().registry.totals().counts.live(), 0);
  EXPECT_THAT(m.Told(), IsEmpty());
  m.h().Run(seconds(60));
  EXPECT_TRUE(m.store().idle());
  EXPECT_EQ(m.h().Beat(m.Welcomed("a")), TouchResult::kHeard);
}

TEST(Refused, ABeginRestoresTheFormerRecord) {
  Machine m({.keep_left = seconds(10)});
  m.Goodbye(m.Welcomed("a", "i1"));
  m.store().CommitAll();
  const auto a = m.h().AttachLater("a", "i2");
  m.h().Run(seconds(1));
  m.store().Refuse();
  EXPECT_EQ(a->refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(a->stream->ends.at(0).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(m.StateOf("a"), State::kLeft);
  EXPECT_EQ(m.h().registry.totals().counts.left, 1);
  EXPECT_EQ(m.h().registry.totals().counts.live(), 0);
  m.h().Run(seconds(10));
  m.store().CommitAll();
  EXPECT_EQ(m.h().Record("a"), nullptr) << "it is forgotten in its time";
}

TEST(Refused, ABeginBehindAForgettingLeavesNothingBehind) {
  Machine m({.keep_left = seconds(10)});
  m.Goodbye(m.Welcomed("a", "i1"));
  m.store().CommitAll();
  m.h().Run(seconds(11));
  const auto again = m.h().AttachLater("a", "i2");
  m.store().Commit();
  m.store().Refuse();
  EXPECT_EQ(ReasonOf(again->refused), "STORE_UNAVAILABLE");
  EXPECT_EQ(m.h().Record("a"), nullptr);
  EXPECT_EQ(m.h().registry.totals().counts.left, 0);
  EXPECT_EQ(m.h().Beat(m.Welcomed("a", "i3")), TouchResult::kHeard);
}

TEST(Refused, ThatAnotherServerForgotWhomNobodyKnowsIsNothing) {
  Machine m;
  core::ClientInfo info;
  info.client_id = "a";
  core::ClientRecord gone;
  gone.info = core::PackedInfo(info);
  gone.state = State::kForgotten;
  m.ledger.Write(gone);
  m.store().Tell();
  EXPECT_EQ(m.h().Record("a"), nullptr);
  EXPECT_EQ(m.h().Beat(m.Welcomed("a")), TouchResult::kHeard);
}

TEST(Refused, AChangeThatTheStoreDoesNotTakeIsNotPutToItAgain) {
  Machine m;
  const Peer a = m.Welcomed("a");
  m.Labels(a, "eu");
  m.store().Refuse();
  EXPECT_TRUE(m.store().idle());
  EXPECT_EQ(m.h().Record("a")->info.FindLabel("zone"), std::nullopt);
  ASSERT_THAT(a.stream->ends, SizeIs(1)) << "what it knows of itself is no longer true";
  EXPECT_EQ(ReasonOf(a.stream->ends[0]), "STORE_UNAVAILABLE");
}

TEST(Refused, WhoWasSupersededForABeginStaysSo) {
  Machine m;
  const Peer old = m.Welcomed("a", "i1");
  const auto young = m.h().AttachLater("a", "i2");
  m.store().Commit();
  m.store().Refuse();
  EXPECT_EQ(young->refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(m.StateOf("a"), State::kDead);
  EXPECT_EQ(ReasonOf(old.stream->ends.at(0)), "SUPERSEDED");
  const Peer again = m.Welcomed("a", "i2");
  EXPECT_EQ(m.h().Beat(again), TouchResult::kHeard);
  EXPECT_THAT(m.Told(), ElementsAre("a:->ALIVE", "a:ALIVE>DEAD(SUPERSEDED)", "a:DEAD>ALIVE"));
}

TEST(Refused, WhatWasBuiltOnARefusedBeginGoesWithIt) {
  Machine m;
  const auto first = m.h().AttachLater("a", "i1");
  const auto second = m.h().AttachLater("a", "i2");
  m.store().Refuse();
  EXPECT_EQ(first->answers, 1);
  EXPECT_EQ(second->answers, 1);
  EXPECT_EQ(second->refused.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(m.h().Record("a"), nullptr);
  EXPECT_TRUE(m.store().idle());
}

TEST(StoreFailing, HeldSessionsResumeAtOnceAndNewOnesAreTurnedAway) {
  Machine m;
  const Peer calm = m.Welcomed("calm");
  const Peer closed = m.Welcomed("closed");
  m.h().Close(closed);
  m.store().set_health(absl::UnavailableError("the disk is full"));
  m.h().Run(milliseconds(200));
  EXPECT_EQ(m.h().AttachLater("calm", "i1", calm.attached.incarnation)->answers, 1);
  const auto back = m.h().AttachLater("closed", "i1", closed.attached.incarnation);
  EXPECT_EQ(back->answers, 1);
  EXPECT_TRUE(back->attached.resumed);
  for (const Peer& turned_away : {m.h().Attach("new"), m.h().Attach("calm", "i2")}) {
    EXPECT_EQ(turned_away.refused.code(), absl::StatusCode::kUnavailable);
    EXPECT_EQ(ReasonOf(turned_away.refused), "STORE_UNAVAILABLE");
    EXPECT_TRUE(common::RetryDelayOf(turned_away.refused).has_value());
  }
  EXPECT_EQ(m.StateOf("calm"), State::kAlive) << "nobody is superseded for who cannot come in";
}

TEST(StoreFailing, QueriesShowThisServersOwnTruthAndWatchesDoNot) {
  Machine m;
  const Peer a = m.Welcomed("a");
  m.h().Close(a);
  m.store().set_health(absl::UnavailableError("away"));
  m.h().Run(milliseconds(200));
  EXPECT_EQ(m.StateOf("a"), State::kSuspect);
  EXPECT_EQ(testing::Everything(m.h().registry)["a"]->state, State::kSuspect);

  while (m.h().registry.PublishPending()) {
  }
  const auto watch = WatchAll(m.h());
  Replay believes;
  believes.Drain(*watch);
  EXPECT_EQ(believes.records().at("a")->state, State::kAlive)
      << "there is no revision under which to tell it";

  m.store().set_health(absl::OkStatus());
  m.store().CommitAll();
  m.h().Run(milliseconds(200));
  while (m.h().registry.PublishPending()) {
  }
  believes.Drain(*watch);
  EXPECT_THAT(believes.records(), SameRecordsAs(testing::Everything(m.h().registry)));
}

// --- A store that stands still -----------------------------------------------

TEST(StoreStanding, SuspicionsAndRefutationsBecomeOne) {
  Machine m;
  Peer a = m.Welcomed("a");
  for (int i = 0; i < 100; ++i) {
    m.h().Close(a);
    a = *m.h().AttachLater("a", "i1", a.attached.incarnation);
    ASSERT_EQ(a.answers, 1);
  }
  m.h().Close(a);
  m.store().CommitAll();
  EXPECT_LE(m.Told().size(), 2 + PendingClient::kCoalesceFrom);
  EXPECT_EQ(m.StateOf("a"), State::kSuspect);
  EXPECT_EQ(m.h().Record("a")->attachment, a.attached.attachment);
}

TEST(StoreStanding, NoDeathAndNoRegistrationIsDropped) {
  Machine m;
  Peer a = m.Welcomed("a");
  for (int i = 0; i < 20; ++i) {
    m.h().Close(a);
    a = *m.h().AttachLater("a", "i1", a.attached.incarnation);
  }
  // Each takes the place of the one before: a death and a registration, all waiting.
  std::vector<std::shared_ptr<Peer>> young;
  for (int i = 0; i < 10; ++i) young.push_back(m.h().AttachLater("a", "j" + std::to_string(i)));
  m.store().CommitAll();
  const auto told = m.Told();
  EXPECT_EQ(std::count(told.begin(), told.end(), "a:ALIVE>DEAD(SUPERSEDED)"), 10);
  EXPECT_EQ(std::count(told.begin(), told.end(), "a:DEAD>ALIVE"), 10);
  for (const auto& each : young) EXPECT_EQ(each->answers, 1);
  EXPECT_EQ(m.h().Beat(*young.back()), TouchResult::kHeard);
}

TEST(StoreStanding, WhatWaitsForOneClientIsBounded) {
  Machine m;
  std::size_t waiting = 0;
  Peer refused;
  for (int i = 0; i < 1'000 && refused.refused.ok(); ++i) {
    refused = m.h().Attach("a", "i" + std::to_string(i));
    ++waiting;
  }
  EXPECT_EQ(ReasonOf(refused.refused), "STORE_UNAVAILABLE");
  EXPECT_LE(waiting, PendingClient::kMaxWaiting);
  EXPECT_EQ(m.h().AttachLater("b")->refused.code(), absl::StatusCode::kOk) << "nobody else suffers";
  m.store().CommitAll();
  EXPECT_EQ(m.h().Beat(m.Welcomed("a", "last")), TouchResult::kHeard);
}

}  // namespace
}  // namespace liveness::registry
