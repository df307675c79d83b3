#include "common/measure/histogram.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace liveness::common {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;

constexpr std::array<Duration, 3> kBounds = {milliseconds(1), milliseconds(10), seconds(1)};

TEST(Histogram, CountsASpanUpToTheFirstBoundThatIsNotBelowIt) {
  Histogram histogram(kBounds);
  histogram.Add(Duration::zero());
  histogram.Add(milliseconds(1));
  histogram.Add(milliseconds(1) + std::chrono::nanoseconds(1));
  histogram.Add(seconds(1));
  histogram.Add(seconds(2));
  const Histogram::Reading reading = histogram.Read();
  EXPECT_THAT(reading.counts, ElementsAre(2, 1, 1, 1));
  EXPECT_THAT(reading.bounds, ElementsAre(milliseconds(1), milliseconds(10), seconds(1)));
  EXPECT_EQ(reading.sum, seconds(3) + milliseconds(2) + std::chrono::nanoseconds(1));
}

TEST(Histogram, LosesNothingOfWhatThreadsAdd) {
  Histogram histogram(kBounds);
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&histogram] {
      for (int n = 0; n < 1'000; ++n) histogram.Add(milliseconds(5));
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(histogram.Read().counts, ElementsAre(0, 4'000, 0, 0));
  EXPECT_EQ(histogram.Read().sum, seconds(20));
}

TEST(Histogram, BoundsOfAnAnswerGrow) {
  for (std::size_t i = 1; i < kAnswerBounds.size(); ++i) EXPECT_LT(kAnswerBounds[i - 1], kAnswerBounds[i]);
}

}  // namespace
}  // namespace liveness::common
