// What a client tells of its work, how its pings are measured, and on which of its streams it speaks: the
// protocol over a transport that is no gRPC.
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "tests/unit/rpc/heartbeat/protocol_stream.h"

namespace liveness::rpc {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Hello;
using testing::Ping;
using testing::ProtocolStream;

class HeartbeatWorkTest : public testing::ProtocolStreamTest {
 protected:
  // A ping with a token that is stale.
  static v1::HeartbeatRequest Stalled(std::uint64_t sequence) {
    v1::HeartbeatRequest request = Ping(sequence);
    v1::Progress& token = *request.mutable_ping()->add_progress();
    token.set_name("work");
    token.mutable_age()->set_seconds(6);
    token.mutable_deadline()->set_seconds(5);
    return request;
  }
  v1::HeartbeatRequest HelloAgain() {
    v1::HeartbeatRequest hello = Hello();
    hello.mutable_hello()->set_resume_token(stream_.transport().welcome.resume_token());
    return hello;
  }
  static v1::HeartbeatRequest HelloWithQuality() {
    v1::HeartbeatRequest hello = Hello();
    hello.mutable_hello()->mutable_quality()->mutable_found_within()->set_seconds(10);
    hello.mutable_hello()->mutable_quality()->mutable_mistake_recurrence()->set_seconds(3'600);
    return hello;
  }
  static common::Duration IntervalOf(ProtocolStream& stream) {
    const auto& interval = stream.transport().welcome.interval();
    return seconds(interval.seconds()) + std::chrono::nanoseconds(interval.nanos());
  }
  core::Health HealthNow() {
    server_.Commit();
    return Record()->health;
  }
};

TEST_F(HeartbeatWorkTest, APingThatEndsTheStreamReportsNothing) {
  for (const auto& bad : {Ping(3), Stalled(3)}) {
    ProtocolStream stream(server_);
    stream.Join();
    EXPECT_EQ(stream.Refusal(Stalled(5)), "");
    ASSERT_EQ(HealthNow(), core::Health::kStalled);
    EXPECT_EQ(stream.Refusal(bad), "BAD_SEQUENCE");
    EXPECT_EQ(HealthNow(), core::Health::kStalled);
  }
}

TEST_F(HeartbeatWorkTest, AStallOutlivesItsStreamAndAPlainPingOnTheNextEndsIt) {
  stream_.Join();
  EXPECT_EQ(stream_.Refusal(Stalled(1)), "");
  ProtocolStream next(server_);
  next.Join(HelloAgain());
  ASSERT_EQ(HealthNow(), core::Health::kStalled);
  EXPECT_TRUE(next.Beat(1));
  EXPECT_EQ(HealthNow(), core::Health::kOk);
}

TEST_F(HeartbeatWorkTest, WhatIsStaleIsFoundAmongMoreThanIsKept) {
  server_.options.max_progress_tokens = 2;
  stream_.Join();
  v1::HeartbeatRequest ping = Ping(1);
  for (const int age : {1, 4, 6, 3}) {
    v1::Progress& token = *ping.mutable_ping()->add_progress();
    token.set_name("age-" + std::to_string(age));
    token.mutable_age()->set_seconds(age);
    token.mutable_deadline()->set_seconds(5);
  }
  EXPECT_EQ(stream_.Refusal(ping), "");
  EXPECT_EQ(HealthNow(), core::Health::kStalled);
  const auto kept = server_.world.registry.BoardOf(stream_.transport().session)->tokens();
  ASSERT_EQ(kept->size(), 2U);
  EXPECT_EQ((*kept)[0].name, "age-6");
  EXPECT_EQ((*kept)[1].name, "age-4");
  EXPECT_EQ(server_.progress_left_out, 2);
}

TEST_F(HeartbeatWorkTest, ALoadAloneIsKept) {
  stream_.Join();
  v1::HeartbeatRequest ping = Ping(1);
  ping.mutable_ping()->mutable_load()->set_cpu_usage(0.5);
  EXPECT_EQ(stream_.Refusal(ping), "");
  EXPECT_EQ(server_.world.registry.BoardOf(stream_.transport().session)->notes().size(), 1U);
}

TEST_F(HeartbeatWorkTest, PingsThatAreMeasuredAreVouchedForByWhatWasLearnt) {
  v1::HeartbeatRequest hello = Hello();
  hello.mutable_hello()->mutable_interval()->set_seconds(1);
  hello.mutable_hello()->mutable_timeout()->set_seconds(120);
  hello.mutable_hello()->mutable_detection()->set_method(v1::DETECTION_METHOD_ACCRUAL);
  stream_.Join(hello);
  common::Duration vouched_for{};
  for (int n = 1; n <= 40; ++n) {
    server_.world.Run(seconds(1));
    const auto next = stream_.Take(Ping(static_cast<std::uint64_t>(n)));
    ASSERT_TRUE(next.ok() && next->pong) << next.status();
    vouched_for = next->pong->vouched_for;
  }
  EXPECT_LT(vouched_for, seconds(10));
  EXPECT_GE(vouched_for, seconds(1));
  // The timer has not come up since the hello. Each of them was sooner than what it was armed for: silence is
  // found by what was learnt.
  server_.world.Run(vouched_for + milliseconds(100));
  server_.Commit();
  EXPECT_EQ(Record()->state, core::State::kSuspect);
}

TEST_F(HeartbeatWorkTest, ARoundTripIsOneOfItsPath) {
  stream_.Join(HelloWithQuality());
  const common::Duration assumed = core::PathEstimate().delay;
  ASSERT_LT(stream_.transport().round_trip, assumed);
  stream_.transport().Probe(1);
  v1::HeartbeatRequest pong;
  pong.mutable_pong()->set_sequence(1);
  EXPECT_EQ(stream_.Refusal(pong), "");
  EXPECT_LT(server_.world.registry.PathOf("a", "spiffe://a/b")->Estimate().delay, assumed);
}

TEST_F(HeartbeatWorkTest, AQualityIsHeldOnThePathThatWasMeasured) {
  stream_.Join(HelloWithQuality());
  const common::Duration unmeasured = IntervalOf(stream_);
  for (std::uint64_t n = 1; n <= 200; ++n) {  // every other ping is lost
    server_.world.Run(2 * unmeasured);
    ASSERT_TRUE(stream_.Beat(2 * n));
  }
  ProtocolStream next(server_);
  v1::HeartbeatRequest hello = HelloWithQuality();
  hello.mutable_hello()->set_resume_token(stream_.transport().welcome.resume_token());
  next.Join(hello);
  EXPECT_LT(IntervalOf(next), unmeasured);
}

TEST_F(HeartbeatWorkTest, WhereItSpeaksIsItsStream) {
  stream_.Join();
  EXPECT_TRUE(stream_.Beat(1));
  v1::HeartbeatRequest hello = HelloAgain();
  hello.mutable_hello()->set_beside(true);
  ProtocolStream beside(server_);
  beside.Join(hello);
  EXPECT_TRUE(stream_.transport().ends.empty());
  EXPECT_TRUE(stream_.Beat(2)) << "the other waits";
  EXPECT_TRUE(beside.Beat(1));
  ASSERT_EQ(stream_.transport().ends.size(), 1U);
  EXPECT_EQ(common::ReasonOf(stream_.transport().ends[0]), "STREAM_REPLACED");
  EXPECT_FALSE(stream_.Beat(3));
}

TEST_F(HeartbeatWorkTest, AfterTheHelloWhatDoesNotParseIsNoBadHello) {
  stream_.Join();
  std::string bytes = Hello("good").SerializeAsString();
  bytes.replace(bytes.find("good"), 4, "\xff\xff\xff\xff");
  EXPECT_EQ(stream_.Refusal(std::string_view(bytes)), "BAD_MESSAGE");
}

TEST_F(HeartbeatWorkTest, TheWelcomeSaysHowPingsAreJudged) {
  v1::HeartbeatRequest hello = Hello();
  hello.mutable_hello()->mutable_detection()->set_method(v1::DETECTION_METHOD_ACCRUAL);
  hello.mutable_hello()->mutable_quality()->mutable_found_within()->set_seconds(10);
  hello.mutable_hello()->mutable_quality()->mutable_mistake_recurrence()->set_seconds(3'600);
  stream_.transport().keepalive =
      std::make_shared<core::Keepalive>(core::Keepalive{.http2_time = seconds(4)});
  stream_.Join(hello);
  EXPECT_EQ(stream_.transport().welcome.keepalive().http2_time().seconds(), 4);
  EXPECT_EQ(stream_.transport().welcome.detection().method(), v1::DETECTION_METHOD_ACCRUAL);
  EXPECT_TRUE(stream_.transport().welcome.has_quality());
  ProtocolStream plain(server_);
  plain.Join(Hello("b", "b-1"));
  EXPECT_FALSE(plain.transport().welcome.has_keepalive());
  EXPECT_EQ(plain.transport().welcome.detection().method(), v1::DETECTION_METHOD_FIXED);
  EXPECT_FALSE(plain.transport().welcome.has_quality());
}

}  // namespace
}  // namespace liveness::rpc
