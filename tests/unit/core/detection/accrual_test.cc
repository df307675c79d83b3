#include "server/core/detection/accrual.h"

#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace liveness::core {
namespace {

using common::Duration;
using common::MonoTime;
using namespace std::chrono_literals;

constexpr AccrualDetector::Options kOptions{.interval = 1s, .timeout = 10s, .threshold = 8};

double Seconds(Duration span) { return std::chrono::duration<double>(span).count(); }

// A detector and the instant of its last ping.
struct Path {
  explicit Path(const AccrualDetector::Options& options = kOptions) : detector(options) {
    detector.Arrived(now);
  }
  void Ping(Duration after) {
    now += after;
    detector.Arrived(now);
  }
  void Steady(int pings, Duration interval = 1s) {
    for (int i = 0; i < pings; ++i) Ping(interval);
  }
  AccrualDetector detector;
  MonoTime now = MonoTime(1h);
};

// What P(later than `silence`) is for the model in the header, written anew.
double ExpectedPhi(double silence, double mean, double deviation) {
  const double probability = std::exp(-(silence - mean + deviation) / deviation);
  return -std::log10(std::min(1.0, probability));
}

TEST(AccrualTest, TheTimeoutDecidesUntilEnoughIsKnown) {
  Path path;
  path.Steady(9);
  EXPECT_EQ(path.detector.samples(), 9u);
  EXPECT_EQ(path.detector.DueAfter(), 10s);
  EXPECT_LT(path.detector.Phi(9'900ms), 8);
  EXPECT_NEAR(path.detector.Phi(10s), 8, 1e-9);
  path.Ping(1s);
  EXPECT_LT(path.detector.DueAfter(), 3s);
}

TEST(AccrualTest, ACleanPathIsJudgedByTheFloorOfTheDeviation) {
  Path path;
  path.Steady(200);
  EXPECT_EQ(path.detector.mean(), 1s);
  EXPECT_EQ(path.detector.deviation(), 50ms);
  EXPECT_NEAR(Seconds(path.detector.DueAfter()), 1.871, 0.001);
  EXPECT_NEAR(path.detector.Phi(1s), 0.43, 0.01);
  EXPECT_NEAR(path.detector.Phi(1'500ms), 4.78, 0.01);
  Path quick({.interval = 100ms, .timeout = 10s, .threshold = 8});
  quick.Steady(200, 100ms);
  EXPECT_EQ(quick.detector.deviation(), 10ms);
}

TEST(AccrualTest, OneOutlierDoesNotDecideForTheWholeWindow) {
  Path path;
  path.Steady(199);
  path.Ping(4s);
  const Duration at_four = path.detector.DueAfter();
  Path worse;
  worse.Steady(199);
  worse.Ping(10s);
  EXPECT_EQ(worse.detector.DueAfter(), at_four);
  EXPECT_LT(at_four, 5s);
}

TEST(AccrualTest, MeanAndDeviationAreThoseOfTheIntervals) {
  Path path;
  for (int i = 0; i < 50; ++i) {
    path.Ping(800ms);
    path.Ping(1'400ms);
  }
  EXPECT_NEAR(Seconds(path.detector.mean()), 1.1, 1e-6);
  EXPECT_NEAR(Seconds(path.detector.deviation()), 0.3, 1e-6);
  for (const Duration silence : {900ms, 1'100ms, 2'000ms, 4'000ms}) {
    EXPECT_NEAR(path.detector.Phi(silence), ExpectedPhi(Seconds(silence), 1.1, 0.3), 1e-5);
  }
}

TEST(AccrualTest, PhiNeverFallsAndReachesTheThresholdAtTheDueSilence) {
  std::mt19937 random(7);
  for (const double threshold : {1.0, 3.0, 8.0, 30.0}) {
    for (const Duration spread : {1ms, 300ms, 1'500ms}) {
      Path path({.interval = 1s, .timeout = 10s, .threshold = threshold});
      std::exponential_distribution<double> extra(1 / Seconds(spread));
      for (int i = 0; i < 100; ++i) path.Ping(800ms + Duration(static_cast<long>(extra(random) * 1e9)));
      double before = 0;
      for (Duration silence{}; silence < 12s; silence += 7ms) {
        const double phi = path.detector.Phi(silence);
        ASSERT_GE(phi, before) << "at " << silence.count();
        before = phi;
      }
      const Duration due = path.detector.DueAfter();
      EXPECT_GE(path.detector.Phi(due), threshold - 1e-6);
      EXPECT_LT(path.detector.Phi(due - 1us), threshold);
      EXPECT_LE(due, 10s);
      EXPECT_GT(due, 1s);
    }
  }
}

TEST(AccrualTest, NeverLaterThanTheTimeoutHoweverBadThePath) {
  Path path;
  for (int i = 0; i < 100; ++i) path.Ping(i % 2 == 0 ? 200ms : 9s);
  EXPECT_EQ(path.detector.DueAfter(), 10s);
  EXPECT_LT(path.detector.Phi(9'999ms), 8);
  EXPECT_GE(path.detector.Phi(10s), 8);
}

TEST(AccrualTest, ABurstAfterAStopSkewsNothing) {
  Path path;
  path.Steady(100);
  const Duration due = path.detector.DueAfter();
  // The client is stopped for a minute; what its socket held comes at once.
  path.Ping(60s);
  for (int i = 0; i < 30; ++i) path.Ping(1ms);
  path.Steady(1);
  EXPECT_EQ(path.detector.DueAfter(), due);
  EXPECT_EQ(path.detector.samples(), 101u);
}

TEST(AccrualTest, WhatLiesAcrossAGapIsLeftOut) {
  Path with_gap;
  Path without;
  with_gap.Steady(20);
  without.Steady(20);
  with_gap.detector.Gap();
  with_gap.Ping(5s);  // only begins the next interval
  without.Ping(5s);
  EXPECT_EQ(with_gap.detector.samples(), 20u);
  EXPECT_EQ(without.detector.samples(), 21u);
  EXPECT_LT(with_gap.detector.DueAfter(), without.detector.DueAfter());
  with_gap.Ping(1s);
  EXPECT_EQ(with_gap.detector.samples(), 21u);
}

TEST(AccrualTest, LossIsLearntAndForgottenWithTheWindow) {
  Path path;
  path.Steady(200);
  const Duration clean = path.detector.DueAfter();
  for (int i = 0; i < 20; ++i) {
    path.Steady(8);
    path.Ping(2s);
  }
  EXPECT_GT(path.detector.DueAfter(), clean + 2s);
  // Exactly as before once the last of it has left the window, and not a ping sooner.
  path.Steady(199);
  EXPECT_GT(path.detector.DueAfter(), clean);
  path.Steady(1);
  EXPECT_EQ(path.detector.DueAfter(), clean);
  EXPECT_EQ(path.detector.samples(), 200u);
}

TEST(AccrualTest, TakingOutTheOldestLeavesNoTraceAfterMillionsOfPings) {
  std::mt19937 random(1);
  std::uniform_int_distribution<int> micros(200'000, 9'000'000);
  Path aged;
  for (int i = 0; i < 1'000'000; ++i) aged.Ping(std::chrono::microseconds(micros(random)));
  std::uniform_int_distribution<int> narrow(900'000, 1'400'000);
  Path fresh;
  for (int i = 0; i < 200; ++i) {
    const auto interval = std::chrono::microseconds(narrow(random));
    aged.Ping(interval);
    fresh.Ping(interval);
  }
  EXPECT_EQ(aged.detector.mean(), fresh.detector.mean());
  EXPECT_EQ(aged.detector.deviation(), fresh.detector.deviation());
}

TEST(AccrualTest, AClientThatPingsMoreOftenMayReturnToTheAgreedInterval) {
  Path path;
  path.Steady(200, 200ms);
  EXPECT_EQ(path.detector.mean(), 1s);
  EXPECT_GT(path.detector.DueAfter(), 1800ms);
}

TEST(AccrualTest, TheLongestTimeoutAndTheShortestIntervalFit) {
  Path slow({.interval = 1h, .timeout = 24h, .threshold = 8});
  for (int i = 0; i < 200; ++i) slow.Ping(i % 2 == 0 ? 1h : 24h);
  EXPECT_NEAR(Seconds(slow.detector.mean()), 2.5 * 3600, 1);
  EXPECT_NEAR(Seconds(slow.detector.deviation()), 1.5 * 3600, 1);
  Path quick({.interval = 100ms, .timeout = 200ms, .threshold = 12});
  quick.Steady(20, 100ms);
  EXPECT_EQ(quick.detector.DueAfter(), 200ms);  // what was learnt would wait until 366 ms
}

// Why the tail is exponential: with one ping in ten lost, the chance of a
// silence beyond the due one is of the order that the threshold says.
TEST(AccrualTest, UnderLossTheThresholdMeansWhatItSays) {
  std::mt19937 random(3);
  std::bernoulli_distribution lost(0.1);
  Path path({.interval = 1s, .timeout = 60s, .threshold = 4});
  std::vector<Duration> intervals;
  int mistakes = 0;
  for (int i = 0; i < 200'000; ++i) {
    Duration interval = 1s;
    while (lost(random)) interval += 1s;
    if (interval > path.detector.DueAfter()) ++mistakes;
    path.Ping(interval);
  }
  // 20 would be exact; a normal tail, overdue after 2.4 s, would make 2,000.
  EXPECT_LT(mistakes, 200);
}

// Over a mix of paths one threshold makes fewer mistakes than one fixed timeout
// that takes as long: it saves time where pings come steadily.
TEST(AccrualTest, OneThresholdBeatsOneTimeoutOverAMixOfPaths) {
  constexpr int kPings = 50'000;
  std::mt19937 random(5);
  std::bernoulli_distribution lost(0.1);
  std::uniform_real_distribution<double> uniform(0, 1);
  // What a ping is late by, in seconds; TCP keeps the order and doubles its patience.
  const auto clean = [] { return 0.0; };
  const auto lossy = [&] {
    double late = 0;
    for (double patience = 0.2 + uniform(random) / 5; lost(random); patience *= 2) late += patience;
    return late;
  };
  const auto pareto = [&] { return std::min(10.0, 0.01 * (std::pow(1 - uniform(random), -1 / 1.5) - 1)); };
  std::vector<std::vector<double>> intervals;
  const auto record = [&](const auto& late) {
    std::vector<double> path;
    double last = 0;
    for (int i = 1; i <= kPings; ++i) {
      const double arrival = std::max(last, 0.2 * i + late());
      path.push_back(arrival - last);
      last = arrival;
    }
    intervals.push_back(std::move(path));
  };
  record(clean);
  record(lossy);
  record(pareto);

  for (const double threshold : {2.0, 4.0, 6.0, 8.0, 12.0}) {
    double found_after = 0;
    int mistakes = 0;
    for (const std::vector<double>& path : intervals) {
      Path accrual({.interval = 200ms, .timeout = 4s, .threshold = threshold});
      for (const double interval : path) {
        found_after += Seconds(accrual.detector.DueAfter()) / (3.0 * kPings);
        mistakes += interval > Seconds(accrual.detector.DueAfter());
        accrual.Ping(Duration(static_cast<std::int64_t>(interval * 1e9)));
      }
    }
    int fixed_mistakes = 0;
    for (const std::vector<double>& path : intervals) {
      for (const double interval : path) fixed_mistakes += interval > found_after;
    }
    EXPECT_LT(mistakes, fixed_mistakes)
        << "threshold " << threshold << ", overdue after " << found_after << " s";
  }
}

}  // namespace
}  // namespace liveness::core
