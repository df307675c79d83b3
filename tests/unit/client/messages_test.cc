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
  EXPECT_FALSE(MakeHello(options, {}, "", "").hello().has_interval());
  options.interval = 250ms;
  const auto hello = MakeHello(options, {{"k", "v"}}, "token", "127.0.0.1:1").hello();
  EXPECT_EQ(hello.interval().nanos(), 250'000'000);
  EXPECT_FALSE(hello.has_timeout());
  EXPECT_EQ(hello.labels().at("k"), "v");
  EXPECT_EQ(hello.resume_token(), "token");
  EXPECT_EQ(hello.local_address(), "127.0.0.1:1");
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
