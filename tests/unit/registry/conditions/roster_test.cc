#include "server/registry/conditions/roster.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace liveness::registry {
namespace {

using core::Duration;

core::ClientRecord On(const std::string& server) {
  core::ClientRecord record;
  record.server_id = std::make_shared<const std::string>(server);
  return record;
}

bool IsServed(const Roster& roster, const std::string& server) {
  Session session;
  session.state().record = std::make_shared<const core::ClientRecord>(On(server));
  return roster.IsServed(session);
}

TEST(Roster, WhoeverIsNotThereServesNobody) {
  Roster roster("b", true);
  roster.Set({"c", "b", "a"});
  EXPECT_TRUE(IsServed(roster, "a"));
  EXPECT_TRUE(IsServed(roster, "c"));
  EXPECT_FALSE(IsServed(roster, "d"));
}

TEST(Roster, BeforeItIsToldAllAreTakenToBeThere) {
  const Roster roster("b", true);
  EXPECT_TRUE(IsServed(roster, "d"));
}

TEST(Roster, WhatAnEarlierProcessOfThisNameServedIsServedByNobody) {
  Roster roster("b", true);
  roster.Set({"a", "b"});
  EXPECT_FALSE(IsServed(roster, "b"));
  Session ours;
  ours.state().record = std::make_shared<const core::ClientRecord>(On("b"));
  ours.set_local(true);
  EXPECT_TRUE(roster.IsServed(ours));
}

TEST(Roster, ASingleServerServesWhatItIsBoundToAndNothingElse) {
  const Roster roster("b", false);
  EXPECT_FALSE(IsServed(roster, "a"));
  EXPECT_TRUE(roster.IsOurs(On("a")));
  EXPECT_EQ(roster.TakeoverDelay(On("a")), Duration::zero());
}

TEST(Roster, EachLeavesItsTurnToThoseBeforeIt) {
  Roster roster("b", true);
  roster.Set({"c", "b", "a"});
  EXPECT_EQ(roster.TakeoverDelay(On("gone")), Roster::kTurn);
  roster.Set({"b", "c"});
  EXPECT_EQ(roster.TakeoverDelay(On("a")), Duration::zero()) << "it is the first now";
  roster.Set({"a", "aa", "b"});
  EXPECT_EQ(roster.TakeoverDelay(On("gone")), 2 * Roster::kTurn);
  EXPECT_EQ(roster.TakeoverDelay(On("b")), Duration::zero()) << "its own it leaves to nobody";
}

}  // namespace
}  // namespace liveness::registry
