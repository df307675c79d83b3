#include "common/duration_text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "common/status.h"

namespace liveness::common {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;

TEST(ParseDurationTest, ReadsWhatPeopleWrite) {
  const std::vector<std::pair<std::string, Duration>> cases = {
      {"0", Duration::zero()},
      {"0s", Duration::zero()},
      {"250ms", milliseconds(250)},
      {"6s", seconds(6)},
      {"2m", minutes(2)},
      {"24h", hours(24)},
      {"1h30m", minutes(90)},
      {"3d4h", hours(76)},
      {"1.5s", milliseconds(1500)},
      {".5s", milliseconds(500)},
      {"1.s", seconds(1)},
      {"0.25h", minutes(15)},
      {"1h1ns", hours(1) + nanoseconds(1)},
      {"85us", microseconds(85)},
      {"007s", seconds(7)},
      {"0.0000000019s", nanoseconds(1)},                  // cut, not rounded
      {"1.000000000000000000000000000001s", seconds(1)},  // many digits do no harm
      {"9223372036854775807ns", Duration::max()},
  };
  for (const auto& [text, want] : cases) {
    const auto got = ParseDuration(text);
    ASSERT_TRUE(got.ok()) << text << ": " << got.status();
    EXPECT_EQ(*got, want) << text;
  }
}

TEST(ParseDurationTest, SaysWhatIsWrong) {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"", "is empty"},
      {"5", "unit is missing; write 5s or 5ms"},
      {"1m30", "unit is missing"},
      {"-5s", "negative"},
      {"5 s", "\" s\" is no unit"},
      {"5S", "\"S\" is no unit"},
      {"5sec", "\"sec\" is no unit"},
      {"5w", "\"w\" is no unit"},
      {"s", "number is expected at \"s\""},
      {".s", "number is expected"},
      {"+5s", "number is expected at \"+5s\""},
      {"1.2.3s", "unit is missing"},
      {"30m1h", "large to small"},
      {"1s1s", "large to small"},
      {"5\n", "\"\\n\" is no unit"},
      {"5\xff", "\"\\xff\" is no unit"},
  };
  for (const auto& [text, want] : cases) {
    const auto got = ParseDuration(text);
    ASSERT_FALSE(got.ok()) << text;
    EXPECT_EQ(got.status().code(), absl::StatusCode::kInvalidArgument) << text;
    EXPECT_EQ(ReasonOf(got.status()), "BAD_DURATION");
    EXPECT_THAT(std::string(got.status().message()), HasSubstr(want)) << text;
  }
}

TEST(ParseDurationTest, RefusesWhatDoesNotFitInsteadOfWrapping) {
  for (const std::string text : {"9223372036854775808ns", "99999999999999999999999s", "300000000h", "106752d",
                                 "106751d23h59m59s", "9223372036.9s", "9223372036854775807ns1ns"}) {
    const auto got = ParseDuration(text);
    ASSERT_FALSE(got.ok()) << text << " became " << FormatDuration(*got);
  }
  EXPECT_THAT(std::string(ParseDuration("300000000h").status().message()),
              HasSubstr("longer than 292 years"));
  EXPECT_TRUE(ParseDuration("106751d").ok());
}

TEST(ParseDurationTest, QuotesNoMoreThanAGlimpseOfALongText) {
  const auto got = ParseDuration(std::string(100'000, 'x'));
  ASSERT_FALSE(got.ok());
  EXPECT_LT(got.status().message().size(), 200u);
}

TEST(FormatDurationTest, IsExactAndReadsBack) {
  const std::vector<std::pair<Duration, std::string>> cases = {
      {Duration::zero(), "0s"},
      {milliseconds(250), "250ms"},
      {milliseconds(1500), "1.5s"},
      {seconds(6), "6s"},
      {minutes(90), "1h30m"},
      {hours(24), "24h"},
      {hours(1) + milliseconds(5), "1h5ms"},
      {microseconds(85), "85us"},
      {nanoseconds(1'000'001), "1.000001ms"},
      {nanoseconds(7), "7ns"},
      {Duration::max(), "2562047h47m16.854775807s"},
  };
  for (const auto& [duration, want] : cases) {
    const std::string got = FormatDuration(duration);
    EXPECT_EQ(got, want);
    const auto back = ParseDuration(got);
    ASSERT_TRUE(back.ok()) << back.status();
    EXPECT_EQ(*back, duration) << got;
  }
  EXPECT_EQ(FormatDuration(seconds(-5)), "-5s");
  EXPECT_EQ(FormatDuration(Duration::min()), "-2562047h47m16.854775808s");
}

TEST(FormatForPeopleTest, RoundsToWhatTheEyeNeeds) {
  const std::vector<std::pair<Duration, std::string>> cases = {
      {Duration::zero(), "0s"},        {nanoseconds(7), "7ns"},
      {microseconds(85), "85us"},      {nanoseconds(999'400), "999us"},
      {nanoseconds(999'600), "1ms"},   {microseconds(1'230), "1.2ms"},
      {milliseconds(250), "250ms"},    {microseconds(999'400), "999ms"},
      {microseconds(999'600), "1s"},   {milliseconds(1'240), "1.2s"},
      {milliseconds(59'940), "59.9s"}, {milliseconds(59'960), "1m"},
      {seconds(192), "3m12s"},         {milliseconds(3'599'400), "59m59s"},
      {milliseconds(3'599'600), "1h"}, {minutes(90), "1h30m"},
      {hours(24) - seconds(1), "1d"},  {hours(76), "3d4h"},
      {seconds(-192), "-3m12s"},
  };
  for (const auto& [duration, want] : cases) EXPECT_EQ(FormatForPeople(duration), want);
  EXPECT_EQ(FormatForPeople(Duration::min()), "-106752d");
}

TEST(FormatAgeTest, FollowsKubectl) {
  const std::vector<std::pair<Duration, std::string>> cases = {
      {seconds(-3), "0s"},         {milliseconds(900), "0s"}, {seconds(119), "119s"},
      {seconds(120), "2m"},        {seconds(330), "5m30s"},   {seconds(600), "10m"},
      {minutes(179), "179m"},      {minutes(200), "3h20m"},   {hours(8), "8h"},
      {hours(47), "47h"},          {hours(48), "2d"},         {hours(76), "3d4h"},
      {hours(24 * 8), "8d"},       {hours(24 * 729), "729d"}, {hours(24 * 760), "2y30d"},
      {hours(24 * 365 * 9), "9y"},
  };
  for (const auto& [age, want] : cases) EXPECT_EQ(FormatAge(age), want);
}

}  // namespace
}  // namespace liveness::common
