#include "client/src/messages.h"

#include <gtest/gtest.h>

#include <limits>

namespace liveness::internal {
namespace {

using namespace std::chrono_literals;

TEST(Messages, DurationsSurviveTheRoundTrip) {
  for (const common::Duration span :
       {0ns, 1ns, common::Duration(100ms), common::Duration(1s + 1ns), common::Duration(40s)}) {
    EXPECT_EQ(FromProto(ToProto(span)), span);
  }
}

TEST(Messages, AnOverflowingDurationSaturates) {
  google::protobuf::Duration huge;
  huge.set_seconds(std::numeric_limits<std::int64_t>::max());
  EXPECT_GT(FromProto(huge), std::chrono::hours(24 * 365 * 200));
}

TEST(Messages, UnsetTimesStayUnset) {
  ClientOptions options;
  options.client_id = "a";
  EXPECT_FALSE(MakeHello(options, {}, "", "", 3).hello().has_interval());
  options.interval = 250ms;
  const auto hello = MakeHello(options, {{"k", "v"}}, "token", "127.0.0.1:1", 3).hello();
  EXPECT_EQ(hello.interval().nanos(), 250'000'000);
  EXPECT_FALSE(hello.has_timeout());
  options.timeout = 900ms;
  EXPECT_EQ(FromProto(MakeHello(options, {}, "", "", 3).hello().timeout()), 900ms);
  EXPECT_EQ(hello.labels().at("k"), "v");
  EXPECT_EQ(hello.resume_token(), "token");
  EXPECT_EQ(hello.local_address(), "127.0.0.1:1");
  EXPECT_EQ(hello.attempt(), 3u);
}

TEST(Messages, APingIsPlainUnlessThereIsSomethingToTell) {
  const common::WallTime sent(1'700'000'000s);
  const v1::Ping plain = MakePing(7, sent, {}, std::nullopt).ping();
  EXPECT_EQ(plain.sequence(), 7u);
  EXPECT_EQ(plain.send_time().seconds(), 1'700'000'000);
  EXPECT_EQ(plain.progress_size(), 0);
  EXPECT_FALSE(plain.has_load());

  const v1::Ping full = MakePing(8, sent, {{"consumer", 1500ms, 30s}}, LoadReading{3ms, 0.5, 4096}).ping();
  ASSERT_EQ(full.progress_size(), 1);
  EXPECT_EQ(full.progress(0).name(), "consumer");
  EXPECT_EQ(FromProto(full.progress(0).age()), 1500ms);
  EXPECT_EQ(FromProto(full.progress(0).deadline()), 30s);
  EXPECT_EQ(FromProto(full.load().scheduling_delay()), 3ms);
  EXPECT_EQ(full.load().cpu_usage(), 0.5);
  EXPECT_EQ(full.load().memory_bytes(), 4096);
}

TEST(Messages, DetectionAndQualityAreAskedForOnlyIfWanted) {
  ClientOptions options;
  EXPECT_FALSE(MakeHello(options, {}, "", "", 3).hello().has_detection());
  EXPECT_FALSE(MakeHello(options, {}, "", "", 3).hello().has_quality());
  options.detection = Detection{Detection::Method::kAccrual, 5};
  options.quality = Quality{.found_within = 1s, .mistake_recurrence = std::chrono::hours(720)};
  const v1::Hello hello = MakeHello(options, {}, "", "", 3).hello();
  EXPECT_EQ(hello.detection().method(), v1::DETECTION_METHOD_ACCRUAL);
  EXPECT_EQ(hello.detection().threshold(), 5);
  EXPECT_EQ(FromProto(hello.quality().found_within()), 1s);
  EXPECT_EQ(FromProto(hello.quality().mistake_recurrence()), std::chrono::hours(720));
  options.detection = Detection{};
  EXPECT_EQ(MakeHello(options, {}, "", "", 3).hello().detection().method(), v1::DETECTION_METHOD_FIXED);
}

TEST(Messages, WelcomeSaysHowSilenceIsJudged) {
  v1::Welcome proto;
  EXPECT_EQ(FromProto(proto).detection, Detection{});
  EXPECT_FALSE(FromProto(proto).quality);
  proto.mutable_detection()->set_method(v1::DETECTION_METHOD_ACCRUAL);
  proto.mutable_detection()->set_threshold(8);
  proto.mutable_quality()->mutable_found_within()->set_seconds(1);
  proto.mutable_quality()->mutable_mistake_recurrence()->set_seconds(3600);
  EXPECT_EQ(FromProto(proto).detection, (Detection{Detection::Method::kAccrual, 8}));
  EXPECT_EQ(FromProto(proto).quality, (Quality{1s, std::chrono::hours(1)}));
}

TEST(Messages, AnOlderServerVouchesForNothing) {
  v1::Welcome welcome;
  EXPECT_FALSE(VouchedFor(welcome));
  welcome.mutable_vouched_for()->set_seconds(2);
  EXPECT_EQ(VouchedFor(welcome), 2s);
  v1::Pong pong;
  EXPECT_FALSE(VouchedFor(pong));
  pong.mutable_vouched_for();
  EXPECT_EQ(VouchedFor(pong), 0s) << "which is not nothing";
}

TEST(Messages, WelcomeCarriesTheServersKeepalive) {
  v1::Welcome proto;
  proto.set_incarnation(42);
  proto.mutable_timeout()->set_seconds(9);
  proto.mutable_keepalive()->set_tcp_enabled(true);
  proto.mutable_keepalive()->mutable_tcp_idle()->set_seconds(6);
  proto.mutable_keepalive()->set_tcp_count(3);
  const Welcome welcome = FromProto(proto);
  EXPECT_EQ(welcome.incarnation, 42u);
  EXPECT_EQ(welcome.timeout, 9s);
  EXPECT_EQ(welcome.server_keepalive.tcp_idle, 6s);
  EXPECT_EQ(welcome.server_keepalive.tcp_count, 3);
}

}  // namespace
}  // namespace liveness::internal
