#include "server/core/detection/path_quality.h"

#include <cmath>
#include <random>

#include <gtest/gtest.h>

namespace liveness::core {
namespace {

using common::Duration;
using common::MonoTime;
using namespace std::chrono_literals;

double Seconds(Duration span) { return std::chrono::duration<double>(span).count(); }

struct Path {
  // The next ping, `lost` of which never came, `late` against its plan.
  void Ping(std::uint64_t lost = 0, Duration late = {}) {
    sequence += lost + 1;
    quality.Arrived(start + static_cast<std::int64_t>(sequence) * 1s + late, sequence, 1s, 3s);
  }
  PathQuality quality;
  std::uint64_t sequence = 0;
  MonoTime start = MonoTime(1h);
};

TEST(PathQualityTest, AnUnknownPathIsAssumedToBeOrdinary) {
  EXPECT_EQ(PathQuality().Estimate().loss, PathEstimate().loss);
  EXPECT_NEAR(Seconds(PathQuality().Estimate().delay_deviation), 0.02, 1e-6);
  EXPECT_NEAR(Seconds(PathQuality().Estimate().delay), 0.01, 1e-6);
}

TEST(PathQualityTest, LossIsTheHolesInTheSequence) {
  Path path;
  for (int i = 0; i < 400; ++i) path.Ping(i % 4 == 3 ? 1 : 0);
  // 100 of about 500 were lost; the assumption has 1 of 100.
  EXPECT_NEAR(path.quality.Estimate().loss, 101.0 / 600, 0.001);
}

TEST(PathQualityTest, NobodyIsTakenForFreeOfLoss) {
  Path path;
  for (int i = 0; i < 100'000; ++i) path.Ping();
  EXPECT_GT(path.quality.Estimate().loss, 0.0003);
  EXPECT_LT(path.quality.Estimate().loss, 0.001);
  EXPECT_GT(path.quality.Estimate().delay_deviation, 1ms);
  EXPECT_LT(path.quality.Estimate().delay_deviation, 7ms);
}

TEST(PathQualityTest, TheDeviationIsThatOfTheDifferenceOfTwoDelays) {
  Path path;
  std::mt19937 random(5);
  std::normal_distribution<double> delay(0.5, 0.1);
  for (int i = 0; i < 20'000; ++i) {
    path.Ping(i % 10 == 0 ? 1 : 0,
              std::chrono::duration_cast<Duration>(std::chrono::duration<double>(delay(random))));
  }
  EXPECT_NEAR(Seconds(path.quality.Estimate().delay_deviation), 0.1 * std::sqrt(2.0), 0.015);
}

TEST(PathQualityTest, AClientThatPingsMoreOftenThanAgreedDoesNotJitterForThat) {
  PathQuality quality;
  for (int i = 1; i < 2'000; ++i) quality.Arrived(MonoTime(i * 900ms), static_cast<std::uint64_t>(i), 1s, 3s);
  EXPECT_LT(quality.Estimate().delay_deviation, 20ms);
}

TEST(PathQualityTest, OutagesAndGapsAreNotJitter) {
  Path path;
  for (int i = 0; i < 100; ++i) path.Ping();
  const PathEstimate before = path.quality.Estimate();
  path.start += 60s;  // the client was stopped for a minute
  path.Ping();
  EXPECT_EQ(path.quality.Estimate(), before);
  path.quality.Gap();
  path.start += 2s;
  path.Ping();
  EXPECT_EQ(path.quality.Estimate(), before);
  path.Ping(0, 2s);
  EXPECT_GT(path.quality.Estimate().delay_deviation, before.delay_deviation);
}

TEST(PathQualityTest, AnotherStreamsSequenceBeginsAnewWithoutHarm) {
  Path path;
  for (int i = 0; i < 10; ++i) path.Ping();
  const PathEstimate before = path.quality.Estimate();
  path.quality.Gap();
  path.sequence = 0;
  path.Ping();
  EXPECT_EQ(path.quality.Estimate(), before);
}

TEST(PathQualityTest, AChangedPathIsFollowed) {
  Path path;
  for (int i = 0; i < 5'000; ++i) path.Ping(1);
  EXPECT_GT(path.quality.Estimate().loss, 0.4);
  for (int i = 0; i < 20'000; ++i) path.Ping();
  EXPECT_LT(path.quality.Estimate().loss, 0.002);
}

TEST(PathQualityTest, TheDelayIsTheRoundTripOfProbes) {
  PathQuality quality;
  for (int i = 0; i < 1'000; ++i) quality.RoundTrip(200ms);
  EXPECT_NEAR(Seconds(quality.Estimate().delay), 0.2, 0.002);
}

TEST(PathQualityTest, ASequenceThatLeapsOutOfReachIsAnOutage) {
  PathQuality quality;
  quality.Arrived(MonoTime(1h), 1, 1s, 3s);
  quality.Arrived(MonoTime(1h + 1s), UINT64_MAX, 1s, 3s);
  EXPECT_EQ(quality.Estimate().loss, PathEstimate().loss);
}

TEST(PathQualityTest, ASequenceThatDoesNotGoOnTellsNothing) {
  Path path;
  for (int i = 0; i < 400; ++i) path.Ping(i % 4 == 3 ? 1 : 0);
  const double loss = path.quality.Estimate().loss;
  for (int i = 0; i < 400; ++i) {
    path.quality.Arrived(path.start + static_cast<std::int64_t>(path.sequence) * 1s, path.sequence, 1s, 3s);
  }
  EXPECT_EQ(path.quality.Estimate().loss, loss);
}

}  // namespace
}  // namespace liveness::core
