// A store that is away from the servers that share it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "common/status.h"
#include "tests/support/registry/cluster_harness.h"

namespace liveness::registry {
namespace {

using common::ReasonOf;
using core::State;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Cluster;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Peer;

TEST_F(Cluster, WithTheStoreAwayNothingIsToldAndLocalTruthGoesOn) {
  const Peer stays = s(1).Welcomed("stays");
  const Peer moves = s(1).Welcomed("moves");
  s(1).Welcomed("dies");
  s(2).Welcomed("elsewhere");
  Settle();
  const auto before = Committed();
  for (const int server : {1, 2, 3}) Cut(server, true);
  Run(milliseconds(2'000));
  for (const Peer& peer : {stays, moves}) h(1).Beat(peer);
  Run(milliseconds(2'100));
  for (const Peer& peer : {stays, moves}) h(1).Beat(peer);

  EXPECT_EQ(h(1).StateOf("dies"), State::kDead) << "detection goes on, and queries show it";
  EXPECT_EQ(h(1).StateOf("stays"), State::kAlive);
  EXPECT_EQ(h(1).Told(), before);
  EXPECT_EQ(h(2).StateOf("dies"), State::kAlive) << "as far as this one knows";
  // Those that it holds may come back to it; nobody else can come anywhere.
  EXPECT_TRUE(h(1).Attach("stays", "i1", stays.attached.incarnation).attached.resumed);
  EXPECT_EQ(ReasonOf(h(2).Attach("moves", "i1", moves.attached.incarnation).refused), "STORE_UNAVAILABLE");
  EXPECT_EQ(ReasonOf(h(2).Attach("new").refused), "STORE_UNAVAILABLE");
  EXPECT_EQ(ReasonOf(h(2).Evict("stays").status()), "STORE_UNAVAILABLE");

  for (const int server : {1, 2, 3}) Cut(server, false);
  Settle();
  EXPECT_EQ(h(3).StateOf("dies"), State::kDead);
  EXPECT_EQ(h(3).StateOf("stays"), State::kAlive);
  ExpectAllAgree();
}

TEST_F(Cluster, WithTheStoreAwayWhoIsForgottenIsNotShown) {
  const Peer a = s(1).Welcomed("a");
  h(1).registry.SayGoodbye(a.attached.session, a.attached.attachment, {});
  Settle();
  for (const int server : {1, 2, 3}) Cut(server, true);
  Run(seconds(1));
  ASSERT_EQ(h(1).StateOf("a"), State::kLeft);
  clock_.Advance(std::chrono::hours(1));
  Run(seconds(1));
  ASSERT_FALSE(s(1).store.queue().empty());
  ASSERT_EQ(s(1).store.queue().back().after->state, State::kForgotten);
  EXPECT_EQ(h(1).Record("a"), nullptr);
}

TEST_F(Cluster, WithTheStoreAwayNoOrphanIsBuried) {
  const Peer a = s(1).Welcomed("a");
  s(1).Welcomed("b");
  Settle();
  Kill(1);
  TellServers();
  Run(seconds(2));
  for (const int server : {2, 3}) Cut(server, true);
  Run(seconds(60));
  EXPECT_EQ(h(2).StateOf("a"), State::kSuspect);
  for (const int server : {2, 3}) Cut(server, false);
  Run(milliseconds(4'800));
  EXPECT_EQ(h(2).StateOf("a"), State::kSuspect) << "they could not come back meanwhile";
  EXPECT_TRUE(s(2).Welcomed("a", "i1", a.attached.incarnation).attached.resumed);
  Run(seconds(1));
  EXPECT_EQ(h(2).StateOf("a"), State::kAlive);
  EXPECT_EQ(h(2).StateOf("b"), State::kDead) << "every protection ends";
  ExpectAllAgree();
}

TEST_F(Cluster, WhatWaitedIsReconciledWithWhatTheOthersDid) {
  const Peer old = s(1).Welcomed("a", "i1");
  const Peer b = s(1).Welcomed("b", "i1");
  Settle();
  Cut(1, true);  // this one alone
  Run(milliseconds(200));
  h(1).Close(old);
  s(1).Labels(b, "eu");
  const Peer young = s(2).Welcomed("a", "i2");
  const Peer moved = s(3).Welcomed("b", "i1", b.attached.incarnation);
  Run(milliseconds(500));
  Cut(1, false);
  Settle();
  EXPECT_EQ(h(1).StateOf("a"), State::kAlive);
  EXPECT_EQ(h(1).Record("a")->info.instance_id(), "i2");
  EXPECT_EQ(ReasonOf(b.stream->ends.at(0)), "STREAM_REPLACED");
  EXPECT_EQ(h(1).Record("b")->info.FindLabel("zone"), std::nullopt);
  EXPECT_EQ(h(2).Beat(young), TouchResult::kHeard);
  EXPECT_EQ(h(3).Beat(moved), TouchResult::kHeard);
  ExpectAllAgree();
}

TEST_F(Cluster, ALeaseThatRanOutIsToldOnce) {
  std::vector<WitnessEvent> events;
  h(1).registry.OnWitness([&](const WitnessEvent& event) { events.push_back(event); });
  Run(seconds(1));
  EXPECT_THAT(events, IsEmpty());
  Cut(1, true);
  Run(seconds(3));
  s(1).store.set_has_lease(false);
  Run(seconds(7));
  Cut(1, false);
  s(1).store.set_has_lease(true);
  Run(seconds(1));
  using Kind = WitnessEvent::Kind;
  std::vector<Kind> kinds;
  for (const WitnessEvent& event : events) kinds.push_back(event.kind);
  EXPECT_THAT(kinds, ElementsAre(Kind::kStoreFails, Kind::kLeaseLost, Kind::kLeaseBack, Kind::kStoreBack));
  EXPECT_GE(events.at(2).length, milliseconds(6'900));
}

}  // namespace
}  // namespace liveness::registry
