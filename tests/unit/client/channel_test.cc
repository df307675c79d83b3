#include "client/src/channel.h"

#include <grpc/grpc.h>
#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace liveness::internal {
namespace {

using namespace std::chrono_literals;

class ChannelTest : public ::testing::Test {
 protected:
  ChannelTest() { options_.keepalive = Keepalive::Standard(); }

  // What gRPC is asked for by that name, as text; nothing: its default.
  std::optional<std::string> Argument(std::string_view name) const {
    const grpc::ChannelArguments arguments = MakeChannelArguments(
        options_, [](int) {}, 5s);
    const grpc_channel_args args = arguments.c_channel_args();
    for (std::size_t i = 0; i < args.num_args; ++i) {
      const grpc_arg& arg = args.args[i];
      if (arg.key != name) continue;
      return arg.type == GRPC_ARG_STRING ? arg.value.string : std::to_string(arg.value.integer);
    }
    return std::nullopt;
  }

  ClientOptions options_;
};

TEST_F(ChannelTest, PingsOfHttp2AreAskedForUnlessTheyAreOff) {
  options_.keepalive->http2_time = 1ms;
  options_.keepalive->http2_timeout = 20ms;
  EXPECT_EQ(Argument(GRPC_ARG_KEEPALIVE_TIME_MS), "1");
  EXPECT_EQ(Argument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS), "20");
  options_.keepalive->http2_time = 0ms;
  EXPECT_EQ(Argument(GRPC_ARG_KEEPALIVE_TIME_MS), std::nullopt);
}

TEST_F(ChannelTest, AProxyIsTakenOnlyIfWanted) {
  EXPECT_EQ(Argument(GRPC_ARG_ENABLE_HTTP_PROXY), "0");
  options_.http_proxy = true;
  EXPECT_EQ(Argument(GRPC_ARG_ENABLE_HTTP_PROXY), "1");
}

TEST_F(ChannelTest, ACertificateMayBeExpectedForAnotherName) {
  EXPECT_EQ(Argument(GRPC_SSL_TARGET_NAME_OVERRIDE_ARG), std::nullopt);
  options_.tls.emplace();
  EXPECT_EQ(Argument(GRPC_SSL_TARGET_NAME_OVERRIDE_ARG), std::nullopt);
  options_.tls->server_name = "livenessd.example";
  EXPECT_EQ(Argument(GRPC_SSL_TARGET_NAME_OVERRIDE_ARG), "livenessd.example");
}

TEST_F(ChannelTest, FilesThatAreGoneSinceTheStartAreAnError) {
  options_.tls = Tls{.ca_file = "/nonexistent/ca.pem"};
  const auto channel = MakeChannel(
      options_, "127.0.0.1:1", [](int) {}, 5s);
  ASSERT_FALSE(channel);
  EXPECT_EQ(channel.error().reason, "BAD_TLS");
}

}  // namespace
}  // namespace liveness::internal
