#include "server/core/time/timing.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace liveness::core {
namespace {

using common::Duration;
using common::FieldViolation;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr Timing kStandard{seconds(10), seconds(40)};
constexpr TimingBounds kBounds{
    .min_interval = milliseconds(100), .max_interval = minutes(10), .max_timeout = hours(1)};

Timing Negotiate(const TimingRequest& request, const TimingBounds& bounds = kBounds) {
  std::vector<FieldViolation> violations;
  const Timing timing = NegotiateTiming(request, kStandard, bounds, violations);
  EXPECT_THAT(violations, IsEmpty());
  return timing;
}

std::vector<std::string> WrongFields(const TimingRequest& request) {
  std::vector<FieldViolation> violations;
  NegotiateTiming(request, kStandard, kBounds, violations);
  std::vector<std::string> fields;
  for (const FieldViolation& violation : violations) fields.push_back(violation.field);
  return fields;
}

TEST(TimingTest, UnsetIsThePreset) { EXPECT_EQ(Negotiate({}), kStandard); }

TEST(TimingTest, WithinBoundsIsTakenAsAsked) {
  EXPECT_EQ(Negotiate({seconds(1), seconds(3)}), (Timing{seconds(1), seconds(3)}));
  EXPECT_EQ(Negotiate({seconds(3), seconds(3)}), (Timing{seconds(3), seconds(3)}));
}

TEST(TimingTest, OnlyTheIntervalKeepsThePresetsTimeoutWhileTwoPingsFit) {
  EXPECT_EQ(Negotiate({.interval = seconds(1)}), (Timing{seconds(1), seconds(40)}));
  EXPECT_EQ(Negotiate({.interval = seconds(20)}), (Timing{seconds(20), seconds(40)}));
  EXPECT_EQ(Negotiate({.interval = seconds(60)}), (Timing{seconds(60), seconds(120)}));
}

TEST(TimingTest, OnlyTheTimeoutKeepsThePresetsIntervalWhileTwoPingsFit) {
  EXPECT_EQ(Negotiate({.timeout = seconds(60)}), (Timing{seconds(10), seconds(60)}));
  EXPECT_EQ(Negotiate({.timeout = seconds(3)}), (Timing{milliseconds(1500), seconds(3)}));
}

TEST(TimingTest, ARaisedIntervalKeepsRoomForTwoPings) {
  EXPECT_EQ(Negotiate({milliseconds(1), milliseconds(3)}), (Timing{milliseconds(100), milliseconds(200)}));
  EXPECT_EQ(Negotiate({milliseconds(1), seconds(5)}), (Timing{milliseconds(100), seconds(5)}));
  EXPECT_EQ(Negotiate({.timeout = milliseconds(1)}), (Timing{milliseconds(100), milliseconds(200)}));
}

TEST(TimingTest, TooLongIsLowered) {
  EXPECT_EQ(Negotiate({hours(2), hours(3)}), (Timing{minutes(10), hours(1)}));
  EXPECT_EQ(Negotiate({.interval = Duration::max()}), (Timing{minutes(10), hours(1)}));
  EXPECT_EQ(Negotiate({Duration::max(), Duration::max()}), (Timing{minutes(10), hours(1)}));
}

TEST(TimingTest, ALoweredTimeoutKeepsRoomForTwoPings) {
  const TimingBounds bounds{.min_interval = seconds(1), .max_interval = hours(1), .max_timeout = minutes(1)};
  EXPECT_EQ(Negotiate({minutes(5), minutes(20)}, bounds), (Timing{seconds(30), minutes(1)}));
}

TEST(TimingTest, RefusesWhatMakesNoSense) {
  EXPECT_THAT(WrongFields({.interval = Duration(0)}), ElementsAre("hello.interval"));
  EXPECT_THAT(WrongFields({.timeout = Duration(0)}), ElementsAre("hello.timeout"));
  EXPECT_THAT(WrongFields({-seconds(1), -seconds(2)}), ElementsAre("hello.interval", "hello.timeout"));
  EXPECT_THAT(WrongFields({seconds(3), seconds(2)}), ElementsAre("hello.timeout"));
  EXPECT_THAT(WrongFields({Duration::max(), seconds(2)}), ElementsAre("hello.timeout"));
}

TEST(TimingTest, ProbesHalfwayBetweenTheMissedPingAndTheDeadline) {
  const common::MonoTime last_ping(seconds(100));
  EXPECT_EQ(ProbeMoment(last_ping, kStandard), common::MonoTime(seconds(125)));
}

}  // namespace
}  // namespace liveness::core
