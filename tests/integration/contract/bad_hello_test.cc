// Hellos that are wrong, and what each gets.
#include <limits>

#include <gmock/gmock.h>

#include "tests/integration/contract/contract_fixture.h"
#include "tests/integration/contract/raw_stream.h"

namespace liveness::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class BadHelloTest : public ContractTest {
 protected:
  // Sends `hello`; returns the fields that the server names.
  std::vector<std::string> Refused(const v1::HeartbeatRequest& hello) {
    HeartbeatStream stream(channel_);
    stream.Send(hello);
    const auto status = stream.End();
    if (!status) {
      ADD_FAILURE() << "not refused: " << hello.ShortDebugString().substr(0, 200);
      return {};
    }
    ExpectEnd(*status, grpc::StatusCode::INVALID_ARGUMENT, "BAD_HELLO");
    return FieldsOf(*status);
  }
  static v1::HeartbeatRequest Good() { return HeartbeatStream::Hello("good", "1"); }
  // The granted interval and timeout in milliseconds; {0, 0} if there was no welcome.
  std::pair<std::int64_t, std::int64_t> Granted(const v1::HeartbeatRequest& hello) {
    using google::protobuf::util::TimeUtil;
    HeartbeatStream stream(channel_);
    const auto welcome = stream.Join(hello);
    if (!welcome) return {0, 0};
    stream.Goodbye();
    EXPECT_TRUE(stream.End() && stream.End()->ok());
    return {TimeUtil::DurationToMilliseconds(welcome->interval()),
            TimeUtil::DurationToMilliseconds(welcome->timeout())};
  }
};

TEST_F(BadHelloTest, Ids) {
  StartServer();
  for (const std::string& bad : {std::string(), std::string(129, 'x'), std::string("a\nb"),
                                 std::string("a\0b", 3), std::string("a\x7f"), std::string("\xc2\x85")}) {
    EXPECT_THAT(Refused(HeartbeatStream::Hello(bad, "1")), ElementsAre("hello.client_id"));
  }
  EXPECT_THAT(Refused(HeartbeatStream::Hello("good", "")), ElementsAre("hello.instance_id"));
  EXPECT_THAT(Refused(HeartbeatStream::Hello("", std::string(129, 'x'))),
              ElementsAre("hello.client_id", "hello.instance_id"));
  // The longest that is allowed, with a slash and beyond ASCII.
  const std::string longest = "a/ü" + std::string(124, 'x');
  EXPECT_NE(Granted(HeartbeatStream::Hello(longest, longest)).first, 0);
  EXPECT_EQ(Get(longest).instance_id(), longest);
}

TEST_F(BadHelloTest, TextsThatAreNoUtf8) {
  StartServer();
  const std::string marker = "MARKER";
  auto id = HeartbeatStream::Hello(marker, "1");
  auto label = Good();
  (*label.mutable_hello()->mutable_labels())["zone"] = marker;
  auto host = Good();
  host.mutable_hello()->set_host(marker);
  const std::vector<std::pair<v1::HeartbeatRequest, std::string>> cases = {
      {id, "hello.client_id"}, {label, "hello.labels"}, {host, "hello.host"}};
  for (const auto& [hello, field] : cases) {
    std::string bytes = hello.SerializeAsString();
    bytes.replace(bytes.find(marker), marker.size(), "\xc3\x28\xff\xfe\x80\xf8");
    RawStream stream(channel_);
    stream.Write(bytes);
    const grpc::Status status = stream.End();
    ExpectEnd(status, grpc::StatusCode::INVALID_ARGUMENT, "BAD_HELLO");
    EXPECT_THAT(FieldsOf(status), ElementsAre(field));
  }
}

TEST_F(BadHelloTest, Labels) {
  StartServer();
  auto hello = Good();
  auto& labels = *hello.mutable_hello()->mutable_labels();
  for (int i = 0; i < 33; ++i) labels["k" + std::to_string(i)] = "v";
  EXPECT_THAT(Refused(hello), ElementsAre("hello.labels"));
  labels.erase("k0");
  EXPECT_NE(Granted(hello).first, 0);

  labels.clear();
  labels[std::string(64, 'k')] = "v";
  EXPECT_THAT(Refused(hello), ElementsAre(HasSubstr("hello.labels[\"kkk")));
  labels.clear();
  labels["key"] = std::string(257, 'v');
  EXPECT_THAT(Refused(hello), ElementsAre("hello.labels[\"key\"]"));
  labels.clear();
  labels[""] = "v";
  EXPECT_THAT(Refused(hello), ElementsAre("hello.labels[\"\"]"));
  labels.clear();
  labels[std::string(63, 'k')] = std::string(256, 'v');
  EXPECT_NE(Granted(hello).first, 0);
}

