#include "server/registry/ledger/pending_client.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

namespace liveness::registry {
namespace {

using core::Cause;
using core::ClientRecord;
using core::RecordPtr;
using core::State;
using ::testing::ElementsAre;

constexpr std::string_view kUs = "a";

ClientRecord Record(State state = State::kAlive, std::uint64_t incarnation = 10) {
  ClientRecord record;
  record.info = core::PackedInfo(core::ClientInfo{.client_id = "c", .instance_id = "i"});
  record.server_id = std::make_shared<const std::string>("a");
  record.incarnation = incarnation;
  record.attachment = 3;
  record.state = state;
  return record;
}

RecordPtr Shared(ClientRecord record) { return std::make_shared<const ClientRecord>(std::move(record)); }

// A client of whom a change is under way.
class PendingClientTest : public ::testing::Test {
 protected:
  PendingClientTest() { table_.SetRecord(session_, committed_); }

  void Decide(ClientRecord after, CommitDone on_committed = nullptr, bool welcomes = false) {
    const RecordPtr decided = Shared(std::move(after));
    pending_.Add({session_, decided, {}, std::move(on_committed), welcomes});
    table_.SetRecord(session_, decided);
  }
  std::vector<State> States() const {
    std::vector<State> states;
    for (const Decision& each : pending_.waiting()) states.push_back(each.after->state);
    return states;
  }

  SessionTable table_;
  const RecordPtr committed_ = Shared(Record());
  const std::shared_ptr<Session> session_{new Session()};
  PendingClient pending_{committed_, session_};
};

TEST_F(PendingClientTest, WhatWaitsIsTakenInItsOrder) {
  Decide(Record(State::kSuspect));
  Decide(Record(State::kAlive));
  EXPECT_EQ(pending_.TakeFirst().after->state, State::kSuspect);
  EXPECT_THAT(States(), ElementsAre(State::kAlive));
}

TEST_F(PendingClientTest, SuspicionsAndRefutationsThatWaitBecomeOne) {
  for (std::size_t i = 0; i < 100; ++i) Decide(Record(i % 2 == 0 ? State::kSuspect : State::kAlive));
  EXPECT_EQ(pending_.waiting().size(), PendingClient::kCoalesceFrom);
  EXPECT_EQ(pending_.last().after, session_->record()) << "the last one decides";
}

TEST_F(PendingClientTest, WhatSomebodyWaitsForAndWhatEndsASessionStays) {
  for (std::size_t i = 0; i < PendingClient::kCoalesceFrom; ++i) Decide(Record(State::kSuspect));
  Decide(Record(State::kAlive), [](const auto&) {});
  Decide(Record(State::kSuspect));
  Decide(Record(State::kDead));
  Decide(Record(State::kAlive));
  const std::vector<State> states = States();
  EXPECT_THAT(std::vector(states.end() - 4, states.end()),
              ElementsAre(State::kAlive, State::kSuspect, State::kDead, State::kAlive));
}

TEST_F(PendingClientTest, TooMuchWaitsAtItsBound) {
  const auto waits = [](const auto&) {};
  for (std::size_t i = 0; i + 1 < PendingClient::kMaxWaiting; ++i) Decide(Record(), waits);
  EXPECT_FALSE(pending_.WaitsTooLong());
  Decide(Record(), waits);
  EXPECT_TRUE(pending_.WaitsTooLong());
}

TEST_F(PendingClientTest, AHelloThatWaitsIsKnown) {
  Decide(Record());
  EXPECT_FALSE(pending_.WelcomesSomebody());
  Decide(Record(), nullptr, true);
  EXPECT_TRUE(pending_.WelcomesSomebody());
}

TEST_F(PendingClientTest, WhatWaitsBehindABeginningGetsItsIncarnationAndBansByIt) {
  ClientRecord begins = Record(State::kAlive, 0);
  Decide(begins);
  Decide(Record(State::kSuspect, 0));
  ClientRecord evicted = Record(State::kDead, 0);
  auto annex = std::make_shared<core::Annex>();
  annex->Ban({"other", 7, Cause::kEvicted});
  annex->Ban({"i", BanName(evicted), Cause::kEvicted});
  evicted.annex = annex;
  Decide(evicted);
  const Decision begun = pending_.TakeFirst();
  pending_.AssignIncarnation(begun, 42, table_);
  EXPECT_EQ(pending_.waiting()[0].after->incarnation, 42u);
  const ClientRecord& last = *pending_.waiting()[1].after;
  EXPECT_EQ(last.incarnation, 42u);
  EXPECT_EQ(last.annex->banned[0].incarnation, 7u);
  EXPECT_EQ(last.annex->banned[1].incarnation, 42u);
  EXPECT_EQ(session_->record(), pending_.last().after) << "the session's record is the last decision";
}

TEST_F(PendingClientTest, AnotherSessionBehindABeginningKeepsNoIncarnation) {
  Decide(Record(State::kAlive, 0));
  const std::shared_ptr<Session> next(new Session());
  const RecordPtr decided = Shared(Record(State::kAlive, 0));
  pending_.Add({next, decided, {}, nullptr, true});
  table_.SetRecord(next, decided);
  const Decision begun = pending_.TakeFirst();
  pending_.AssignIncarnation(begun, 42, table_);
  EXPECT_EQ(pending_.first().after->incarnation, 0u);
}

TEST_F(PendingClientTest, ABeliefThatWaitsIsDroppedAndTheRestGoesOnTop) {
  ClientRecord labelled = Record();
  labelled.info = core::PackedInfo(core::ClientInfo{.client_id = "c", .instance_id = "i", .version = "2"});
  Decide(labelled);
  ClientRecord lost = labelled;
  lost.state = State::kSuspect;
  lost.cause = Cause::kServerLost;
  Decide(lost);
  ClientRecord theirs = Record();
  theirs.revision = 99;
  auto annex = std::make_shared<core::Annex>();
  annex->Ban({"x", 1, Cause::kEvicted});
  theirs.annex = annex;
  EXPECT_TRUE(pending_.Rebase(committed_, Shared(theirs), kUs, table_));
  EXPECT_THAT(States(), ElementsAre(State::kAlive));
  EXPECT_EQ(pending_.first().after->info.version(), "2");
  EXPECT_EQ(*pending_.first().after->annex, *annex);
  EXPECT_EQ(session_->record(), pending_.first().after);
}

TEST_F(PendingClientTest, WithoutABeliefNothingIsLookedAtAnew) {
  Decide(Record(State::kSuspect));
  EXPECT_FALSE(pending_.Rebase(committed_, committed_, kUs, table_));
  EXPECT_THAT(States(), ElementsAre(State::kSuspect));
}

TEST_F(PendingClientTest, WhatIsAbandonedStaysSoUntilTheStoreHasRefusedIt) {
  Decide(Record(State::kSuspect));
  EXPECT_EQ(pending_.Abandon().size(), 1u);
  EXPECT_TRUE(pending_.abandoned());
  EXPECT_TRUE(pending_.waiting().empty());
  Decide(Record(State::kDead));  // waits on
  pending_.EndAbandonment();
  EXPECT_FALSE(pending_.abandoned());
  EXPECT_THAT(States(), ElementsAre(State::kDead));
}

}  // namespace
}  // namespace liveness::registry
