// `livenessctl wait`: a script goes on when a client is as it wants it.
#include <gmock/gmock.h>
#include <signal.h>

#include <atomic>

#include "tests/integration/cli/cli_process.h"
#include "tests/support/fake_watch_server.h"

namespace liveness::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;

class WaitTest : public CliTest {
 protected:
  // True once somebody watches.
  bool IsWatched() const {
    return Eventually([&] {
      return Run({"stats", "-o", "json"}).out.find("\"watcher_count\": 1") != std::string::npos;
    });
  }
};

TEST_F(WaitTest, ReturnsAtOnceIfItIsSoAlready) {
  const auto beat = Beat("web-1");
  const CliResult alive = Run({"wait", "clients/web-1", "--for=alive"});
  EXPECT_EQ(alive.code, 0) << alive.err;
  EXPECT_THAT(alive.out, ContainsRegex("^20.*Z  web-1 +ALIVE\n$"));
  beat->Signal(SIGKILL);
  ASSERT_TRUE(Becomes("web-1", "STATE_DEAD"));
  EXPECT_THAT(Run({"wait", "web-1", "--for=dead"}).out, HasSubstr("PROCESS_EXITED"));
  EXPECT_EQ(Run({"wait", "web-1", "--for=gone"}).code, 0);
}

TEST_F(WaitTest, ReturnsWhenItHappens) {
  const auto born = Start({"wait", "web-1", "--for=alive"});
  ASSERT_TRUE(IsWatched());
  const auto beat = Beat("web-1");
  EXPECT_EQ(born->Wait(), 0) << born->Err();
  EXPECT_THAT(born->Out(), ContainsRegex("NEW -> ALIVE"));
  const auto left = Start({"wait", "web-1", "--for=left", "-o", "json"});
  beat->Signal(SIGTERM);
  EXPECT_EQ(left->Wait(), 0) << left->Err();
  EXPECT_THAT(left->Out(), ContainsRegex("STATE_LEFT"));
}

TEST_F(WaitTest, OnlyALifeIsWaitedForOfOneThatIsNotKnown) {
  for (const char* what : {"--for=dead", "--for=left", "--for=gone"}) {
    const CliResult unknown = Run({"wait", "nobody", what});
    EXPECT_EQ(unknown.code, 3) << what;
    EXPECT_THAT(unknown.err, HasSubstr("no client nobody"));
  }
  const CliResult late = Run({"wait", "nobody", "--for=alive", "--within=300ms"});
  EXPECT_EQ(late.code, 6);
  EXPECT_EQ(late.err, "livenessctl: nobody was not alive within 300ms: it is not known\n");
}

TEST_F(WaitTest, SaysWhyItDidNotComeToBe) {
  const auto beat = Beat("web-1");
  const CliResult late = Run({"wait", "web-1", "--for=dead", "--within=300ms"});
  EXPECT_EQ(late.code, 6);
  EXPECT_EQ(late.err, "livenessctl: web-1 was not dead within 300ms: it is ALIVE\n");
  const auto stopped = Start({"wait", "web-1", "--for=dead"});
  // It blocks the signal before it asks, and the server is asked before it is told to stop.
  ASSERT_TRUE(IsWatched());
  stopped->Signal(SIGTERM);
  EXPECT_EQ(stopped->Wait(), 1);
  EXPECT_THAT(stopped->Err(), HasSubstr("told to stop before it was so"));
  for (const std::vector<std::string>& wrong :
       std::vector<std::vector<std::string>>{{"wait", "web-1"},
                                             {"wait", "--for=dead"},
                                             {"wait", "web-1", "--for=DEAD"},
                                             {"wait", "web-1", "web-2", "--for=dead"},
                                             {"wait", "web-1", "--for=dead", "--within=0s"}}) {
    EXPECT_EQ(Run(wrong).code, 2);
  }
}

TEST_F(WaitTest, WaitsForItsServerToo) {
  const std::string address = server_->address();
  server_->Stop();
  const CliResult none = Run({"wait", "web-1", "--for=alive", "--within=500ms"});
  EXPECT_EQ(none.code, 4);
  EXPECT_THAT(none.err, HasSubstr("; it is tried again\n"));
  EXPECT_THAT(none.err, HasSubstr("livenessctl: no server was reached within 500ms\n"));
  const auto wait = Start({"wait", "web-1", "--for=alive"});
  ASSERT_TRUE(Eventually([&] { return wait->Err().find("tried again") != std::string::npos; }));
  server_ = ServerProcess::Start({"--listen=" + address, "--store=memory"});
  ASSERT_NE(server_, nullptr);
  const auto beat = Beat("web-1");
  EXPECT_EQ(wait->Wait(), 0) << wait->Err();
}

// It died and came back while the watch was away.
TEST(WaitAcrossServersTest, ADeathThatCameAndWentIsNotMissed) {
  const std::atomic<bool> never{false};
  std::atomic<bool> first_is_gone{false};
  std::atomic<int> asked{0};
  FakeWatchServer first([&](FakeWatch& watch) {
    if (++asked == 1) watch.Snapshot("web-1", 10, "h");
    watch.Stay(first_is_gone);
    return grpc::Status(grpc::StatusCode::UNAVAILABLE, "going away");
  });
  FakeWatchServer second([&](FakeWatch& watch) {
    watch.Death("web-1", 12, "h");
    watch.Stay(never);
    return grpc::Status::OK;
  });
  CliProcess wait({"--server=" + first.address() + "," + second.address(), "wait", "web-1", "--for=dead"});
  ASSERT_TRUE(Eventually([&] { return !first.requests().empty(); }));
  first_is_gone = true;
  EXPECT_EQ(wait.Wait(), 0) << wait.Err();
  EXPECT_THAT(wait.Out(), HasSubstr("SUSPECT -> DEAD"));
  ASSERT_EQ(second.requests().size(), 1u);
  EXPECT_EQ(second.requests()[0].start_revision(), 10u) << "from where it was, and not anew";
}

// The server's store goes with it: nothing is left of what happened.
TEST_F(WaitTest, ADeathThatWasForgottenIsSeenByTheNextSession) {
  const std::string address = server_->address();
  auto beat = Beat("web-1");
  const auto wait = Start({"wait", "web-1", "--for=dead"});
  ASSERT_TRUE(IsWatched());
  server_->Signal(SIGKILL);
  server_->WaitForExit(kPatience);
  beat->Signal(SIGKILL);
  server_ = ServerProcess::Start({"--listen=" + address, "--store=memory"});
  ASSERT_NE(server_, nullptr);
  beat = Start({"beat", "--id=web-1", "--interval=200ms", "--timeout=10s"});
  EXPECT_EQ(wait->Wait(), 0) << wait->Err();
  EXPECT_THAT(wait->Err(), HasSubstr("the session before this one has ended, nobody knows how"));
}

}  // namespace
}  // namespace liveness::testing
