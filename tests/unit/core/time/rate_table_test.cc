#include "server/core/time/rate_table.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

namespace liveness::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr MonoTime kStart{std::chrono::hours(1)};

using Rate = RateTable<std::string>;

int AdmittedOf(Rate& rate, const std::string& key, int tries, MonoTime now) {
  int admitted = 0;
  for (int i = 0; i < tries; ++i) admitted += rate.Wait(key, now) == Duration::zero() ? 1 : 0;
  return admitted;
}

TEST(RateTableTest, ABurstFromRestThenThePace) {
  Rate rate({.each = EachOf(10), .burst = 50});
  EXPECT_EQ(AdmittedOf(rate, "a", 200, kStart), 50);
  EXPECT_EQ(AdmittedOf(rate, "a", 200, kStart + seconds(1)), 10);
  EXPECT_EQ(AdmittedOf(rate, "a", 200, kStart + milliseconds(1500)), 5);
  EXPECT_EQ(AdmittedOf(rate, "a", 200, kStart + seconds(60)), 50);
}

TEST(RateTableTest, KeysDoNotPayForEachOther) {
  Rate rate({.each = EachOf(1), .burst = 2});
  EXPECT_EQ(AdmittedOf(rate, "a", 9, kStart), 2);
  EXPECT_EQ(AdmittedOf(rate, "b", 9, kStart), 2);
}

// A herd that heeds what it is told.
TEST(RateTableTest, WhoIsRefusedHasATurn) {
  Rate rate({.each = EachOf(10), .burst = 5});
  std::vector<MonoTime> turns;
  for (int i = 0; i < 30; ++i) {
    const Duration wait = rate.Wait("a", kStart);
    if (i >= 5) turns.push_back(kStart + wait);
  }
  for (std::size_t i = 0; i < turns.size(); ++i) {
    EXPECT_EQ(turns[i], kStart + milliseconds(100) * (static_cast<int>(i) + 1));
    EXPECT_EQ(rate.Wait("a", turns[i]), Duration::zero()) << i;
  }
}

TEST(RateTableTest, WhoComesAgainAndAgainIsNotToldToWaitForEver) {
  Rate rate({.each = seconds(1), .burst = 1});
  for (int i = 0; i < 10'000; ++i) (void)rate.Wait("a", kStart);
  EXPECT_EQ(rate.Wait("a", kStart), Rate::kLongestWait);
  EXPECT_EQ(rate.Wait("a", kStart + seconds(1)), Duration::zero());
  Rate slow({.each = std::chrono::minutes(5), .burst = 1});
  (void)slow.Wait("a", kStart);
  EXPECT_EQ(slow.Wait("a", kStart), std::chrono::minutes(5)) << "before that it would be in vain";
}

TEST(RateTableTest, NoLimitKeepsNothing) {
  Rate rate({.each = EachOf(0)});
  EXPECT_EQ(AdmittedOf(rate, "a", 1000, kStart), 1000);
  EXPECT_EQ(rate.size(), 0U);
}

TEST(RateTableTest, IsBoundedAndForgetsWhoHasRested) {
  Rate rate({.each = EachOf(1), .burst = 2, .capacity = 100});
  for (int i = 0; i < 1000; ++i) {
    (void)rate.Wait(std::to_string(i), kStart);
    EXPECT_LE(rate.size(), 101U);
  }
  for (int i = 1000; i < 1060; ++i) (void)rate.Wait(std::to_string(i), kStart + seconds(10));
  EXPECT_LE(rate.size(), 61U);
}

}  // namespace
}  // namespace liveness::core
