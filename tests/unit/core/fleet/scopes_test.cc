#include "server/core/fleet/scopes.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/core/fleet/standing.h"

namespace liveness::core {
namespace {

using ::testing::ElementsAre;

ClientRecord Record(ClientInfo info, State state = State::kAlive) {
  ClientRecord record;
  info.client_id = "a";
  record.info = PackedInfo(info);
  record.state = state;
  return record;
}

TEST(SubnetTest, CutsAddressesAtTheirNetwork) {
  EXPECT_EQ(SubnetOf("10.1.2.3:4567"), "10.1.2.0/24");
  EXPECT_EQ(SubnetOf("127.0.0.1:1"), "127.0.0.0/24");
  EXPECT_EQ(SubnetOf("[2001:db8:1:2:3:4:5:6]:4567"), "2001:db8:1:2::/64");
  EXPECT_EQ(SubnetOf("[::1]:80"), "::/64");
}

TEST(SubnetTest, WhatIsNoAddressHasNone) {
  for (const char* text : {"", "unix:/run/x.sock", "10.1.2.3", "10.1.2:80", "[10.1.2.3]:80", "[::1:80",
                           "x::1]:80", "host:80", "1.2.3.4.5:80", ":80", "[]:80"}) {
    EXPECT_EQ(SubnetOf(text), "") << text;
  }
}

TEST(ScopesTest, NamesWhatAClientSharesWithOthers) {
  const ClientRecord record =
      Record({.labels = {{"tier", "db"}, {"zone", "eu-1"}}, .peer_address = "10.1.2.3:4567", .host = "db-7"});
  EXPECT_THAT(ScopesOf(record, {}), ElementsAre("everyone", "host=db-7", "subnet=10.1.2.0/24"));
  EXPECT_THAT(ScopesOf(record, {"zone", "rack"}),
              ElementsAre("everyone", "host=db-7", "subnet=10.1.2.0/24", "label zone=eu-1"));
  EXPECT_THAT(ScopesOf(Record({}), {"zone"}), ElementsAre("everyone"));
}

TEST(ScopesTest, SeesWhenAClientMoved) {
  const ClientInfo info{.labels = {{"tier", "db"}, {"zone", "a"}}, .peer_address = "10.1.2.3:4", .host = "h"};
  const ClientRecord record = Record(info);
  const auto same_with = [&](void (*change)(ClientInfo&)) {
    ClientInfo changed = info;
    change(changed);
    return HaveSameScopes(record, Record(changed), {"zone"});
  };
  EXPECT_TRUE(same_with([](ClientInfo& i) { i.version = "2"; }));
  EXPECT_TRUE(same_with([](ClientInfo& i) { i.labels[0].second = "web"; })) << "nobody chose that label";
  EXPECT_FALSE(same_with([](ClientInfo& i) { i.labels[1].second = "b"; }));
  EXPECT_FALSE(same_with([](ClientInfo& i) { i.labels.pop_back(); }));
  EXPECT_FALSE(same_with([](ClientInfo& i) { i.host = "h2"; }));
  EXPECT_FALSE(same_with([](ClientInfo& i) { i.peer_address = "10.1.3.3:4"; }));
}

TEST(StandingTest, OnlyWhatWasFoundOrFailedIsAFall) {
  const ClientRecord up = Record({});
  const auto becomes = [&](State state, Cause cause, Health health = Health::kOk) {
    ClientRecord after = Record({}, state);
    after.cause = cause;
    after.health = health;
    return IsFall(&up, after);
  };
  EXPECT_TRUE(becomes(State::kSuspect, Cause::kProcessExited));
  EXPECT_TRUE(becomes(State::kDead, Cause::kProcessExited)) << "a goodbye with an exit code";
  EXPECT_FALSE(becomes(State::kDead, Cause::kEvicted));
  EXPECT_FALSE(becomes(State::kDead, Cause::kSuperseded));
  EXPECT_FALSE(becomes(State::kLeft, Cause::kSaidGoodbye));
  EXPECT_FALSE(becomes(State::kSuspect, Cause::kServerLost));
  EXPECT_FALSE(becomes(State::kSuspect, Cause::kUnknown, Health::kMaintenance));
  EXPECT_FALSE(becomes(State::kAlive, Cause::kUnspecified));
}

TEST(StandingTest, WhoWasNotUpCannotFall) {
  const ClientRecord down = Record({}, State::kSuspect);
  const ClientRecord dead = Record({}, State::kDead);
  EXPECT_FALSE(IsFall(nullptr, down));
  EXPECT_FALSE(IsFall(&down, dead)) << "it fell before";
}

}  // namespace
}  // namespace liveness::core
