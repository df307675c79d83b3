// Each rule of a cluster's log on a log written by hand: quiet when it is right,
// and complaining of the one thing that is broken in it.
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "tests/simulation/rules/cluster_rules.h"
#include "tests/support/manual_clock.h"

namespace liveness::simulation {
namespace {

using common::MonoTime;
using core::Cause;
using core::ClientRecord;
using core::State;
using std::chrono::milliseconds;
using std::chrono::seconds;

MonoTime At(int ms) { return MonoTime(seconds(1'000) + milliseconds(ms)); }

// "a" on server "s1", begun at 0.
class Log {
 public:
  Log() {
    ClientRecord record;
    record.info = core::PackedInfo(core::ClientInfo{.client_id = "a", .instance_id = "i1"});
    record.server_id = std::make_shared<const std::string>("s1");
    record.state = State::kAlive;
    record.attachment = 1;
    rules.SaysHello("a");
    last = ledger.Write(record);
    rules.ReadLog(At(0));
  }
  void Write(State state, Cause cause, int ms) {
    ClientRecord record = *last;
    record.state = state;
    record.cause = cause;
    record.evidence = std::make_shared<const core::Evidence>();
    Write(record, ms);
  }
  void Write(const ClientRecord& record, int ms) {
    last = ledger.Write(record);
    rules.ReadLog(At(ms));
  }
  bool complains() const { return rules.complaint().has_value(); }

  testing::Ledger ledger;
  ClusterRules rules{ledger, milliseconds(600), milliseconds(250)};
  core::RecordPtr last;
};

TEST(ClusterRules, AnOlderStreamDoesNotWriteOverANewerOne) {
  Log log;
  ClientRecord record = *log.last;
  record.attachment = 3;
  log.Write(record, 10);
  EXPECT_FALSE(log.complains());
  record.attachment = 2;
  log.Write(record, 20);
  EXPECT_TRUE(log.complains());
}

TEST(ClusterRules, ASessionBeginsAfterTheOneBeforeHasEnded) {
  for (const bool ended : {true, false}) {
    Log log;
    log.rules.SaysHello("a");
    if (ended) log.Write(State::kDead, Cause::kSuperseded, 10);
    ClientRecord record = *log.last;
    record.state = State::kAlive;
    record.incarnation = 0;
    log.Write(record, 20);
    EXPECT_NE(log.complains(), ended);
  }
}

TEST(ClusterRules, WhatEndedStaysSo) {
  for (const State state : {State::kAlive, State::kLeft}) {
    Log log;
    log.rules.AsksForEnd("a", {});
    log.Write(State::kDead, Cause::kEvicted, 10);
    EXPECT_FALSE(log.complains());
    log.Write(state, Cause::kEvicted, 20);
    EXPECT_TRUE(log.complains());
  }
}

TEST(ClusterRules, WhoBeatsIsNotDead) {
  for (const int beat_at : {1'000, 1'500}) {
    Log log;
    log.rules.Beats("a", log.last->incarnation, At(beat_at));
    log.Write(State::kSuspect, Cause::kUnknown, 1'200);
    log.Write(State::kDead, Cause::kUnknown, 1'600);
    EXPECT_EQ(log.complains(), beat_at == 1'500);
  }
}

TEST(ClusterRules, NobodyIsDeadWhoWasNotSuspected) {
  Log log;
  log.Write(State::kDead, Cause::kUnknown, 1'600);
  EXPECT_TRUE(log.complains());
}

TEST(ClusterRules, AnEndThatNobodyAskedForIsOneTooMany) {
  for (const Cause cause : {Cause::kEvicted, Cause::kSuperseded}) {
    Log log;
    log.Write(State::kDead, cause, 10);
    EXPECT_TRUE(log.complains());
  }
}

TEST(ClusterRules, AServerIsLostThatWasAway) {
  for (const bool away : {true, false}) {
    Log log;
    if (away) log.rules.Leaves("s1", At(100));
    log.Write(State::kSuspect, Cause::kServerLost, 110);
    EXPECT_NE(log.complains(), away);
  }
}

TEST(ClusterRules, AndIsLostOnce) {
  Log log;
  log.rules.Leaves("s1", At(100));
  log.Write(State::kSuspect, Cause::kServerLost, 110);
  log.Write(State::kSuspect, Cause::kServerLost, 700);
  EXPECT_TRUE(log.complains());
}

TEST(ClusterRules, ItsClientsHaveTimeToReturn) {
  for (const int died_at : {700, 650}) {
    Log log;
    log.rules.Leaves("s1", At(100));
    log.Write(State::kSuspect, Cause::kServerLost, 110);
    log.Write(State::kDead, Cause::kNotReturned, died_at);
    EXPECT_EQ(log.complains(), died_at == 650);
  }
}

TEST(ClusterRules, WhatIsWelcomedIsInTheLog) {
  Log log;
  log.rules.CheckWelcome("s1", "a", log.last->incarnation);
  EXPECT_FALSE(log.complains());
  log.rules.CheckWelcome("s2", "a", log.last->incarnation);
  EXPECT_TRUE(log.complains());
}

TEST(ClusterRules, WhoHoldsAClientWasNotToldToStop) {
  Log log;
  log.rules.Stopped("a", "i0");
  log.rules.CheckHolders();
  EXPECT_FALSE(log.complains());
  log.rules.Stopped("a", "i1");
  log.rules.CheckHolders();
  EXPECT_TRUE(log.complains());
}

TEST(ClusterRules, AServerTellsTheLog) {
  testing::ManualClock clock;
  for (const bool all : {true, false}) {
    testing::Ledger ledger;
    testing::ManualStore store(ledger, testing::ManualStore::Kind::kShared);
    registry::Registry registry({.server_id = "s2"}, clock, store, *store.Load());
    store.Start(registry);
    Log pattern;
    ledger.Write(*pattern.last);
    if (all) store.Tell();
    ClusterRules rules(ledger, milliseconds(600), milliseconds(250));
    std::size_t checked = 0;
    rules.CheckStory(registry, checked, 1);
    EXPECT_NE(rules.complaint().has_value(), all);
    store.Stop();
  }
}

}  // namespace
}  // namespace liveness::simulation
