// `livenessctl watch`: follows, comes back, and never hides that it was away.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include "tests/integration/cli/cli_process.h"

namespace liveness::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

using WatchTest = CliTest;

TEST_F(WatchTest, SnapshotThenEachChange) {
  const auto first = Beat("first");
  const auto watch = Start({"watch"});
  ASSERT_TRUE(watch->Says("# snapshot of 1 client complete at revision ")) << watch->Err();
  EXPECT_THAT(watch->Out(), ContainsRegex("first +ALIVE"));
  const auto second = Beat("second");
  EXPECT_TRUE(watch->Says("NEW -> ALIVE"));
  second->Signal(SIGKILL);
  EXPECT_TRUE(watch->Says("-> DEAD"));
  EXPECT_THAT(watch->Out(), ContainsRegex("second +(ALIVE|SUSPECT) -> DEAD +PROCESS_EXITED"));
  watch->Signal(SIGTERM);
  EXPECT_EQ(watch->Wait(), 0);
}

TEST_F(WatchTest, AMassFailureIsALineBeforeTheFallThatCompletesIt) {
  server_->Stop();
  server_ = ServerProcess::Start({"--mass-min=2", "--mass-share=0.4", "--flap-suppress=999"});
  ASSERT_NE(server_, nullptr);
  const auto first = Beat("first", {"--host=db-7"});
  const auto second = Beat("second", {"--host=db-7"});
  const auto watch = Start({"watch"});
  ASSERT_TRUE(watch->Says("# snapshot of 2 clients "));
  first->Signal(SIGKILL);
  ASSERT_TRUE(watch->Says("-> DEAD"));
  EXPECT_THAT(watch->Out(),
              ContainsRegex("host=db-7 +MASS FAILURE +1 of 2 clients fell together\n"
                            "(.*MASS FAILURE.*\n)*.*first +ALIVE -> SUSPECT +PROCESS_EXITED +flapping: "));
  EXPECT_THAT(Run({"list", "-o", "wide", "--filter=flapping = true"}).out, ContainsRegex("\nfirst .* yes "));
  EXPECT_THAT(Run({"get", "first"}).out, HasSubstr("\nFlapping:           yes"));
  EXPECT_THAT(Run({"stats"}).out, ContainsRegex("\n  Mass failures: +[1-9] told"));
}

// A snapshot taken amid changes may be followed by some that it has in it already.
TEST_F(WatchTest, NothingIsToldTwice) {
  std::vector<std::unique_ptr<CliProcess>> all;
  for (int i = 0; i < 8; ++i) {
    all.push_back(Start({"beat", "--id=c" + std::to_string(i)}));
    all.push_back(Start({"watch", "-o", "name"}));
  }
  for (int i = 1; i < 16; i += 2) {
    const CliProcess& watch = *all[static_cast<std::size_t>(i)];
    for (int c = 0; c < 8; ++c) {
      const std::string line = "clients/c" + std::to_string(c) + "\n";
      ASSERT_TRUE(watch.Says(line)) << watch.Err();
      const std::string out = watch.Out();
      EXPECT_EQ(out.find(line), out.rfind(line)) << out;
    }
  }
}

TEST_F(WatchTest, SinceNowTellsNothingOld) {
  const auto first = Beat("first");
  const auto watch = Start({"watch", "--since-now", "-o", "json"});
  // When the watch stands cannot be seen from outside: make changes until one is seen.
  ASSERT_TRUE(Eventually([&] {
    Run({"beat", "--id=second", "--", "true"});
    return watch->Out().find("\"transition\"") != std::string::npos;
  }));
  EXPECT_THAT(watch->Out(), Not(HasSubstr("\"first\"")));
  EXPECT_THAT(watch->Out(), Not(HasSubstr("snapshot_done")));
  watch->Signal(SIGINT);
  EXPECT_EQ(watch->Wait(), 0);
}

