// `livenessctl watch --exec`: one process a change.
#include <gmock/gmock.h>
#include <signal.h>

#include <fstream>
#include <sstream>

#include "tests/integration/cli/cli_process.h"
#include "tests/support/fake_watch_server.h"
#include "tests/support/temp_dir.h"

namespace liveness::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class ExecTest : public CliTest {
 protected:
  std::string Read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(dir_.file(name)).rdbuf();
    return text.str();
  }
  bool Writes(const std::string& name, const std::string& text) const {
    return Eventually([&] { return Read(name).find(text) != std::string::npos; });
  }
  std::string Path(const std::string& name) const { return dir_.file(name); }

  TempDir dir_;
};

TEST_F(ExecTest, ACommandIsRunForEachChangeAndForNoneOfTheSnapshot) {
  const auto before = Beat("before");
  const auto watch = Start({"watch",
                            "--exec=echo $LIVENESS_EVENT $LIVENESS_CLIENT_ID $LIVENESS_FROM_STATE "
                            "$LIVENESS_STATE $LIVENESS_CAUSE $LIVENESS_LABEL_zone >>" +
                                Path("out") + "; cat >>" + Path("json")});
  ASSERT_TRUE(watch->Says("# snapshot of 1 client"));
  const auto beat = Beat("web-1", {"--label=zone=eu"});
  beat->Signal(SIGTERM);
  ASSERT_TRUE(Writes("out", "transition web-1 ALIVE LEFT SAID_GOODBYE eu\n")) << watch->Err();
  EXPECT_EQ(Read("out"), "transition web-1 ALIVE eu\ntransition web-1 ALIVE LEFT SAID_GOODBYE eu\n");
  EXPECT_TRUE(Writes("json", "\"to_state\":\"STATE_LEFT\""));
  EXPECT_THAT(watch->Out(), HasSubstr("ALIVE -> LEFT")) << "it is shown all the same";
  watch->Signal(SIGTERM);
  EXPECT_EQ(watch->Wait(), 0);
  EXPECT_EQ(watch->Err(), "");
}

TEST_F(ExecTest, ACommandFindsTheServerThatIsWatched) {
  const auto watch = Start(
      {"watch", "--since-now",
       "--exec=" + BinaryPath("livenessctl") + " get \"$LIVENESS_CLIENT_ID\" -o name >>" + Path("out")});
  ASSERT_TRUE(Eventually([&] {
    return Run({"stats", "-o", "json"}).out.find("\"watcher_count\": 1") != std::string::npos;
  }));
  const auto beat = Beat("web 1");
  EXPECT_TRUE(Writes("out", "clients/web 1\n")) << watch->Err();
}

TEST_F(ExecTest, ACommandThatFailsOrHangsIsToldAndEndsNothing) {
  const auto watch = Start({"watch", "--exec-timeout=200ms",
                            "--exec=case $LIVENESS_CLIENT_ID in bad) exit 3;; slow) sleep 1000;; "
                            "*) echo ok >>" +
                                Path("out") + ";; esac"});
  ASSERT_TRUE(watch->Says("# snapshot"));
  const auto bad = Beat("bad");
  const auto slow = Beat("slow");
  const auto good = Beat("good");
  EXPECT_TRUE(Writes("out", "ok\n"));
  EXPECT_THAT(watch->Err(), HasSubstr("livenessctl: the command for bad NEW -> ALIVE ended with code 3\n"));
  EXPECT_THAT(watch->Err(),
              HasSubstr("the command for slow NEW -> ALIVE was ended because it took longer than 200ms\n"));
}

TEST_F(ExecTest, WhatRunsEndsWithTheWatch) {
  const auto watch = Start({"watch", "--exec=echo $$ >" + Path("pid") + "; exec sleep 1000"});
  ASSERT_TRUE(watch->Says("# snapshot"));
  const auto beat = Beat("web-1");
  ASSERT_TRUE(Writes("pid", "\n"));
  beat->Signal(SIGTERM);
  ASSERT_TRUE(watch->Says("ALIVE -> LEFT"));
  watch->Signal(SIGTERM);
  EXPECT_EQ(watch->Wait(), 0);
  EXPECT_THAT(watch->Err(), HasSubstr("was ended with the watch\n"));
  EXPECT_THAT(watch->Err(), HasSubstr("the command was not run for 1 change more\n"));
  const std::string pid = Read("pid");
  EXPECT_NE(kill(std::stoi(pid), 0), 0);
}

TEST_F(ExecTest, AGapIsAnEventToo) {
  const std::atomic<bool> never{false};
  FakeWatchServer server([&](FakeWatch& watch) {
    watch.Snapshot("web-1", 10, "h");
    v1::WatchClientsResponse gap;
    gap.mutable_gap()->set_after_revision(10);
    watch.Write(gap);
    watch.Snapshot("web-1", 20, "h");
    watch.Stay(never);
    return grpc::Status::OK;
  });
  CliProcess watch({"--server=" + server.address(), "watch",
                    "--exec=echo $LIVENESS_EVENT $LIVENESS_AFTER_REVISION >>" + Path("out")});
  EXPECT_TRUE(Writes("out", "gap 10\n")) << watch.Out() << watch.Err();
  EXPECT_THAT(Read("out"), Not(HasSubstr("transition")));
}

TEST_F(ExecTest, FlagsOfNoCommandAreRefused) {
  EXPECT_EQ(Run({"watch", "--exec-parallel=2"}).code, 2);
  EXPECT_EQ(Run({"watch", "--exec-timeout=1s"}).code, 2);
  EXPECT_EQ(Run({"watch", "--exec=true", "--exec-parallel=0"}).code, 2);
  EXPECT_EQ(Run({"watch", "--exec=true", "--exec-timeout=0s"}).code, 2);
}

}  // namespace
}  // namespace liveness::testing
