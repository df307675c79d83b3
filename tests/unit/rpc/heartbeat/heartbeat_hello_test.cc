#include "server/rpc/heartbeat/heartbeat_hello.h"

#include <cmath>

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "common/limits.h"
#include "common/status.h"

namespace liveness::rpc {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr core::Timing kPreset{seconds(10), seconds(40)};

v1::Hello Valid() {
  v1::Hello hello;
  hello.set_client_id("a");
  hello.set_instance_id("a-1");
  return hello;
}

std::vector<std::string> WrongFields(const v1::Hello& hello) {
  const auto request = ParseHello(hello, kPreset, {});
  std::vector<std::string> fields;
  for (const auto& violation : common::ViolationsOf(request.status())) fields.push_back(violation.field);
  if (!request.ok()) {
    EXPECT_EQ(common::ReasonOf(request.status()), "BAD_HELLO");
  }
  return fields;
}

TEST(ParseHelloTest, UnsetTimingIsThePresets) {
  const auto request = ParseHello(Valid(), kPreset, {});
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->interval, seconds(10));
  EXPECT_EQ(request->timeout, seconds(40));
}

TEST(ParseHelloTest, LabelsAreSorted) {
  v1::Hello hello = Valid();
  for (const char* key : {"z", "a", "m"}) (*hello.mutable_labels())[key] = "v";
  const auto request = ParseHello(hello, kPreset, {});
  ASSERT_TRUE(request.ok());
  EXPECT_TRUE(std::is_sorted(request->info.labels.begin(), request->info.labels.end()));
  EXPECT_EQ(request->info.labels.size(), 3U);
}

TEST(ParseHelloTest, EveryWrongFieldIsNamedAtOnce) {
  v1::Hello hello;
  hello.set_client_id("tab\there");
  hello.set_host(std::string(256, 'h'));
  hello.set_version(std::string(129, 'v'));
  hello.set_local_address(std::string(129, 'l'));
  hello.set_last_will(std::string(1025, 'w'));
  hello.set_resume_token(std::string(257, 't'));
  hello.set_pid(-1);
  hello.mutable_interval()->set_seconds(5);
  hello.mutable_timeout()->set_seconds(4);
  EXPECT_EQ(WrongFields(hello),
            (std::vector<std::string>{"hello.client_id", "hello.instance_id", "hello.host", "hello.version",
                                      "hello.local_address", "hello.last_will", "hello.resume_token",
                                      "hello.pid", "hello.timeout"}));
}

TEST(ParseHelloTest, LimitsThemselvesAreAllowed) {
  v1::Hello hello = Valid();
  hello.set_client_id(std::string(128, 'i'));
  hello.set_host(std::string(255, 'h'));
  hello.set_resume_token(std::string(common::kMaxResumeTokenBytes, 't'));
  for (int i = 0; i < 32; ++i) (*hello.mutable_labels())[std::to_string(i)] = std::string(256, 'v');
  EXPECT_TRUE(WrongFields(hello).empty());
  (*hello.mutable_labels())["one more"] = "";
  EXPECT_EQ(WrongFields(hello), (std::vector<std::string>{"hello.labels"}));
}

TEST(ParseUpdateTest, WrongLabelsAreABadMessage) {
  v1::Update update;
  (*update.mutable_labels())[""] = "v";
  const auto labels = ParseUpdate(update);
  ASSERT_FALSE(labels.ok());
  EXPECT_EQ(common::ReasonOf(labels.status()), "BAD_MESSAGE");
}

