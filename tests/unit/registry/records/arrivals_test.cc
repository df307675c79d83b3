#include "server/registry/records/arrivals.h"

#include <gtest/gtest.h>

#include "tests/support/manual_clock.h"

namespace liveness::registry {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr core::Timing kTiming{seconds(1), seconds(10)};

class ArrivalsTest : public ::testing::Test {
 protected:
  Arrivals::Arrival Ping(Arrivals& arrivals) {
    clock_.Advance(seconds(1));
    return arrivals.Arrived(clock_.Mono(), ++sequence_, 0);
  }

  testing::ManualClock clock_;
  std::uint64_t sequence_ = 0;
};

TEST_F(ArrivalsTest, WithoutAThresholdTheTimeoutAloneDecides) {
  Arrivals arrivals(kTiming, std::nullopt);
  arrivals.NewStream();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(Ping(arrivals).due, kTiming.timeout);
  EXPECT_EQ(arrivals.DueAfter(), kTiming.timeout);
  EXPECT_EQ(arrivals.Vouch(clock_.Mono()), kTiming.timeout);
  EXPECT_EQ(arrivals.Suspicion(seconds(9)), 0);
}

TEST_F(ArrivalsTest, SaysOnceThatTheTimerIsTooLate) {
  Arrivals arrivals(kTiming, 8);
  common::Duration armed = arrivals.DueAfter();
  EXPECT_EQ(armed, kTiming.timeout);
  int sooner = 0;
  for (int i = 0; i < 100; ++i) {
    const Arrivals::Arrival arrival = Ping(arrivals);
    EXPECT_EQ(arrival.sooner, arrival.due < armed) << "ping " << i;
    if (!arrival.sooner) continue;
    ++sooner;
    armed = arrival.due;
  }
  EXPECT_GT(sooner, 0);
  EXPECT_LT(sooner, 100);
  EXPECT_LT(armed, seconds(5));
  EXPECT_EQ(arrivals.DueAfter(), armed);
}

}  // namespace
}  // namespace liveness::registry
