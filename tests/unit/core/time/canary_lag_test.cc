// Threads that run and are behind: who is heard late for it is not blamed, and silence is
// found late by no more than the lag grew.
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <utility>
#include <vector>

#include "server/core/time/canary_watch.h"
#include "tests/unit/core/time/watched_queues.h"

namespace liveness::core {
namespace {

using common::Duration;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::At;
using testing::Watched;

constexpr Duration kInterval = milliseconds(200);
constexpr Duration kTimeout = milliseconds(600);
// What the watch may be off by.
constexpr Duration kSlack = CanaryWatch::kTolerance;

// Clients of the first queue whose beats are spread over their interval.
std::vector<std::size_t> JoinSome(Watched& world) {
  std::vector<std::size_t> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(world.Join(0, kInterval));
    world.RunFor(milliseconds(23));
  }
  return clients;
}

Duration LongestSilence(const Watched& world, const std::vector<std::size_t>& clients) {
  Duration longest{};
  for (const std::size_t client : clients) longest = std::max(longest, world.longest_silence(client));
  return longest;
}

TEST(CanaryLagTest, TheSwampedQueueOfTheEssay) {
  const std::vector<std::pair<int, int>> pings = {{200, 200},   {400, 900},   {600, 1300},
                                                  {800, 1500},  {1000, 1600}, {1200, 1600},
                                                  {1400, 1600}, {1600, 1600}, {1800, 1800}};
  WitnessClock witness;
  CanaryWatch watch(seconds(10));
  std::array<Pulse, 1> pulses;
  Duration longest_lag{};
  const auto credited_at = [&](int millis) {
    return witness.Elapsed(At(Duration(0)), At(milliseconds(millis)));
  };
  for (int now = 1; now <= 2000; ++now) {
    for (const auto& [sent, heard] : pings) {
      if (sent == now) pulses[0].sent = At(milliseconds(sent));
      if (heard == now) pulses[0].caught_up = At(milliseconds(sent));
    }
    pulses[0].heard = At(milliseconds(now));  // somebody is all the time
    watch.Assess(pulses, At(milliseconds(now)), witness);
    longest_lag = std::max(longest_lag, watch.lag());
  }
  EXPECT_EQ(longest_lag, milliseconds(700));
  EXPECT_EQ(witness.credited(), milliseconds(700));
  EXPECT_EQ(credited_at(400), milliseconds(400));
  EXPECT_EQ(credited_at(900), milliseconds(400));
  EXPECT_EQ(credited_at(1100), milliseconds(600));
  EXPECT_EQ(credited_at(1300), milliseconds(600));
  EXPECT_EQ(credited_at(2000), milliseconds(1300));
  EXPECT_EQ(watch.lag(), Duration(0));
}

TEST(CanaryLagTest, WhoWaitsAsLongAsTheCanaryIsNotBlamed) {
  struct Case {
    const char* what;
    Duration at_once;
    double load;
    Duration lasts;
    Duration lag;  // the greatest
  };
  for (const Case& swamp : {
           Case{"all at one moment", seconds(1), 0.1, milliseconds(10), seconds(1)},
           Case{"all at one moment, long", seconds(7), 0.1, milliseconds(10), seconds(7)},
           Case{"twice of what it can", Duration(0), 2, seconds(2), seconds(2)},
           Case{"a little more than it can", Duration(0), 1.15, seconds(20), seconds(3)},
           Case{"much more than it can", Duration(0), 10, milliseconds(500), milliseconds(4'500)},
       }) {
    SCOPED_TRACE(swamp.what);
    Watched world;
    const auto clients = JoinSome(world);
    world.RunUntil(seconds(1));
    world.queues[0].Swamp(swamp.at_once);
    world.queues[0].load = swamp.load;
    world.RunFor(swamp.lasts);
    world.queues[0].load = 0.1;
    world.RunFor(seconds(30));
    EXPECT_LT(LongestSilence(world, clients), kInterval + CanaryWatch::kPeriod + kSlack);
    EXPECT_GE(world.witness.credited(), swamp.lag - 2 * kSlack);
    EXPECT_LE(world.witness.credited(), swamp.lag + CanaryWatch::kPeriod + kSlack);
    EXPECT_EQ(world.watch.lag(), Duration(0));
    EXPECT_EQ(world.watch.state(), CanaryDoubt::kNone);
  }
}

// A lag that stays is credited once: then beats come at their pace, and silence is silence.
TEST(CanaryLagTest, UnderASteadyLagSilenceIsFoundInTime) {
  Watched world;
  const auto clients = JoinSome(world);
  const std::size_t dying = world.Join(0, kInterval);
  world.RunUntil(seconds(1));
  world.queues[0].Swamp(seconds(3));
  world.queues[0].load = 1;
  world.RunUntil(seconds(20));
  EXPECT_FALSE(world.stands);
  EXPECT_EQ(world.watch.state(), CanaryDoubt::kNone) << "nothing is in doubt";
  EXPECT_GE(world.watch.lag(), seconds(3) - kSlack);
  const Duration credited = world.witness.credited();
  EXPECT_LE(credited, seconds(3) + CanaryWatch::kPeriod + kSlack);

  world.Silence(dying);
  // Its last beat is heard 3 s after it came.
  world.RunUntil(seconds(23));
  EXPECT_LE(world.silence(dying), kInterval + kSlack);
  world.RunFor(kTimeout);
  EXPECT_GE(world.silence(dying), kTimeout - kSlack);
  world.RunUntil(seconds(60));
  EXPECT_LT(LongestSilence(world, clients), kInterval + CanaryWatch::kPeriod + kSlack);
  EXPECT_EQ(world.witness.credited(), credited);
}

TEST(CanaryLagTest, SilenceInAGrowingLagIsFoundAsMuchLater) {
  Watched world;
  const std::size_t dying = world.Join(0, kInterval);
  world.RunUntil(seconds(1));
  world.Silence(dying);
  world.queues[0].Swamp(seconds(2));
  world.RunFor(kTimeout + seconds(2));
  EXPECT_LT(world.silence(dying), kTimeout + kInterval);
  world.RunFor(kInterval + CanaryWatch::kPeriod + kSlack);
  EXPECT_GE(world.silence(dying), kTimeout);
}

// The lag that a swamp has left behind is no licence: what comes on top of it is credited anew.
TEST(CanaryLagTest, AThreadThatStandsAmidstALag) {
  Watched world(seconds(20));
  const auto clients = JoinSome(world);
  world.RunUntil(seconds(1));
  world.queues[0].Swamp(seconds(2));
  world.queues[0].load = 1;
  for (int i = 0; i < 5; ++i) {
    world.RunFor(milliseconds(1'370));
    world.queues[0].frozen = true;
    world.RunFor(milliseconds(800));
    world.queues[0].frozen = false;
  }
  world.RunFor(seconds(5));
  EXPECT_LT(LongestSilence(world, clients), kInterval + CanaryWatch::kPeriod + kSlack);
  EXPECT_GE(world.watch.lag(), seconds(6) - kSlack);
  EXPECT_LE(world.witness.credited(), seconds(6) + 6 * (CanaryWatch::kPeriod + kSlack));
}

// What grows, shrinks and grows again: each growth counts, for whoever was heard before it.
TEST(CanaryLagTest, ALagThatComesAndGoesIsCreditedEachTime) {
  Watched world;
  const auto clients = JoinSome(world);
  for (int i = 0; i < 20; ++i) {
    world.queues[0].Swamp(seconds(1));
    world.RunFor(milliseconds(4'130));
  }
  EXPECT_LT(LongestSilence(world, clients), kInterval + CanaryWatch::kPeriod + kSlack);
  EXPECT_GE(world.witness.credited(), seconds(20) - 20 * kSlack);
  EXPECT_LE(world.witness.credited(), seconds(20) + 20 * (CanaryWatch::kPeriod + kSlack));
  EXPECT_EQ(world.watch.episodes(), 20) << "it is well for most of the time";
  EXPECT_NE(world.watch.state(), CanaryDoubt::kSpent);
}

TEST(CanaryLagTest, AJitterOfTheQueueDoesNotUseTheCreditUp) {
  Watched world;
  world.Join(0, milliseconds(10));
  for (int i = 0; i < 1'000; ++i) {
    world.queues[0].Swamp(milliseconds(120));
    world.RunFor(milliseconds(370));
    ASSERT_NE(world.watch.state(), CanaryDoubt::kSpent) << i;
  }
}

TEST(CanaryLagTest, BeyondTheBoundTimeRunsOnAndItEndsByItself) {
  Watched world(seconds(2));
  const std::size_t dying = world.Join(0, kInterval);
  world.RunUntil(seconds(1));
  world.Silence(dying);
  world.queues[0].Swamp(seconds(6));
  world.queues[0].load = 1;
  world.RunUntil(seconds(4));
  EXPECT_EQ(world.watch.state(), CanaryDoubt::kSpent);
  EXPECT_EQ(world.witness.credited(), seconds(2));
  EXPECT_GE(world.silence(dying), kTimeout) << "late by the bound, and not by the lag";
  // It stays behind, but falls back no further: those who beat are heard at their pace.
  world.RunUntil(seconds(12));
  EXPECT_EQ(world.watch.state(), CanaryDoubt::kNone);
  EXPECT_EQ(world.witness.credited(), seconds(2));
}

TEST(CanaryLagTest, ALagOfOneQueueIsEverybodys) {
  Watched world;
  const std::size_t other = world.Join(1, kInterval);
  world.RunUntil(seconds(1));
  world.Silence(other);
  world.queues[0].Swamp(seconds(2));
  world.RunUntil(milliseconds(2'800));
  EXPECT_TRUE(world.stands);
  EXPECT_LT(world.silence(other), kTimeout);
}

TEST(CanaryLagTest, HowLateSomethingWasHeardIsKnownAfterwards) {
  Watched world;
  world.RunUntil(seconds(1));
  world.queues[0].Swamp(seconds(2));
  world.RunUntil(milliseconds(3'300));
  EXPECT_EQ(world.watch.lag(), Duration(0));
  EXPECT_GE(world.watch.LagAt(At(milliseconds(2'900))), seconds(2) - kSlack) << "who is judged later";
  EXPECT_EQ(world.watch.LagAt(At(milliseconds(3'300))), Duration(0));
  world.queues[0].Swamp(milliseconds(500));
  world.RunUntil(milliseconds(3'700));
  EXPECT_LE(world.watch.LagAt(At(milliseconds(3'700))), milliseconds(500)) << "not that of the time before";
}

TEST(CanaryLagTest, WhatIsHeardBeforeTheLagIsSeenToBeGoneWasLate) {
  WitnessClock witness;
  CanaryWatch watch(seconds(10));
  std::array<Pulse, 1> pulses{
      Pulse{.sent = At(milliseconds(200)), .caught_up = At(-milliseconds(10)), .heard = At(Duration(0))}};
  watch.Assess(pulses, At(milliseconds(300)), witness);
  ASSERT_EQ(watch.lag(), milliseconds(100));
  pulses[0] = {.sent = At(milliseconds(400)), .caught_up = At(milliseconds(400)), .heard = {}};
  watch.Assess(pulses, At(milliseconds(410)), witness);
  ASSERT_EQ(watch.lag(), Duration(0));
  EXPECT_EQ(watch.LagAt(At(milliseconds(405))), milliseconds(100));
  EXPECT_EQ(watch.LagAt(At(milliseconds(411))), Duration(0));
}

// Whatever loads and stops there are: who beats in time is not blamed.
TEST(CanaryLagTest, AnySwamp) {
  Duration longest{};
  for (unsigned seed = 0; seed < 200; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto below = [&](int bound) { return static_cast<int>(random() % static_cast<unsigned>(bound)); };
    Watched world(std::chrono::hours(1));
    const auto clients = JoinSome(world);
    for (int i = 0; i < 40; ++i) {
      auto& queue = world.queues[0];
      queue.load = below(3) == 0 ? below(30) / 10.0 : below(11) / 10.0;
      if (below(5) == 0) queue.Swamp(milliseconds(below(2'000)));
      queue.frozen = below(8) == 0;
      world.RunFor(milliseconds(below(900)));
    }
    world.queues[0].load = 0;
    world.queues[0].frozen = false;
    world.RunFor(seconds(90));
    EXPECT_EQ(world.watch.lag(), Duration(0));
    EXPECT_EQ(world.watch.state(), CanaryDoubt::kNone);
    longest = std::max(longest, LongestSilence(world, clients));
  }
  EXPECT_LT(longest, kTimeout);
  RecordProperty("longest_silence_ms", static_cast<int>(longest / milliseconds(1)));
}

}  // namespace
}  // namespace liveness::core