TEST(ParseHelloTest, AQualityStandsInPlaceOfIntervalAndTimeout) {
  v1::Hello hello = Valid();
  hello.clear_interval();
  hello.clear_timeout();
  hello.mutable_quality()->mutable_found_within()->set_seconds(2);
  hello.mutable_quality()->mutable_mistake_recurrence()->set_seconds(30 * 86'400);
  auto request = ParseHello(hello, kPreset, {});
  ASSERT_TRUE(request.ok()) << request.status();
  ASSERT_TRUE(ChooseTiming(hello.quality(), {}, {}, *request).ok());
  ASSERT_TRUE(request->quality.has_value());
  EXPECT_EQ(request->timeout, request->quality->timing.timeout);
  EXPECT_LT(request->timeout, seconds(2));
  EXPECT_GE(request->quality->mistake_recurrence, seconds(30 * 86'400));

  hello.mutable_interval()->set_seconds(1);
  EXPECT_EQ(common::ReasonOf(ParseHello(hello, kPreset, {}).status()), "BAD_HELLO");
  core::PathEstimate lossy;
  lossy.loss = 0.5;
  const auto refused = ChooseTiming(hello.quality(), lossy, {}, *request);
  EXPECT_EQ(common::ReasonOf(refused), "QUALITY_UNREACHABLE");
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
}

TEST(ParseHelloTest, AccrualHasADefaultThresholdAndBounds) {
  v1::Hello hello = Valid();
  EXPECT_FALSE(ParseHello(hello, kPreset, {})->accrual_threshold.has_value());
  hello.mutable_detection()->set_method(v1::DETECTION_METHOD_ACCRUAL);
  EXPECT_EQ(ParseHello(hello, kPreset, {})->accrual_threshold, 8);
  hello.mutable_detection()->set_threshold(3);
  EXPECT_EQ(ParseHello(hello, kPreset, {})->accrual_threshold, 3);
  for (const double limit : {common::kMinSuspicionThreshold, common::kMaxSuspicionThreshold}) {
    hello.mutable_detection()->set_threshold(limit);
    EXPECT_EQ(ParseHello(hello, kPreset, {})->accrual_threshold, limit);
  }
  for (const double threshold : {-1.0, 0.5, 31.0, std::nan("")}) {
    hello.mutable_detection()->set_threshold(threshold);
    EXPECT_EQ(common::ReasonOf(ParseHello(hello, kPreset, {}).status()), "BAD_HELLO") << threshold;
  }
}

TEST(ParseReportTest, NegativeAgesAndNamelessTokensAreRefused) {
  v1::Ping ping;
  auto& token = *ping.add_progress();
  token.set_name("loop");
  token.mutable_age()->set_seconds(1);
  token.mutable_deadline()->set_seconds(5);
  ping.mutable_load()->set_memory_bytes(7);
  const auto report = ParseReport(ping);
  ASSERT_TRUE(report.ok());
  EXPECT_EQ(report->progress.at(0).deadline, seconds(5));
  EXPECT_EQ(report->load->memory_bytes, 7);
  token.mutable_age()->set_seconds(-1);
  EXPECT_FALSE(ParseReport(ping).ok());
  token.mutable_age()->set_seconds(0);
  token.set_name("");
  EXPECT_FALSE(ParseReport(ping).ok());
}

TEST(ToGoodbyeTest, WordsNeverSpoilALeave) {
  v1::Goodbye goodbye;
  goodbye.set_reason(std::string(255, 'x') + "\xc3\xa9");  // the limit cuts the last character in two
  EXPECT_EQ(ToGoodbye(goodbye).reason, std::string(255, 'x'));
  goodbye.set_reason("one\ntwo");
  EXPECT_EQ(ToGoodbye(goodbye).reason, "");
  EXPECT_FALSE(ToGoodbye(goodbye).exit_code.has_value());
  goodbye.set_exit_code(0);
  EXPECT_EQ(ToGoodbye(goodbye).exit_code, 0);
}

TEST(ParseHelloTest, AQualityStandsAloneWhicheverOfThemComesWithIt) {
  for (const bool interval : {true, false}) {
    v1::Hello hello = Valid();
    hello.mutable_quality()->mutable_found_within()->set_seconds(5);
    hello.mutable_quality()->mutable_mistake_recurrence()->set_seconds(3'600);
    (interval ? hello.mutable_interval() : hello.mutable_timeout())->set_seconds(3);
    EXPECT_FALSE(WrongFields(hello).empty()) << interval;
  }
}

TEST(ParseReportTest, TokensAreBounded) {
  v1::Ping ping;
  for (std::size_t i = 0; i < common::kMaxProgressTokens; ++i) {
    ping.add_progress()->set_name("t" + std::to_string(i));
  }
  EXPECT_TRUE(ParseReport(ping).ok());
  ping.add_progress()->set_name("one-more");
  EXPECT_EQ(common::ReasonOf(ParseReport(ping).status()), "BAD_MESSAGE");
}

TEST(ParseReportTest, ADeadlineBelowNothingIsRefused) {
  v1::Ping ping;
  ping.add_progress()->set_name("loop");
  ping.mutable_progress(0)->mutable_deadline()->set_seconds(-1);
  EXPECT_EQ(common::ReasonOf(ParseReport(ping).status()), "BAD_MESSAGE");
}

TEST(ParseReportTest, ALoadIsTakenOnlyWhereOneIsTold) {
  v1::Ping ping;
  EXPECT_FALSE(ParseReport(ping)->load.has_value());
  ping.mutable_load()->set_memory_bytes(7);
  EXPECT_EQ(ParseReport(ping)->load->memory_bytes, 7);
}

TEST(ToGoodbyeTest, ASignalIsTakenOnlyWhereOneIsTold) {
  v1::Goodbye goodbye;
  EXPECT_FALSE(ToGoodbye(goodbye).signal.has_value());
  goodbye.set_signal(9);
  EXPECT_EQ(ToGoodbye(goodbye).signal, 9);
}

}  // namespace
}  // namespace liveness::rpc