TEST_F(BadHelloTest, OtherTexts) {
  StartServer();
  auto hello = Good();
  hello.mutable_hello()->set_host(std::string(256, 'h'));
  hello.mutable_hello()->set_version("1\n2");
  hello.mutable_hello()->set_last_will(std::string(1025, 'w'));
  hello.mutable_hello()->set_resume_token(std::string(257, 't'));
  hello.mutable_hello()->set_pid(-1);
  EXPECT_THAT(Refused(hello), ElementsAre("hello.host", "hello.version", "hello.last_will",
                                          "hello.resume_token", "hello.pid"));
}

TEST_F(BadHelloTest, IntervalsAndTimeouts) {
  StartServer();
  const auto with = [](std::int64_t interval_s, int interval_ns, std::int64_t timeout_s, int timeout_ns) {
    auto hello = Good();
    hello.mutable_hello()->mutable_interval()->set_seconds(interval_s);
    hello.mutable_hello()->mutable_interval()->set_nanos(interval_ns);
    hello.mutable_hello()->mutable_timeout()->set_seconds(timeout_s);
    hello.mutable_hello()->mutable_timeout()->set_nanos(timeout_ns);
    return hello;
  };
  EXPECT_THAT(Refused(with(0, 0, 3, 0)), ElementsAre("hello.interval"));
  EXPECT_THAT(Refused(with(-1, 0, 3, 0)), ElementsAre("hello.interval"));
  EXPECT_THAT(Refused(with(1, 0, 0, 0)), ElementsAre("hello.timeout"));
  EXPECT_THAT(Refused(with(1, 0, 0, -1)), ElementsAre("hello.timeout"));
  EXPECT_THAT(Refused(with(0, 0, 0, 0)), ElementsAre("hello.interval", "hello.timeout"));
  EXPECT_THAT(Refused(with(3, 0, 2, 999'999'999)), ElementsAre("hello.timeout"));
  constexpr auto kMin = std::numeric_limits<std::int64_t>::min();
  constexpr int kMinNanos = std::numeric_limits<int>::min();
  EXPECT_THAT(Refused(with(kMin, kMinNanos, 3, 0)), ElementsAre("hello.interval"));
}

TEST_F(BadHelloTest, WhatIsBeyondTheBoundsIsClampedAndToldInTheWelcome) {
  StartServer({"--min-interval=500ms", "--default-interval=2s", "--default-timeout=7s"});
  using Pair = std::pair<std::int64_t, std::int64_t>;
  const auto ask = [](int interval_ms, int timeout_ms) {
    return HeartbeatStream::Hello("clamped", "1", milliseconds(interval_ms), milliseconds(timeout_ms));
  };
  EXPECT_EQ(Granted(ask(600, 900)), Pair(600, 900));
  EXPECT_EQ(Granted(ask(100, 300)), Pair(500, 1000));  // raised; two intervals fit
  EXPECT_EQ(Granted(ask(100, 5000)), Pair(500, 5000));
  auto unset = Good();
  unset.mutable_hello()->clear_interval();
  unset.mutable_hello()->clear_timeout();
  EXPECT_EQ(Granted(unset), Pair(2000, 7000));

  auto overflowing = Good();
  constexpr auto kMax = std::numeric_limits<std::int64_t>::max();
  overflowing.mutable_hello()->mutable_interval()->set_seconds(kMax);
  overflowing.mutable_hello()->mutable_timeout()->set_seconds(kMax);
  const Pair most = Granted(overflowing);
  EXPECT_GT(most.first, 0);
  EXPECT_GE(most.second, 2 * most.first);
  EXPECT_LE(most.second, 24 * 3600 * 1000);
  // The smallest that can be said.
  auto tiny = ask(0, 0);
  tiny.mutable_hello()->mutable_interval()->set_nanos(1);
  tiny.mutable_hello()->mutable_timeout()->set_nanos(1);
  EXPECT_EQ(Granted(tiny), Pair(500, 1000));
}

}  // namespace
}  // namespace liveness::testing
