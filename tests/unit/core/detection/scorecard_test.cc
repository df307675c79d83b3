#include "server/core/detection/scorecard.h"

#include <gtest/gtest.h>

namespace liveness::core {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(SpanHistogramTest, QuantilesAreWithinAQuarterAbove) {
  SpanHistogram spans;
  for (int i = 1; i <= 1'000; ++i) spans.Add(milliseconds(i));
  for (const double share : {0.1, 0.5, 0.9, 0.99}) {
    const auto truth = milliseconds(static_cast<int>(share * 1'000));
    EXPECT_GE(spans.Quantile(share), truth) << share;
    EXPECT_LE(spans.Quantile(share), truth * 5 / 4 + milliseconds(1)) << share;
  }
  EXPECT_EQ(spans.Quantile(1), seconds(1));
  EXPECT_EQ(spans.max(), seconds(1));
}

TEST(SpanHistogramTest, HoldsWhatIsVeryShortAndVeryLong) {
  SpanHistogram spans;
  EXPECT_EQ(spans.Quantile(0.5), common::Duration::zero());
  spans.Add(common::Duration::zero());
  spans.Add(hours(24 * 365));
  EXPECT_LE(spans.Quantile(0.5), milliseconds(1));
  EXPECT_EQ(spans.max(), hours(24 * 365));
}

TEST(ScorecardTest, AccuracyIsTheShareOfClientTimeWithoutAStandingMistake) {
  Scorecard card;
  EXPECT_EQ(card.QueryAccuracy(), 1);
  card.observed_seconds = 100;
  card.refuted_suspicions.Add(seconds(1));
  EXPECT_DOUBLE_EQ(card.QueryAccuracy(), 0.99);
  // A client that was wrongly dead was not observed meanwhile.
  card.mistaken_deaths.Add(seconds(100));
  EXPECT_DOUBLE_EQ(card.QueryAccuracy(), 1 - 101.0 / 200);
}

}  // namespace
}  // namespace liveness::core
