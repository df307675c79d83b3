#include "client/src/session/open_streams.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace liveness::internal {
namespace {

using namespace std::chrono_literals;
using common::BootTime;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr BootTime kNow(1000s);
constexpr Terms kTerms{1s, 3s};

class OpenStreamsTest : public ::testing::Test {
 protected:
  // Stream 1 to target 0 is live since kNow, and all that was to be done is done.
  OpenStreamsTest() {
    Dial(kNow, 0);
    streams_.OnHelloSent(1, kNow);
    streams_.OnWelcome(1, kNow, kTerms, {});
    Actions();
  }
  void Dial(BootTime now, std::size_t target) { streams_.Dial(now, target, 0, 5s, true); }
  // Stream 2 races with stream 1, whose ping at kNow is not answered.
  void Race() {
    streams_.SendPing(kNow);
    ASSERT_TRUE(streams_.DialBeside(kNow + 100ms, streams_.live()));
    Actions();
  }
  std::vector<std::string> Actions() {
    std::vector<std::string> texts;
    for (const Action& action : streams_.TakeActions()) {
      constexpr const char* kNames[] = {"dial", "ping", "goodbye", "cancel"};
      texts.push_back(std::string(kNames[static_cast<int>(action.kind)]) + " " +
                      std::to_string(action.stream));
    }
    return texts;
  }

  OpenStreams streams_{[](StreamId) { return PathLook{Arrival::kUnacknowledged}; }};
};

TEST_F(OpenStreamsTest, TheFirstThatIsWelcomedIsLiveAndAllOthersAreDropped) {
  Race();
  Dial(kNow + 200ms, 1);
  EXPECT_THAT(Actions(), ElementsAre("dial 3"));
  streams_.OnHelloSent(3, kNow + 250ms);
  EXPECT_EQ(streams_.OnWelcome(3, kNow + 300ms, kTerms, {}), 1u);
  EXPECT_THAT(Actions(), ElementsAre("cancel 1", "cancel 2"));
  EXPECT_EQ(streams_.writable(), 3u);
  EXPECT_EQ(streams_.attempt(), nullptr);
  EXPECT_FALSE(streams_.races().on());
  EXPECT_EQ(streams_.alive_until(), kNow + 3250ms);
  EXPECT_EQ(streams_.OnWelcome(2, kNow + 400ms, kTerms, {}), std::nullopt) << "it was dropped before";
}

TEST_F(OpenStreamsTest, AStreamThatWasReplacedIsNotCancelled) {
  Dial(kNow, 1);
  streams_.OnHelloSent(2, kNow);
  streams_.live()->replaced = true;  // it has ended
  EXPECT_EQ(streams_.writable(), std::nullopt);
  Actions();
  streams_.OnWelcome(2, kNow + 100ms, kTerms, {});
  EXPECT_THAT(Actions(), IsEmpty());
}

TEST_F(OpenStreamsTest, OnlyAHelloOnAnotherStreamTakesCertaintyAway) {
  Dial(kNow, 1);
  streams_.live()->Extend(kNow + 1s, kNow + 1s, {});
  EXPECT_EQ(streams_.alive_until(), kNow + 4s);
  EXPECT_FALSE(streams_.OthersMayHaveSession());
  streams_.OnHelloSent(2, kNow + 100ms);
  EXPECT_EQ(streams_.alive_until(), kNow + 3100ms);
  EXPECT_TRUE(streams_.OthersMayHaveSession());
  streams_.TakeAttempt();
  EXPECT_EQ(streams_.alive_until(), kNow + 3100ms) << "the failed attempt may have had the session";
  streams_.live()->Extend(kNow + 2s, kNow + 2s, {});
  EXPECT_EQ(streams_.alive_until(), kNow + 5s);
}

TEST_F(OpenStreamsTest, AServerThatDoesNotWelcomeHasHalfATimeoutWhileAnotherServes) {
  Dial(kNow, 1);
  EXPECT_EQ(streams_.attempt()->deadline, kNow + 5s);
  streams_.OnHelloSent(2, kNow + 100ms);
  EXPECT_EQ(streams_.attempt()->deadline, kNow + 1600ms);
  streams_.DropAll();
  Dial(kNow, 1);
  streams_.OnHelloSent(3, kNow + 100ms);
  EXPECT_EQ(streams_.attempt()->deadline, kNow + 5s) << "nothing is lost by waiting";
}

TEST_F(OpenStreamsTest, HellosAreNumberedOverAllStreamsAndADroppedOneSaysNone) {
  Race();
  Dial(kNow, 1);
  EXPECT_EQ(streams_.OnHelloSent(3, kNow), 2u);
  EXPECT_EQ(streams_.OnHelloSent(2, kNow), 3u);
  streams_.DropAttempt();
  EXPECT_EQ(streams_.OnHelloSent(3, kNow), std::nullopt);
  streams_.hellos().OmitNext();
  Dial(kNow, 1);
  EXPECT_EQ(streams_.OnHelloSent(4, kNow), 0u);
  EXPECT_FALSE(streams_.hellos().IsNewest(0));
  EXPECT_FALSE(HelloNumbers().IsNewest(0)) << "nor before the first";
  EXPECT_TRUE(streams_.hellos().IsNewest(3));
}

TEST_F(OpenStreamsTest, WhatWasOvertakenOrLostInARaceWasNotRefused) {
  Race();
  streams_.OnHelloSent(2, kNow + 200ms);
  Race::Runner runner = streams_.TakeRunner(2);
  const auto refuses = [&](const char* reason, common::Duration at) {
    return streams_.IsRefusal(runner, runner.opened + at, {absl::StatusCode::kUnavailable, reason, "", {}});
  };
  EXPECT_TRUE(refuses("DRAINING", 10s));
  EXPECT_TRUE(refuses("", 999ms));
  EXPECT_FALSE(refuses("", 1s)) << "a refusal comes sooner";
  EXPECT_FALSE(refuses("STREAM_REPLACED", 10ms));
  EXPECT_TRUE(refuses("STALE_HELLO", 10ms)) << "no hello of ours is newer";
  Dial(kNow, 1);
  streams_.OnHelloSent(3, kNow + 300ms);
  EXPECT_FALSE(refuses("STALE_HELLO", 10ms));
}

}  // namespace
}  // namespace liveness::internal
