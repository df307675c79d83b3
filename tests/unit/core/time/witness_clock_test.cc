#include "server/core/time/witness_clock.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace liveness::core {
namespace {

using common::Duration;
using common::MonoTime;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

MonoTime At(Duration since_start) { return MonoTime(since_start); }

TEST(WitnessClockTest, WithoutStallsItIsThePlainClock) {
  WitnessClock clock;
  EXPECT_EQ(clock.Elapsed(At(seconds(5)), At(seconds(9))), seconds(4));
  EXPECT_EQ(clock.DueAt(At(seconds(5)), seconds(6)), At(seconds(11)));
  EXPECT_EQ(clock.credited(), Duration(0));
}

TEST(WitnessClockTest, TimeThatGoesBackIsNoTime) {
  WitnessClock clock;
  EXPECT_EQ(clock.Elapsed(At(seconds(9)), At(seconds(5))), Duration(0));
}

TEST(WitnessClockTest, TheStoppedServerOfTheEssay) {
  WitnessClock clock;
  EXPECT_EQ(clock.Observe(At(milliseconds(102'005)), At(seconds(112))), milliseconds(9'995));
  EXPECT_EQ(clock.Elapsed(At(seconds(100)), At(seconds(112))), milliseconds(2'005));
  EXPECT_EQ(clock.DueAt(At(seconds(100)), seconds(6)), At(milliseconds(115'995)));
  EXPECT_EQ(clock.Elapsed(At(seconds(100)), At(milliseconds(115'995))), seconds(6));
}

TEST(WitnessClockTest, OrdinaryLatenessIsNotCredited) {
  WitnessClock clock;
  EXPECT_EQ(clock.Observe(At(seconds(1)), At(seconds(1) + milliseconds(20))), Duration(0));
  EXPECT_EQ(clock.Observe(At(seconds(2)), At(seconds(1))), Duration(0));
  EXPECT_EQ(clock.credited(), Duration(0));
  EXPECT_EQ(clock.Observe(At(seconds(3)), At(seconds(3) + milliseconds(21))), milliseconds(21));
}

TEST(WitnessClockTest, AStallBeforeTheLastHeartbeatCreditsNothing) {
  WitnessClock clock;
  clock.Observe(At(seconds(10)), At(seconds(20)));
  EXPECT_EQ(clock.Elapsed(At(seconds(20)), At(seconds(26))), seconds(6));
  EXPECT_EQ(clock.DueAt(At(seconds(20)), seconds(6)), At(seconds(26)));
}

TEST(WitnessClockTest, AStallAfterTheDeadlineDoesNotMoveIt) {
  WitnessClock clock;
  clock.Observe(At(seconds(30)), At(seconds(40)));
  EXPECT_EQ(clock.DueAt(At(seconds(10)), seconds(6)), At(seconds(16)));
}

TEST(WitnessClockTest, OnlyTheOverlapIsCredited) {
  WitnessClock clock;
  clock.Observe(At(seconds(10)), At(seconds(20)));
  EXPECT_EQ(clock.Elapsed(At(seconds(15)), At(seconds(26))), seconds(6));
  EXPECT_EQ(clock.Elapsed(At(seconds(5)), At(seconds(15))), seconds(5));
  EXPECT_EQ(clock.Elapsed(At(seconds(12)), At(seconds(18))), Duration(0));
  EXPECT_EQ(clock.DueAt(At(seconds(15)), seconds(6)), At(seconds(26)));
}

TEST(WitnessClockTest, ACreditedDeadlineMayMeetTheNextStall) {
  WitnessClock clock;
  clock.Observe(At(seconds(2)), At(seconds(5)));
  clock.Observe(At(seconds(7)), At(seconds(9)));
  // 6 s from 0: 9 with the first stall, which the second has reached by then.
  EXPECT_EQ(clock.DueAt(At(seconds(0)), seconds(6)), At(seconds(11)));
}

TEST(WitnessClockTest, AStallToldTwiceCountsOnce) {
  WitnessClock clock;
  EXPECT_EQ(clock.Observe(At(seconds(10)), At(seconds(20))), seconds(10));
  EXPECT_EQ(clock.Observe(At(seconds(12)), At(seconds(20))), Duration(0));
  EXPECT_EQ(clock.Observe(At(seconds(9)), At(seconds(21))), seconds(2));
  EXPECT_EQ(clock.Observe(At(seconds(15)), At(seconds(22))), seconds(1));
  EXPECT_EQ(clock.credited(), seconds(13));
  EXPECT_EQ(clock.Elapsed(At(seconds(0)), At(seconds(30))), seconds(17));
}

TEST(WitnessClockTest, AnotherWitnessIsBelievedForAnySpan) {
  WitnessClock clock;
  EXPECT_EQ(clock.Credit(At(seconds(10)), At(seconds(10) + milliseconds(1))), milliseconds(1));
  EXPECT_EQ(clock.Elapsed(At(seconds(0)), At(seconds(20))), seconds(20) - milliseconds(1));
}

TEST(WitnessClockTest, TwoWitnessesOfOneMomentCreditItOnce) {
  WitnessClock clock;
  EXPECT_EQ(clock.Observe(At(seconds(12)), At(seconds(14))), seconds(2));
  // The second was in doubt before, and was not asked meanwhile.
  EXPECT_EQ(clock.Credit(At(seconds(11)), At(seconds(15))), seconds(2));
  EXPECT_EQ(clock.Observe(At(milliseconds(14'900)), At(seconds(16))), seconds(1));
  EXPECT_EQ(clock.credited(), seconds(5));
  EXPECT_EQ(clock.Elapsed(At(seconds(10)), At(seconds(17))), seconds(2));
}

TEST(WitnessClockTest, WhatIsToldPieceByPieceIsOneStall) {
  WitnessClock clock;
  clock.Observe(At(seconds(1)), At(seconds(2)));
  const MonoTime start = At(seconds(10));
  // Far more pieces than stalls are remembered.
  for (int i = 0; i < 1'000; ++i) {
    ASSERT_EQ(clock.Credit(start + i * milliseconds(10), start + (i + 1) * milliseconds(10)),
              milliseconds(10));
  }
  EXPECT_EQ(clock.Elapsed(At(seconds(0)), At(milliseconds(1'500))), seconds(1)) << "the old one is exact";
  EXPECT_EQ(clock.Elapsed(At(seconds(9)), At(milliseconds(12'345))), seconds(1));
  EXPECT_EQ(clock.DueAt(At(seconds(9)), seconds(3)), At(seconds(22)));
}

TEST(WitnessClockTest, NoEndOfTimeOverflows) {
  WitnessClock clock;
  clock.Observe(At(seconds(10)), At(seconds(20)));
  EXPECT_EQ(clock.DueAt(At(seconds(5)), Duration::max()), MonoTime::max());
}

// The two functions are each other's inverse, whatever the stalls.
TEST(WitnessClockTest, DueAtIsWhenThatMuchHasElapsed) {
  std::mt19937 random(7);
  WitnessClock clock;
  Duration now{};
  for (int i = 0; i < 100; ++i) {
    now += milliseconds(random() % 500);
    const Duration woke = now + milliseconds(random() % 300);
    clock.Observe(At(now), At(woke));
    now = woke;
  }
  for (int i = 0; i < 1000; ++i) {
    const MonoTime from = At(milliseconds(random() % 40'000));
    const Duration span = milliseconds(1 + random() % 20'000);
    const MonoTime due = clock.DueAt(from, span);
    ASSERT_EQ(clock.Elapsed(from, due), span);
    ASSERT_LT(clock.Elapsed(from, due - std::chrono::nanoseconds(1)), span);
  }
}

// More stalls than are remembered: never a false accusation, and never more
// patience than the time we stood still.
TEST(WitnessClockTest, ManyStallsErrTowardsPatience) {
  struct Truth {
    MonoTime from, to;
  };
  std::mt19937 random(11);
  WitnessClock clock;
  std::vector<Truth> stalls;
  Duration now{};
  for (int i = 0; i < 2000; ++i) {
    now += milliseconds(1 + random() % 400);
    const Duration woke = now + milliseconds(21 + random() % 100);
    clock.Observe(At(now), At(woke));
    stalls.push_back({At(now), At(woke)});
    now = woke;
  }
  for (int i = 0; i < 200; ++i) {
    const MonoTime from = At(milliseconds(random() % (now / milliseconds(1))));
    Duration exact = At(now) - from;
    for (const Truth& stall : stalls) {
      if (stall.to > from) exact -= stall.to - std::max(stall.from, from);
    }
    ASSERT_LE(clock.Elapsed(from, At(now)), exact);
    ASSERT_GE(clock.Elapsed(from, At(now)), At(now) - from - clock.credited());
  }
  EXPECT_EQ(clock.Elapsed(At(Duration(0)), At(now)), now - clock.credited());
}

TEST(WitnessClockTest, ThoseThatLieClosestBecomeOne) {
  WitnessClock clock;
  constexpr std::size_t kClose = WitnessClock::kMaxStalls / 2;
  const auto begin = [](std::size_t stall) {
    return stall == kClose ? At(seconds(stall - 1) + milliseconds(150)) : At(seconds(stall));
  };
  for (std::size_t i = 0; i <= WitnessClock::kMaxStalls; ++i) {
    clock.Observe(begin(i), begin(i) + milliseconds(100));
  }
  // Between the others nothing stood, as before.
  for (std::size_t i = 1; i <= WitnessClock::kMaxStalls; ++i) {
    if (i == kClose) continue;
    EXPECT_EQ(clock.Elapsed(begin(i) - milliseconds(300), begin(i) - milliseconds(200)), milliseconds(100))
        << i;
  }
}

TEST(WitnessClockTest, ForgetsWhatIsBeyondTheHorizon) {
  WitnessClock clock(hours(1));
  clock.Observe(At(seconds(10)), At(seconds(20)));
  for (std::size_t i = 0; i < WitnessClock::kMaxStalls; ++i) {
    const MonoTime wake = At(hours(2) + seconds(i));
    clock.Observe(wake, wake + milliseconds(100));
  }
  const MonoTime now = At(hours(2) + seconds(WitnessClock::kMaxStalls));
  // The hundred recent ones are exact, for the old one made room.
  EXPECT_EQ(clock.Elapsed(At(hours(2) + milliseconds(100)), now),
            now - At(hours(2) + milliseconds(100)) - (WitnessClock::kMaxStalls - 1) * milliseconds(100));
}

TEST(WitnessClockTest, WhatLiesWithinAStallIsNoOtherOne) {
  WitnessClock clock;
  EXPECT_EQ(clock.Credit(At(seconds(10)), At(seconds(20))), seconds(10));
  EXPECT_EQ(clock.Credit(At(seconds(12)), At(seconds(15))), Duration(0));
  EXPECT_EQ(clock.credited(), seconds(10));
  EXPECT_EQ(clock.Elapsed(At(seconds(0)), At(seconds(30))), seconds(20));
}

}  // namespace
}  // namespace liveness::core
