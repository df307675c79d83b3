// Threads that do not run, and the bounds of what a canary is believed. Those that run and
// are behind: canary_lag_test.cc.
#include "server/core/time/canary_watch.h"

#include <gtest/gtest.h>

#include <array>

#include "tests/unit/core/time/watched_queues.h"

namespace liveness::core {
namespace {

using common::Duration;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::At;
using testing::Watched;

TEST(CanaryWatchTest, AHealthyServerIsNotDoubted) {
  Watched world;
  world.RunUntil(seconds(60));
  EXPECT_EQ(world.watch.state(), CanaryDoubt::kNone);
  EXPECT_EQ(world.watch.doubts(), 0);
  EXPECT_EQ(world.watch.lag(), Duration(0));
  EXPECT_EQ(world.witness.credited(), Duration(0));
}

TEST(CanaryWatchTest, OrdinaryLatenessIsNotCredited) {
  Watched world;
  for (auto& queue : world.queues) queue.constant_lag = CanaryWatch::kTolerance;
  world.RunUntil(seconds(60));
  EXPECT_EQ(world.watch.doubts(), 0);
  EXPECT_EQ(world.witness.credited(), Duration(0));
}

TEST(CanaryWatchTest, AFrozenQueueStopsTheClockUntilItIsHeard) {
  Watched world;
  world.RunUntil(seconds(1));
  const Duration before = world.witnessed();
  world.queues[0].frozen = true;
  world.RunUntil(seconds(2));
  EXPECT_TRUE(world.stands);
  EXPECT_TRUE(world.watch.in_doubt());
  EXPECT_EQ(world.watch.state(), CanaryDoubt::kCredited);
  world.RunUntil(seconds(6));
  // Nothing of the freeze has passed, and of the time before it no more than a period was taken.
  EXPECT_LE(world.witnessed(), before);
  EXPECT_GE(world.witnessed(), before - CanaryWatch::kPeriod);
  world.queues[0].frozen = false;
  world.RunUntil(seconds(7));
  EXPECT_FALSE(world.stands);
  EXPECT_GE(world.witnessed(), before - CanaryWatch::kPeriod + milliseconds(980));
  EXPECT_EQ(world.watch.doubts(), 1);
  EXPECT_EQ(world.watch.episodes(), 1);
  EXPECT_EQ(world.watch.lag(), Duration(0));
  EXPECT_EQ(world.watch.credited(), world.witness.credited());
}

TEST(CanaryWatchTest, TheFrozenQueueOfTheEssay) {
  WitnessClock witness;
  CanaryWatch watch(seconds(10));
  std::array<Pulse, 1> pulses{
      Pulse{.sent = At(milliseconds(200)), .caught_up = At(-milliseconds(10)), .heard = At(Duration(0))}};
  EXPECT_FALSE(watch.Assess(pulses, At(milliseconds(250)), witness));
  EXPECT_TRUE(watch.Assess(pulses, At(milliseconds(251)), witness));
  EXPECT_EQ(witness.credited(), milliseconds(251));
  pulses[0].sent = At(milliseconds(400));
  EXPECT_TRUE(watch.Assess(pulses, At(milliseconds(2'890)), witness));
  pulses[0].caught_up = At(milliseconds(400));
  EXPECT_FALSE(watch.Assess(pulses, At(milliseconds(2'900)), witness));
  EXPECT_EQ(witness.credited(), milliseconds(2'900));
}

TEST(CanaryWatchTest, WithoutAStreamNothingIsUnderWay) {
  WitnessClock witness;
  CanaryWatch watch(seconds(10));
  std::array<Pulse, 1> pulses{
      Pulse{.sent = At(milliseconds(200)), .caught_up = At(-milliseconds(10)), .heard = At(Duration(0))}};
  EXPECT_TRUE(watch.Assess(pulses, At(milliseconds(300)), witness));
  pulses[0].sent = Pulse::kNever;
  EXPECT_FALSE(watch.Assess(pulses, At(milliseconds(310)), witness));
}

TEST(CanaryWatchTest, SomebodyElseWhoIsHeardEndsNoDoubt) {
  Watched world;
  const std::size_t client = world.Join(0, milliseconds(30));
  world.RunUntil(seconds(1));
  world.queues[0].deaf = true;
  world.RunUntil(seconds(5));
  EXPECT_LE(world.longest_silence(client), milliseconds(40));
  EXPECT_TRUE(world.stands);
  EXPECT_EQ(world.watch.doubts(), 1);
}

TEST(CanaryWatchTest, ADoubtThatDoesNotEndIsCreditedUpToTheBound) {
  Watched world(seconds(3));
  world.RunUntil(seconds(1));
  world.queues[0].frozen = true;
  world.RunUntil(seconds(30));
  EXPECT_EQ(world.watch.state(), CanaryDoubt::kSpent);
  EXPECT_TRUE(world.watch.in_doubt());
  EXPECT_FALSE(world.stands) << "time runs on";
  EXPECT_EQ(world.watch.lag(), Duration(0)) << "nor is anything else granted for it";
  EXPECT_EQ(world.witness.credited(), seconds(3));
  EXPECT_EQ(world.witnessed(), seconds(27));
  world.queues[0].frozen = false;
  world.RunUntil(seconds(32));
  EXPECT_FALSE(world.watch.in_doubt());
  EXPECT_EQ(world.watch.state(), CanaryDoubt::kSpent) << "not well for as long as was credited";
  world.RunUntil(milliseconds(33'100));
  EXPECT_EQ(world.watch.state(), CanaryDoubt::kNone);
  EXPECT_EQ(world.witness.credited(), seconds(3));
  // The next episode has a credit of its own.
  world.queues[0].frozen = true;
  world.RunUntil(seconds(60));
  EXPECT_EQ(world.watch.episodes(), 2);
  EXPECT_EQ(world.witness.credited(), seconds(6));
}

// Whether a new start of the process would help.
TEST(CanaryWatchTest, WhoStillHearsOthersIsNotDeaf) {
  for (const bool frozen : {true, false}) {
    Watched world(seconds(3));
    world.Join(0, milliseconds(100));
    world.RunUntil(seconds(1));
    world.queues[0].deaf = !frozen;
    world.queues[0].frozen = frozen;
    world.RunUntil(seconds(3));
    EXPECT_FALSE(world.watch.hears_nobody()) << "it is credited";
    world.RunUntil(seconds(10));
    EXPECT_EQ(world.watch.state(), CanaryDoubt::kSpent);
    EXPECT_EQ(world.watch.hears_nobody(), frozen);
    world.queues[0].frozen = world.queues[0].deaf = false;
    world.RunUntil(seconds(11));
    EXPECT_FALSE(world.watch.hears_nobody());
  }
}

TEST(CanaryWatchTest, AServerThatGaspsGetsOneEpisode) {
  Watched world(seconds(5));
  for (int i = 0; i < 100; ++i) {
    for (auto& queue : world.queues) queue.frozen = true;
    world.RunFor(milliseconds(600));
    for (auto& queue : world.queues) queue.frozen = false;
    world.RunFor(milliseconds(100));
  }
  EXPECT_EQ(world.watch.episodes(), 1);
  EXPECT_EQ(world.watch.state(), CanaryDoubt::kSpent);
  EXPECT_EQ(world.witness.credited(), seconds(5));
}

TEST(CanaryWatchTest, ACanaryWithoutAStreamSaysNothing) {
  Watched world;
  for (auto& queue : world.queues) {
    queue.connected = false;
    queue.frozen = true;
  }
  world.RunUntil(seconds(60));
  EXPECT_EQ(world.watch.doubts(), 0);
  EXPECT_EQ(world.witness.credited(), Duration(0));
}

// What its own connection's trouble costs: silence is found late by the bound, once, whoever else is heard.
TEST(CanaryWatchTest, StreamsThatBreakAreCreditedOnce) {
  for (const bool others_are_heard : {true, false}) {
    Watched world(seconds(3));
    if (others_are_heard) world.Join(0, milliseconds(100));
    world.RunUntil(seconds(1));
    world.queues[0].deaf = others_are_heard;
    world.queues[0].frozen = !others_are_heard;
    world.RunUntil(seconds(2));
    ASSERT_TRUE(world.stands);
    // They come and break and are never heard: one episode, however often.
    for (int i = 0; i < 50; ++i) {
      world.queues[0].connected = false;
      world.RunFor(seconds(5));
      EXPECT_FALSE(world.stands);
      EXPECT_NE(world.watch.state(), CanaryDoubt::kNone) << "no ping was heard";
      world.queues[0].connected = true;
      world.RunFor(seconds(1));
    }
    EXPECT_EQ(world.watch.episodes(), 1);
    EXPECT_EQ(world.watch.state(), CanaryDoubt::kSpent);
    EXPECT_EQ(world.witness.credited(), seconds(3));
    world.queues[0].deaf = world.queues[0].frozen = false;
    world.RunFor(seconds(4));
    EXPECT_EQ(world.watch.state(), CanaryDoubt::kNone);
  }
}

TEST(CanaryWatchTest, AStreamThatHangsIsRememberedWithinBounds) {
  Watched world(seconds(3));
  world.queues[0].deaf = true;
  world.RunUntil(seconds(120));
  EXPECT_EQ(world.watch.doubts(), 1);
  EXPECT_EQ(world.witness.credited(), seconds(3));
  world.queues[0].deaf = false;
  world.RunUntil(seconds(125));
  EXPECT_FALSE(world.watch.in_doubt());
  EXPECT_EQ(world.watch.lag(), Duration(0));
}

TEST(CanaryWatchTest, AStoppedProcessIsCreditedOnItsOwnProof) {
  Watched world;
  world.RunUntil(milliseconds(1'010));
  const Duration before = world.witnessed();
  world.StopFor(seconds(30));
  EXPECT_FALSE(world.stands) << "a ping that waited while all of us did is not late";
  world.RunUntil(seconds(40));
  EXPECT_EQ(world.watch.doubts(), 0);
  EXPECT_EQ(world.watch.credited(), Duration(0));
  EXPECT_EQ(world.witnessed() - before, world.now() - seconds(31));
}

// The canary's thread may run before the detector does, or after.
TEST(CanaryWatchTest, AStopThatTheDetectorTellsBesideAPing) {
  for (const Duration sent : {milliseconds(1'000), milliseconds(30'999)}) {
    WitnessClock witness;
    CanaryWatch watch(seconds(10));
    std::array<Pulse, 1> pulses{Pulse{
        .sent = At(milliseconds(800)), .caught_up = At(milliseconds(800)), .heard = At(milliseconds(800))}};
    EXPECT_FALSE(watch.Assess(pulses, At(milliseconds(990)), witness));
    witness.Observe(At(milliseconds(1'000)), At(seconds(31)));
    pulses[0].sent = At(sent);
    EXPECT_FALSE(watch.Assess(pulses, At(seconds(31)), witness));
    EXPECT_FALSE(watch.Assess(pulses, At(milliseconds(31'049)), witness));
    EXPECT_TRUE(watch.Assess(pulses, At(milliseconds(31'060)), witness)) << "the thread does not run either";
  }
}

TEST(CanaryWatchTest, AStopAmidstADoubtIsCreditedOnceAndNotOnTheCanarysWord) {
  Watched world(seconds(10));
  world.RunUntil(seconds(1));
  world.queues[0].frozen = true;
  world.RunUntil(seconds(2));
  const Duration before = world.watch.credited();
  world.StopFor(seconds(60));
  EXPECT_LE(world.watch.credited() - before, milliseconds(10));
  EXPECT_EQ(world.watch.state(), CanaryDoubt::kCredited);
  world.RunUntil(seconds(63));
  EXPECT_LE(world.witness.credited(), seconds(62) + CanaryWatch::kPeriod);
}

TEST(CanaryWatchTest, TwoQueuesInDoubtAreCreditedOnce) {
  Watched one, both;
  for (Watched* world : {&one, &both}) {
    world->RunUntil(seconds(1));
    world->queues[0].frozen = true;
    world->queues[1].frozen = world == &both;
    world->RunUntil(seconds(5));
    for (auto& queue : world->queues) queue.frozen = false;
    world->RunUntil(seconds(8));
  }
  EXPECT_EQ(both.watch.doubts(), 2);
  EXPECT_EQ(both.watch.episodes(), 1);
  EXPECT_EQ(both.witness.credited(), one.witness.credited());
}

}  // namespace
}  // namespace liveness::core
