// Servers that lose their lease and get it back, and what others believed meanwhile.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/registry/cluster_harness.h"

namespace liveness::registry {
namespace {

using core::Cause;
using core::State;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Cluster;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;
using testing::Peer;

TEST_F(Cluster, AServerThatIsBackAndTheOthersSuspectItsClientsOnce) {
  s(1).Welcomed("a");
  Settle();
  Kill(1);
  TellServers();
  h(2).Tick();
  s(1 + 1).cut = true;
  Restart(1);
  h(1).Tick();  // it finds them ALIVE, and lost
  ASSERT_EQ(s(1).store.queue().size(), 1u);
  s(2).cut = false;
  s(2).Settle();  // first
  Settle();
  Run(seconds(6));
  EXPECT_THAT(Committed(),
              ElementsAre("a:->ALIVE", "a:ALIVE>SUSPECT(SERVER_LOST)", "a:SUSPECT>DEAD(NOT_RETURNED)"));
  ExpectAllAgree();
}

TEST_F(Cluster, WhatWasBelievedIsNotSaidOnceItsServerIsBack) {
  const Peer a = s(1).Welcomed("a");
  Settle();
  TellServers({"s1"});
  s(2).cut = s(3).cut = true;
  for (int i = 0; i < 8; ++i) {
    Run(seconds(1));
    ASSERT_EQ(h(1).Beat(a), TouchResult::kHeard);
  }
  // They have given it up, and their store has heard no more than the suspicion.
  ASSERT_EQ(s(2).store.queue().front().after->state, State::kSuspect);
  s(2).cut = s(3).cut = false;
  TellServers();
  Settle();
  EXPECT_THAT(Committed(), Not(Contains("a:SUSPECT>DEAD(NOT_RETURNED)")));
  EXPECT_EQ(Committed().back(), "a:SUSPECT>ALIVE");
  EXPECT_EQ(h(1).Beat(a), TouchResult::kHeard);
  Run(milliseconds(2'900));
  EXPECT_EQ(h(2).StateOf("a"), State::kAlive);
  ExpectAllAgree();
}

TEST_F(Cluster, AnOrphanThatLivesAgainHasItsTimeAnew) {
  s(1).Welcomed("a", "i1");
  Settle();
  Kill(1);
  TellServers();
  Run(milliseconds(4'500));
  ASSERT_EQ(h(2).StateOf("a"), State::kSuspect);
  // It comes back, as another instance, to a server that has no lease for the moment.
  TellServers({"s3"});
  s(3).cut = true;
  const auto young = h(3).AttachLater("a", "i2");
  s(3).Settle();
  s(3).Settle();
  ASSERT_EQ(young->answers, 1);
  Run(milliseconds(4'500));
  EXPECT_NE(h(2).StateOf("a"), State::kDead);
  EXPECT_EQ(h(2).Record("a")->incarnation, young->attached.incarnation);
  Run(seconds(2));
  EXPECT_EQ(h(2).StateOf("a"), State::kDead) << "every protection ends";
  EXPECT_EQ(h(2).Record("a")->cause, Cause::kNotReturned);
}

TEST_F(Cluster, ADisputeWithAServerThatOnlyHasNoLeaseIsSlow) {
  const Peer a = s(1).Welcomed("a");
  Settle();
  TellServers({"s1"});
  for (int i = 0; i < 5; ++i) {
    Run(seconds(1));
    ASSERT_EQ(h(1).Beat(a), TouchResult::kHeard);
  }
  const auto told = Committed();
  EXPECT_LE(std::count(told.begin(), told.end(), "a:ALIVE>SUSPECT(SERVER_LOST)"), 11);
  EXPECT_THAT(told, Not(Contains("a:SUSPECT>DEAD(NOT_RETURNED)")));
}

}  // namespace
}  // namespace liveness::registry
