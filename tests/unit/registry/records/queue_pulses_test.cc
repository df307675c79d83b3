#include "server/registry/records/queue_pulses.h"

#include <gtest/gtest.h>

#include <chrono>

namespace liveness::registry {
namespace {

using common::Duration;
using common::MonoTime;
using core::Pulse;
using std::chrono::milliseconds;

MonoTime At(int millis) { return MonoTime(std::chrono::hours(1) + milliseconds(millis)); }

class QueuePulsesTest : public ::testing::Test {
 protected:
  QueuePulses pulses_{1};
  QueuePulses::Queue& queue_ = pulses_.at(0);
};

TEST_F(QueuePulsesTest, AQueueWithoutACanaryHasNothingToSay) {
  queue_.HeardSomebody(At(1));
  EXPECT_EQ(queue_.Read().sent, Pulse::kNever);
  EXPECT_EQ(queue_.Read().caught_up, Pulse::kNever);
  EXPECT_EQ(queue_.Read().heard, At(1));
  EXPECT_EQ(queue_.Waits(At(1'000)), Duration(0));
}

// Its own connection is broken: it is to be dialed anew, whoever else is heard.
TEST_F(QueuePulsesTest, OnlyPingsThatAreHeardEndTheWait) {
  queue_.Sent(At(0));
  queue_.Sent(At(200));
  queue_.HeardSomebody(At(300));
  EXPECT_EQ(queue_.Waits(At(30'001)), milliseconds(30'001));
  queue_.HeardPing(At(0), At(30'001));
  EXPECT_EQ(queue_.Read().caught_up, At(0));
  EXPECT_EQ(queue_.Read().heard, At(30'001));
  EXPECT_EQ(queue_.Waits(At(30'001)), Duration(0)) << "it is heard, if late";
  // From now on the next that leaves is waited for.
  queue_.Sent(At(30'200));
  EXPECT_EQ(queue_.Waits(At(60'000)), milliseconds(29'800));
}

TEST_F(QueuePulsesTest, AStreamThatIsLostTakesItsPingsAlong) {
  queue_.Sent(At(0));
  queue_.Lost();
  EXPECT_EQ(queue_.Read().sent, Pulse::kNever);
  EXPECT_EQ(queue_.Waits(At(60'000)), Duration(0));
  queue_.Sent(At(60'000));
  EXPECT_EQ(queue_.Waits(At(60'100)), milliseconds(100));
  queue_.HeardPing(At(60'000), At(60'110));
  queue_.HeardPing(At(0), At(60'120));  // one of the old stream
  EXPECT_EQ(queue_.Read().caught_up, At(60'000)) << "it never goes back";
}

}  // namespace
}  // namespace liveness::registry
