#include "server/auth/pace.h"

#include <chrono>
#include <string>

#include <gtest/gtest.h>

namespace liveness::auth {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr common::MonoTime kStart{std::chrono::hours(1)};
constexpr common::Duration kNoWait = common::Duration::zero();

TEST(Pace, ABurstAtOnceAndThenOneAtATime) {
  Pace pace({.each = seconds(3), .burst = 2});
  EXPECT_EQ(pace.Take("a", kStart), kNoWait);
  EXPECT_EQ(pace.Take("a", kStart), kNoWait);
  EXPECT_EQ(pace.Take("a", kStart), seconds(3));
  EXPECT_EQ(pace.Take("a", kStart + seconds(1)), seconds(2)) << "what is refused is not counted";
  EXPECT_EQ(pace.Take("a", kStart + seconds(3)), kNoWait);
  EXPECT_EQ(pace.Take("a", kStart + milliseconds(3001)), milliseconds(2999));
}

TEST(Pace, EachNameHasItsOwn) {
  Pace pace({.each = seconds(3), .burst = 1});
  EXPECT_EQ(pace.Take("a", kStart), kNoWait);
  EXPECT_NE(pace.Take("a", kStart), kNoWait);
  EXPECT_EQ(pace.Take("b", kStart), kNoWait);
}

TEST(Pace, AfterARestTheBurstIsThereAgain) {
  Pace pace({.each = seconds(1), .burst = 3});
  for (int i = 0; i < 3; ++i) EXPECT_EQ(pace.Take("a", kStart), kNoWait);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(pace.Take("a", kStart + seconds(10)), kNoWait);
  EXPECT_NE(pace.Take("a", kStart + seconds(10)), kNoWait);
}

TEST(Pace, NamesWithoutEndTakeNoMemoryWithoutEnd) {
  Pace pace({.each = seconds(1), .burst = 1, .capacity = 10});
  for (int i = 0; i < 1000; ++i) (void)pace.Take(std::to_string(i), kStart);
  EXPECT_LE(pace.size(), 11U);
  for (int i = 0; i < 100; ++i) (void)pace.Take(std::to_string(i), kStart + seconds(10 * i));
  EXPECT_LE(pace.size(), 2U) << "who is at rest is forgotten";
}

}  // namespace
}  // namespace liveness::auth
