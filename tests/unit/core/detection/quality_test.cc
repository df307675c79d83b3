#include "server/core/detection/quality.h"

#include <cmath>
#include <optional>
#include <random>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/clock.h"

namespace liveness::core {
namespace {

using common::Duration;
using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr auto kMonth = 720h;

double Seconds(Duration span) { return std::chrono::duration<double>(span).count(); }

// The paper's bound, written anew from its formula: with T = timeout,
// eta * prod_{j=1}^{ceil(T/eta)-1} (V + (T - j eta)^2) / (V + p (T - j eta)^2).
double Bound(double eta, double timeout, double p, double variance) {
  double product = eta;
  const int last = static_cast<int>(std::ceil(timeout / eta - 1e-9)) - 1;
  for (int j = 1; j <= last; ++j) {
    const double x = timeout - j * eta;
    product *= (variance + x * x) / (variance + p * x * x);
  }
  return product;
}

double Bound(const Timing& timing, const PathEstimate& path) {
  const double deviation = Seconds(path.delay_deviation);
  return Bound(Seconds(timing.interval), Seconds(timing.timeout), path.loss, deviation * deviation);
}

void ExpectKept(const QualityRequest& request, const PathEstimate& path, const TimingBounds& bounds) {
  const auto solution = SolveQuality(request, path, bounds);
  ASSERT_TRUE(solution.ok()) << solution.status();
  const Timing& timing = solution->timing;
  EXPECT_GE(timing.interval, bounds.min_interval);
  EXPECT_LE(timing.interval, bounds.max_interval);
  EXPECT_GE(timing.timeout, 2 * timing.interval);
  EXPECT_LE(timing.timeout, bounds.max_timeout);
  EXPECT_LE(timing.timeout + path.delay + 2 * path.delay_deviation, request.found_within);
  EXPECT_GE(Bound(timing, path), Seconds(request.mistake_recurrence));
  EXPECT_LE(solution->found_within, request.found_within);
  EXPECT_GE(solution->mistake_recurrence, request.mistake_recurrence);
  if (solution->mistake_recurrence < Duration::max()) return;
  EXPECT_GT(Bound(timing, path), Seconds(Duration::max()) * 0.999) << "no more is promised than holds";
}

TEST(QualityTest, FoundWithinASecondOneMistakeAMonth) {
  ExpectKept({1s, kMonth}, {}, {});
  const auto solution = SolveQuality({1s, kMonth}, {}, {});
  EXPECT_GE(solution->timing.interval, 150ms);
  EXPECT_LE(solution->timing.interval, 250ms);
  EXPECT_EQ(solution->timing.timeout, 940ms);
}

TEST(QualityTest, EverySolutionKeepsItsContractByTheFormula) {
  for (const double loss : {0.0, 0.001, 0.01, 0.1, 0.3}) {
    for (const Duration deviation : {1ms, 20ms, 300ms}) {
      for (const Duration found : {Duration(5s), Duration(30s), Duration(10min), Duration(200h)}) {
        for (const Duration recurrence : {Duration(1min), Duration(1h), Duration(kMonth)}) {
          const PathEstimate path{.loss = loss, .delay_deviation = deviation, .delay = 30ms};
          if (!SolveQuality({found, recurrence}, path, {}).ok()) continue;
          SCOPED_TRACE(testing::Message() << loss << " " << Seconds(deviation) << " " << Seconds(found));
          ExpectKept({found, recurrence}, path, {});
        }
      }
    }
  }
}

TEST(QualityTest, TheIntervalIsNotShorterThanItMustBe) {
  const PathEstimate path{.loss = 0.05, .delay_deviation = 50ms, .delay = 20ms};
  const auto solution = SolveQuality({10s, kMonth}, path, {});
  ASSERT_TRUE(solution.ok());
  Timing dearer = solution->timing;
  for (dearer.interval += dearer.interval / 100; dearer.interval <= dearer.timeout / 2;
       dearer.interval += 1ms) {
    ASSERT_LT(Bound(dearer, path), Seconds(kMonth)) << Seconds(dearer.interval);
  }
}

// Every interval of the same steps tried one by one, as the solver must not: a hello waits for it.
std::optional<Duration> LongestByTryingAll(Duration timeout, Duration recurrence, const PathEstimate& path,
                                           const TimingBounds& bounds) {
  using std::chrono::milliseconds;
  const Duration least =
      std::max<Duration>(bounds.min_interval, std::chrono::ceil<milliseconds>(timeout / 100));
  Duration interval = std::chrono::floor<milliseconds>(std::min<Duration>(timeout / 2, bounds.max_interval));
  while (interval >= least) {
    if (MistakeRecurrence({interval, timeout}, path) >= Seconds(recurrence)) return interval;
    if (interval == least) break;
    const Duration step =
        std::max<Duration>(std::chrono::floor<milliseconds>(interval / 256), milliseconds(1));
    interval = std::max(interval - step, least);
  }
  return std::nullopt;
}

TEST(QualityTest, WhatIsSteppedOverHoldsNothing) {
  std::mt19937 random(5);
  // Evenly over the orders of magnitude.
  const auto draw = [&](double from, double to) {
    return std::exp(std::uniform_real_distribution<double>(std::log(from), std::log(to))(random));
  };
  const auto span = [&](double from, double to) { return Duration(std::int64_t(1e9 * draw(from, to))); };
  int kept = 0;
  constexpr int kCases = 400;
  for (int i = 0; i < kCases; ++i) {
    const PathEstimate path{
        .loss = i % 10 == 0 ? 1 : draw(1e-4, 1), .delay_deviation = span(1e-4, 3), .delay = span(1e-3, 1)};
    TimingBounds bounds;
    if (i % 3 == 0) {
      bounds = {.min_interval = span(0.01, 2), .max_interval = span(2, 3600), .max_timeout = span(60, 86400)};
    }
    const QualityRequest request{span(0.2, 1e5), span(1, 1e9)};
    const Duration overhead = path.delay + 2 * path.delay_deviation + 10ms;
    if (request.found_within < 2 * bounds.min_interval + overhead) continue;
    const Duration timeout = std::chrono::floor<std::chrono::milliseconds>(
        std::min<Duration>(request.found_within - overhead, bounds.max_timeout));
    const auto longest = LongestByTryingAll(timeout, request.mistake_recurrence, path, bounds);
    const auto solution = SolveQuality(request, path, bounds);
    ASSERT_EQ(solution.ok(), longest.has_value()) << "case " << i;
    if (!longest) continue;
    ++kept;
    EXPECT_EQ(solution->timing.interval, *longest) << "case " << i;
  }
  EXPECT_GT(kept, kCases / 4);
}

// The solver runs on a thread that serves streams. Each of these took 10 ms and more when every interval
// of every contract that might be had instead was tried.
TEST(QualityTest, ARefusalIsCheap) {
  const common::Clock& clock = common::SystemClock();
  const common::MonoTime begun = clock.Mono();
  constexpr int kRefusals = 300;
  for (int i = 0; i < kRefusals; ++i) {
    const PathEstimate path{.loss = 0.3 + 0.002 * i, .delay_deviation = 200ms, .delay = 50ms};
    ASSERT_FALSE(SolveQuality({1s, kMonth}, path, {}).ok());
    ASSERT_FALSE(SolveQuality({1s, kMonth}, {.loss = 1}, {}).ok());
  }
  EXPECT_LT(clock.Mono() - begun, 6s);  // 18 s at 30 ms each, as it once was
}

TEST(QualityTest, AWorsePathIsPingedMoreOften) {
  const auto clean = SolveQuality({10s, kMonth}, {.loss = 0.001, .delay_deviation = 5ms}, {});
  const auto lossy = SolveQuality({10s, kMonth}, {.loss = 0.1, .delay_deviation = 5ms}, {});
  const auto jittery = SolveQuality({10s, kMonth}, {.loss = 0.001, .delay_deviation = 500ms}, {});
  EXPECT_LT(lossy->timing.interval, clean->timing.interval);
  EXPECT_LT(jittery->timing.interval, clean->timing.interval);
}

TEST(QualityTest, AModestWishGetsTheLongestInterval) {
  const auto solution = SolveQuality({10s, 1s}, {}, {});
  ASSERT_TRUE(solution.ok());
  EXPECT_GE(solution->timing.interval, solution->timing.timeout / 2 - 1ms);
}

TEST(QualityTest, BoundsAreKept) {
  const auto solution = SolveQuality({1000h, kMonth}, {}, {.max_interval = 1min, .max_timeout = 1h});
  ASSERT_TRUE(solution.ok());
  EXPECT_EQ(solution->timing.timeout, 1h);
  EXPECT_EQ(solution->timing.interval, 1min);
}

TEST(QualityTest, RefusesWhatLeavesNoRoomForTwoPings) {
  const auto refused = SolveQuality({200ms, 1h}, {}, {});
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(common::ReasonOf(refused.status()), "QUALITY_UNREACHABLE");
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("found_within 200ms is too short"));
  EXPECT_FALSE(SolveQuality({1ns, 1h}, {}, {}).ok());
  EXPECT_TRUE(SolveQuality({260ms, 1s}, {}, {}).ok());
  EXPECT_FALSE(SolveQuality({259ms, 1s}, {}, {}).ok());
}

TEST(QualityTest, RefusesWhatThePathCannotHoldAndSaysWhatCouldBeHad) {
  const PathEstimate bad{.loss = 0.3, .delay_deviation = 200ms, .delay = 50ms};
  const auto refused = SolveQuality({1s, kMonth}, bad, {});
  EXPECT_EQ(common::ReasonOf(refused.status()), "QUALITY_UNREACHABLE");
  const std::string message(refused.status().message());
  EXPECT_THAT(message, HasSubstr("the path loses 30.0 % and its delay varies by 200ms"));
  EXPECT_THAT(message, HasSubstr("could be had"));
  // No more than 100 pings go into a timeout, and with all of them lost none helps.
  const auto hopeless = SolveQuality({1s, kMonth}, {.loss = 1}, {});
  EXPECT_FALSE(hopeless.ok());
  EXPECT_EQ(std::string(hopeless.status().message()).find("could be had"), std::string::npos);
}

TEST(QualityTest, AContractThatIsNotPositiveIsNamed) {
  std::vector<common::FieldViolation> violations;
  CheckQuality({1s, 1h}, violations);
  EXPECT_TRUE(violations.empty());
  CheckQuality({0s, 0s}, violations);
  ASSERT_EQ(violations.size(), 2u);
  EXPECT_EQ(violations[0].field, "hello.quality.found_within");
  EXPECT_EQ(violations[1].field, "hello.quality.mistake_recurrence");
}

TEST(QualityTest, APerfectPathSaturates) {
  const auto solution = SolveQuality({100s, kMonth}, {.loss = 0, .delay_deviation = 0ms, .delay = 0ms}, {});
  ASSERT_TRUE(solution.ok());
  EXPECT_EQ(solution->mistake_recurrence, Duration::max());
}

// What is promised holds for the rule that is used: overdue `timeout` after the
// arrival of the last ping.
TEST(QualityTest, ASimulatedPathMakesFewerMistakesThanPromised) {
  std::mt19937 random(11);
  const PathEstimate path{.loss = 0.1, .delay_deviation = 140ms, .delay = 100ms};
  const auto solution = SolveQuality({3s, 10min}, path, {});
  ASSERT_TRUE(solution.ok()) << solution.status();
  const double eta = Seconds(solution->timing.interval);
  const double timeout = Seconds(solution->timing.timeout);
  std::bernoulli_distribution lost(path.loss);
  std::exponential_distribution<double> delay(1 / 0.1);  // deviation 0.1, of a difference 0.14
  double last = 0;
  int mistakes = 0;
  constexpr int kPings = 1'000'000;
  for (int i = 1; i < kPings; ++i) {
    if (lost(random)) continue;
    const double arrival = i * eta + delay(random);
    if (arrival - last > timeout) ++mistakes;
    last = std::max(last, arrival);
  }
  EXPECT_LT(mistakes, kPings * eta / 600);
}

}  // namespace
}  // namespace liveness::core
