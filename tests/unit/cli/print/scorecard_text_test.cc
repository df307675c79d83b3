#include "client/cli/print/scorecard_text.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace liveness::cli {
namespace {

using ::testing::HasSubstr;

TEST(ScorecardTextTest, AccuracyHasItsNines) {
  EXPECT_EQ(AccuracyText(1), "100%");
  EXPECT_EQ(AccuracyText(0.999998), "99.9998%");
  EXPECT_EQ(AccuracyText(0.99999975), "99.999975%");
  EXPECT_EQ(AccuracyText(0.9999999999), "99.99999999%");
  EXPECT_EQ(AccuracyText(0.99), "99%");
  EXPECT_EQ(AccuracyText(std::numeric_limits<double>::quiet_NaN()), "unknown");
  EXPECT_EQ(AccuracyText(std::numeric_limits<double>::infinity()), "100%");
  EXPECT_EQ(AccuracyText(0.5), "50%");
  EXPECT_EQ(AccuracyText(0), "0%");
  EXPECT_EQ(AccuracyText(1 - 1e-16), "100%");  // what arithmetic leaves over
}

TEST(ScorecardTextTest, NoRoundingReaches100) {
  for (double wrong = 0.4; wrong > 1e-12; wrong /= 3) EXPECT_NE(AccuracyText(1 - wrong), "100%") << wrong;
}

TEST(ScorecardTextTest, TellsTheMistakesAndTheirLengths) {
  v1::GetStatsResponse stats;
  v1::Scorecard& card = *stats.mutable_scorecard();
  card.set_suspicion_count(12);
  card.set_death_count(9);
  card.set_refuted_suspicion_count(3);
  card.mutable_refuted_time()->set_nanos(900'000'000);
  card.mutable_longest_refuted_time()->set_nanos(500'000'000);
  card.set_mistaken_death_count(1);
  card.mutable_mistaken_time()->set_seconds(40);
  card.mutable_detection_time_p50()->set_nanos(2'000'000);
  card.mutable_detection_time_p99()->set_seconds(6);
  card.mutable_detection_time_max()->set_seconds(7);
  card.set_mistake_rate(0.01234);
  card.set_query_accuracy(0.99999);
  stats.mutable_credited_time()->set_seconds(30);
  stats.set_stall_count(1);
  stats.set_unread_credit_count(4);
  stats.mutable_canary_credited_time()->set_seconds(2);
  stats.set_canary_doubt_count(3);
  stats.set_canary_episode_count(1);
  stats.set_in_doubt(true);
  stats.set_suspend_count(2);
  stats.mutable_suspended_time()->set_seconds(3600);
  stats.mutable_settling_time()->set_seconds(20);
  stats.set_group_event_count(2);
  stats.set_doubt_count(1);
  stats.set_held_death_count(20);
  EXPECT_EQ(DescribeScorecard(stats),
            "Detection since the server started, of all clients:\n"
            "  Suspicions:       12\n"
            "  Deaths found:     9\n"
            "  Detection time:   p50 2ms, p99 6s, max 7s from the last sign of life to SUSPECT\n"
            "  Refuted:          3 suspicions, wrong for 900ms in all, the longest for 500ms\n"
            "  Mistaken:         1 death, wrong for 40s in all\n"
            "  Mistake rate:     0.0123 per client and day\n"
            "  Query accuracy:   99.999%\n"
            "  Credited:         30s for 1 stall of the server, 4 suspicions put off for unread bytes\n"
            "  Canary:           2s of it on the canary's word, 3 doubts in 1 episode, in doubt now\n"
            "  Suspended:        2 sleeps of the machine, 1h in all, 20s credited after\n"
            "  Mass failures:    2 told; the server doubted itself 1 time and held back 20 deaths\n");
}

TEST(ScorecardTextTest, AHighRateIsWrittenOut) {
  v1::GetStatsResponse stats;
  stats.mutable_scorecard()->set_mistake_rate(1666.7);
  EXPECT_THAT(DescribeScorecard(stats), HasSubstr("Mistake rate:     1667 per client and day\n"));
}

TEST(ScorecardTextTest, AFreshServerHasMadeNone) {
  v1::GetStatsResponse stats;
  stats.mutable_scorecard()->set_query_accuracy(1);
  const std::string text = DescribeScorecard(stats);
  EXPECT_THAT(text, HasSubstr("Detection time:   no death found yet\n"));
  EXPECT_THAT(text, HasSubstr("Refuted:          0 suspicions\n"));
  EXPECT_THAT(text, HasSubstr("Mistaken:         0 deaths\n"));
  EXPECT_THAT(text, HasSubstr("Query accuracy:   100%\n"));
  EXPECT_THAT(text, HasSubstr("Canary:           0s of it on the canary's word, 0 doubts in 0 episodes\n"));
  EXPECT_THAT(text, HasSubstr("Suspended:        0 sleeps\n"));
}

}  // namespace
}  // namespace liveness::cli
