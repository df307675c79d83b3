// A limit of open files that more connections meet than it bears: what ended gRPC's own
// listener for ever.
#include <sys/resource.h>

#include "tests/integration/listener/listener_fixture.h"

namespace liveness::testing {
namespace {

using ::testing::HasSubstr;

TEST_F(ListenerTest, MoreConnectionsThanFilesAndItAcceptsAgain) {
  StartLimited(80);
  ASSERT_TRUE(Eventually([&] { return Info().canary().state() == v1::CANARY_STATE_WATCHING; }));
  const std::size_t at_rest = Descriptors();
  for (int round = 0; round < 2; ++round) {
    std::vector<RawConnection> flood;
    for (int i = 0; i < 120; ++i) flood.emplace_back(address());
    EXPECT_TRUE(std::all_of(flood.begin(), flood.end(), [](const auto& c) { return c.connected(); }));
    EXPECT_EQ(flood.back().WaitForEnd(), Ending::kOrderly);
    EXPECT_LT(Descriptors(), 80U);
    flood.clear();
    EXPECT_TRUE(Eventually([&] { return Beats(address(), "a"); }));
  }
  EXPECT_GT(Listener().refused_count(), 0);
  EXPECT_TRUE(Serves());
  EXPECT_TRUE(Eventually([&] { return Descriptors() <= at_rest + 2; }));  // a dial of the canary's
  EXPECT_EQ(server_->Stop(), 0);
}

// Something else than connections takes the last files: the bound on those does not help then.
TEST_F(ListenerTest, WithoutAnyFileItIsNotReadySaysWhyAndComesBack) {
  StartServer();
  ASSERT_TRUE(Eventually([&] { return Listener().has_last_canary_time(); }));
  ASSERT_TRUE(Serves());
  rlimit old{};
  ASSERT_EQ(prlimit(server_->pid(), RLIMIT_NOFILE, nullptr, &old), 0);
  const rlimit none{1, old.rlim_max};
  ASSERT_EQ(prlimit(server_->pid(), RLIMIT_NOFILE, &none, nullptr), 0);
  { const RawConnection meets_it(address()); }
  EXPECT_TRUE(Eventually([&] { return !Serves(); }));
  const v1::ServerInfo info = Info();
  ASSERT_EQ(info.not_ready_size(), 1);
  EXPECT_EQ(info.not_ready(0).reason(), "NOT_ACCEPTING");
  EXPECT_GT(info.listener().accept_error_count(), 0);
  EXPECT_THAT(info.listener().last_accept_error(), HasSubstr("Too many open files"));
  EXPECT_TRUE(info.listener().has_last_accept_error_time());

  ASSERT_EQ(prlimit(server_->pid(), RLIMIT_NOFILE, &old, nullptr), 0);
  EXPECT_TRUE(Eventually([&] { return Serves(); }));
  EXPECT_TRUE(Beats(address(), "a"));
  const auto incidents = Info().incidents();
  EXPECT_TRUE(std::any_of(incidents.begin(), incidents.end(), [](const v1::Incident& each) {
    return each.kind() == v1::INCIDENT_KIND_NOT_ACCEPTING && each.has_end_time();
  }));
  EXPECT_EQ(server_->Stop(), 0);
}

// Without a canary the acceptor's own errors are all that there is to go by.
TEST_F(ListenerTest, WithoutACanaryTheErrorsAreTold) {
  StartServer({"--canary=off"});
  rlimit old{};
  const rlimit none{1, 20'000};
  ASSERT_EQ(prlimit(server_->pid(), RLIMIT_NOFILE, nullptr, &old), 0);
  ASSERT_TRUE(Serves());
  ASSERT_EQ(prlimit(server_->pid(), RLIMIT_NOFILE, &none, nullptr), 0);
  EXPECT_TRUE(Eventually([&] {
    const RawConnection meets_it(address());
    return !Serves();
  }));
  ASSERT_EQ(prlimit(server_->pid(), RLIMIT_NOFILE, &old, nullptr), 0);
  EXPECT_TRUE(Eventually([&] {
    const RawConnection goes_in(address());
    return Serves();
  }));
}

TEST_F(ListenerTest, ABoundThatTheLimitDoesNotBearRefusesTheStart) {
  const std::string prlimit = "/usr/bin/prlimit";
  ChildProcess much(prlimit, {"--nofile=200", BinaryPath("livenessd"), "--listen=127.0.0.1:0",
                              "--data-dir=:memory:", "--max-connections=1000"});
  EXPECT_EQ(much.Wait(seconds(30)), 1);
  EXPECT_THAT(much.Err(), HasSubstr("--max-connections=1000: the limit of 200 open files bears "));
  ChildProcess none(prlimit,
                    {"--nofile=48", BinaryPath("livenessd"), "--listen=127.0.0.1:0", "--data-dir=:memory:"});
  EXPECT_EQ(none.Wait(seconds(30)), 1);
  EXPECT_THAT(none.Err(), HasSubstr("leaves no room for connections"));
}

}  // namespace
}  // namespace liveness::testing
