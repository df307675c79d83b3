#include "client/src/session/told_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace liveness::internal {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::string> Texts(ToldState& told) {
  std::vector<std::string> texts;
  for (const StateChange& change : told.TakeChanges()) {
    texts.push_back(std::string(ToString(change.state)) + " " + change.reason + " " +
                    std::to_string(change.incarnation));
  }
  return texts;
}

TEST(ToldState, AWelcomeIsToldIfItIsNewsToTheApplication) {
  ToldState told;
  told.OnWelcome({.incarnation = 7});
  EXPECT_THAT(Texts(told), ElementsAre("LIVE  7"));
  told.OnWelcome({.incarnation = 7});
  EXPECT_THAT(Texts(told), IsEmpty()) << "another stream of the same session";
  told.OnWelcome({.incarnation = 8});
  EXPECT_THAT(Texts(told), ElementsAre("LIVE  8"));
  told.Keep({"STREAM_ENDED", ""});
  told.TellWhy(State::kLost);
  told.OnWelcome({.incarnation = 8});
  EXPECT_THAT(Texts(told), ElementsAre("LOST STREAM_ENDED 8", "LIVE  8"));
}

TEST(ToldState, ConnectingIsToldOnceAndEachNewReasonOfARefusalOnce) {
  ToldState told;
  told.Tell(State::kConnecting);
  told.TellConnecting();
  EXPECT_THAT(Texts(told), ElementsAre("CONNECTING  0"));
  for (const char* reason : {"CONNECT_FAILED", "CONNECT_FAILED", "DRAINING"}) {
    told.Keep({reason, ""});
    told.TellRefusal();
    told.TellConnecting();
  }
  EXPECT_THAT(Texts(told), ElementsAre("CONNECTING CONNECT_FAILED 0", "CONNECTING DRAINING 0"));
}

TEST(ToldState, WhatIsOnlyKeptIsNoChange) {
  ToldState told;
  told.Keep({"DRAINING", "for now"});
  EXPECT_THAT(Texts(told), IsEmpty());
  EXPECT_EQ(told.last_error()->message, "for now");
}

}  // namespace
}  // namespace liveness::internal