TEST_F(WatchTest, ARestartIsToldAndFollowed) {
  auto first = Beat("first");
  const auto watch = Start({"watch"});
  ASSERT_TRUE(watch->Says("# snapshot of 1 client "));
  first->Signal(SIGTERM);
  EXPECT_EQ(first->Wait(), 0);
  ASSERT_TRUE(watch->Says("ALIVE -> LEFT"));

  const std::string address = server_->address();
  server_->Stop();
  ASSERT_TRUE(watch->Says("# disconnected at "));
  server_ = ServerProcess::Start({"--listen=" + address, "--store=memory"});
  ASSERT_NE(server_, nullptr);
  EXPECT_TRUE(watch->Says("# resumed at "));
  // The memory of a new process is a new history: what was told before is void.
  EXPECT_TRUE(watch->Says("# GAP: "));
  EXPECT_TRUE(watch->Says("# snapshot of 0 clients "));
  const auto second = Beat("second");
  EXPECT_TRUE(watch->Says("second "));
  watch->Signal(SIGTERM);
  EXPECT_EQ(watch->Wait(), 0);
}

TEST_F(WatchTest, WithoutAServerItFailsUnlessItMayWait) {
  const std::string address = server_->address();
  server_->Stop();
  EXPECT_EQ(Run({"watch"}).code, 4);
  const auto watch = Start({"watch", "--wait"});
  server_ = ServerProcess::Start({"--listen=" + address});
  ASSERT_NE(server_, nullptr);
  EXPECT_TRUE(watch->Says("# snapshot of 0 clients "));
  watch->Signal(SIGTERM);
  EXPECT_EQ(watch->Wait(), 0);
}

TEST_F(WatchTest, ARevisionOfTheFutureIsAUsageError) {
  EXPECT_EQ(Run({"watch", "--start-revision=18446744073709551615"}).code, 2);
}

TEST_F(WatchTest, ABadFilterIsAUsageError) { EXPECT_EQ(Run({"watch", "--filter=state = ("}).code, 2); }

TEST_F(WatchTest, EndsWithItsReader) {
  const auto first = Beat("first");
  for (const char* ignored : {"", "trap '' PIPE; "}) {
    std::vector<std::string> args = {
        "-c", std::string(ignored) + "exec 3>&1; { \"$0\" \"$@\"; echo \"code $?\" >&3; } | head -1",
        BinaryPath("livenessctl")};
    for (const std::string& arg : WithServer({"watch", "--since-now"})) args.push_back(arg);
    ChildProcess pipeline("/bin/sh", args);
    // One change for `head`, and none for the watch to find out by.
    EXPECT_TRUE(Eventually([&] {
      Run({"maintenance", "set", "first", "--for=1h"});
      Run({"maintenance", "clear", "first"});
      return pipeline.Out().find("MAINTENANCE") != std::string::npos;
    }));
    EXPECT_EQ(pipeline.Wait(kPatience), 0) << pipeline.Err();
    EXPECT_THAT(pipeline.Out(), HasSubstr("code 0"));
    EXPECT_EQ(pipeline.Err(), "");
  }
}

TEST_F(WatchTest, EndsAtOnceWhenTheReaderGoesInAQuietTime) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  fcntl(ends[0], F_SETFD, FD_CLOEXEC);  // the watch is not to be its own reader
  std::vector<std::string> args = {"-c", "exec \"$0\" \"$@\" >&" + std::to_string(ends[1]),
                                   BinaryPath("livenessctl")};
  for (const std::string& arg : WithServer({"watch"})) args.push_back(arg);
  ChildProcess watch("/bin/bash", args);
  close(ends[1]);
  char buffer[256];
  ASSERT_GT(read(ends[0], buffer, sizeof(buffer)), 0);
  close(ends[0]);
  EXPECT_EQ(watch.Wait(kPatience), 0) << watch.Err();
}

}  // namespace
}  // namespace liveness::testing
