// Real commands.
#include "server/hooks/exec_delivery.h"

#include <dirent.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "common/clock.h"
#include "tests/integration/hooks/sending.h"
#include "tests/support/temp_dir.h"

namespace liveness::hooks {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;

class ExecDeliveryTest : public ::testing::Test {
 protected:
  // A script that finds the test's directory as $1.
  HookConfig Hook(const std::string& script) const {
    HookConfig hook;
    hook.name = "test";
    hook.command = {"/bin/sh", "-c", script, "hook", dir_.path().string()};
    return hook;
  }
  std::string File(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(dir_.file(name)).rdbuf();
    return text.str();
  }
  // True once it runs no more; whoever inherited it may still have to take its status.
  static bool Ends(pid_t pid) {
    for (int i = 0; i < 500; ++i) {
      std::string number, name, state;
      std::ifstream("/proc/" + std::to_string(pid) + "/stat") >> number >> name >> state;
      if (state.empty() || state == "Z" || state == "X") return true;
      usleep(10'000);
    }
    return false;
  }

  const testing::TempDir dir_;
  ExecDelivery delivery_{common::SystemClock()};
};

TEST_F(ExecDeliveryTest, TheEventIsOnItsInputAndInItsEnvironment) {
  const EventPtr event = GapEvent("h1", 10, 20);
  const Outcome outcome = Sent(delivery_, Hook("cat > $1/body; env > $1/env; echo \"$0\" > $1/name"), event);
  EXPECT_EQ(outcome.result, Result::kTaken) << outcome.error;
  EXPECT_EQ(File("body"), event->body);
  EXPECT_THAT(File("env"), HasSubstr("LIVENESS_EVENT=gap\n"));
  EXPECT_THAT(File("env"), HasSubstr("LIVENESS_AFTER_REVISION=10\n"));
  EXPECT_THAT(File("env"), HasSubstr("PATH="));
  EXPECT_EQ(File("name"), "hook\n");
}

TEST_F(ExecDeliveryTest, SystemdsWordsToTheServerAreNotHandedOn) {
  setenv("NOTIFY_SOCKET", "/run/x", 1);
  setenv("LIVENESSD_STORE", "etcd", 1);
  setenv("LIVENESS_CLIENT_ID", "not this event's", 1);
  EXPECT_EQ(Sent(delivery_, Hook("env > $1/env")).result, Result::kTaken);
  for (const char* name : {"NOTIFY_SOCKET", "LIVENESSD_STORE", "LIVENESS_CLIENT_ID"}) {
    unsetenv(name);
    EXPECT_THAT(File("env"), Not(HasSubstr(name)));
  }
}

TEST_F(ExecDeliveryTest, NoShellReadsIt) {
  HookConfig hook;
  hook.name = "test";
  hook.command = {"printf", "%s", "$(touch " + dir_.file("touched") + ")"};  // found in PATH
  EXPECT_EQ(Sent(delivery_, hook).result, Result::kTaken);
  EXPECT_NE(access(dir_.file("touched").c_str(), F_OK), 0);
}

TEST_F(ExecDeliveryTest, ItsExitCodeDecides) {
  const Outcome failed = Sent(delivery_, Hook("echo 'no \033[31mpager'; echo more; exit 3"));
  EXPECT_EQ(failed.result, Result::kFailed);
  EXPECT_EQ(failed.error, "exited with 3: no \033[31mpager");
  EXPECT_EQ(Sent(delivery_, Hook("echo wrong >&2; exit 1")).error, "exited with 1: wrong");
  EXPECT_EQ(Sent(delivery_, Hook("kill -SEGV $$")).error, "was killed by signal 11");
}

TEST_F(ExecDeliveryTest, WhatCannotBeRunIsMisplaced) {
  HookConfig hook;
  hook.name = "test";
  std::ofstream(dir_.file("text")) << "text";
  for (const std::string& program :
       {std::string("/no/such/program"), dir_.path().string(), dir_.file("text")}) {
    hook.command = {program};
    const Outcome outcome = Sent(delivery_, hook);
    EXPECT_EQ(outcome.result, Result::kMisplaced) << program;
    EXPECT_THAT(outcome.error, HasSubstr("cannot run " + program + ": "));
  }
}

TEST_F(ExecDeliveryTest, WhatHangsIsKilledWithItsGroup) {
  HookConfig hook = Hook("sleep 600 & echo $! > $1/pid; wait");
  hook.timeout = milliseconds(800);
  const Outcome outcome = Sent(delivery_, hook);
  EXPECT_EQ(outcome.result, Result::kFailed);
  EXPECT_EQ(outcome.error, "did not end within 800ms and was killed");
  const pid_t sleeper = std::stoi("0" + File("pid"));
  ASSERT_GT(sleeper, 1);
  EXPECT_TRUE(Ends(sleeper));
}

TEST_F(ExecDeliveryTest, OneThatHangsDelaysNoOther) {
  HookConfig hanging = Hook("sleep 600");
  hanging.name = "hanging";
  auto slow = SendNow(delivery_, hanging, GapEvent("h", 1, 2));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Sent(delivery_, Hook("exit 0")).result, Result::kTaken);
  delivery_.Cancel("hanging");
  ASSERT_EQ(slow.wait_for(seconds(5)), std::future_status::ready);
  EXPECT_EQ(slow.get().result, Result::kCancelled);
}

TEST_F(ExecDeliveryTest, OneThatDoesNotReadOrWritesWithoutEndIsStillOne) {
  auto large = std::make_shared<Event>(*GapEvent("h", 1, 2));
  large->body = std::string(1 << 20, 'x');  // more than a pipe holds
  EXPECT_EQ(Sent(delivery_, Hook("exit 0"), large).result, Result::kTaken);
  EXPECT_EQ(Sent(delivery_, Hook("test $(wc -c) = 1048576"), large).result, Result::kTaken);
  const common::MonoTime begin = common::SystemClock().Mono();
  EXPECT_EQ(Sent(delivery_, Hook("exec yes")).result, Result::kFailed);  // its output is closed
  EXPECT_LT(common::SystemClock().Mono() - begin, seconds(8));  // and it is not the timeout that ends it
}

TEST_F(ExecDeliveryTest, OneThatLeavesSomebodyBehindHasEnded) {
  const common::MonoTime begin = common::SystemClock().Mono();
  EXPECT_EQ(Sent(delivery_, Hook("sleep 600 & echo $! > $1/pid")).result, Result::kTaken);
  EXPECT_LT(common::SystemClock().Mono() - begin, seconds(8));
  const pid_t left = std::stoi("0" + File("pid"));
  ASSERT_GT(left, 1);
  EXPECT_EQ(kill(left, SIGKILL), 0);
}

TEST_F(ExecDeliveryTest, ItInheritsNoDescriptorAndNoSignals) {
  const int leaked = dup(STDOUT_FILENO);  // without close-on-exec
  struct sigaction before {
  }, ignored{};
  ignored.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignored, &before);
  EXPECT_EQ(
      Sent(delivery_, Hook("ls /proc/self/fd | wc -l > $1/count; grep SigBlk /proc/self/status > $1/blocked; "
                           "trap \'touch $1/caught\' PIPE; kill -PIPE $$"))
          .result,
      Result::kTaken);
  sigaction(SIGPIPE, &before, nullptr);
  close(leaked);
  EXPECT_LE(std::stoi("0" + File("count")), 4);  // 0, 1, 2 and the folder that ls reads
  EXPECT_EQ(File("blocked"), "SigBlk:\t0000000000000000\n");
  // What a shell finds ignored it cannot trap.
  EXPECT_EQ(access(dir_.file("caught").c_str(), F_OK), 0);
}

TEST_F(ExecDeliveryTest, StopEndsWhatRuns) {
  auto running = SendNow(delivery_, Hook("echo $$ > $1/pid; exec sleep 600"), GapEvent("h", 1, 2));
  for (int i = 0; i < 500 && File("pid").find('\n') == std::string::npos; ++i) usleep(10'000);
  delivery_.Stop();
  ASSERT_EQ(running.wait_for(seconds(0)), std::future_status::ready);
  EXPECT_EQ(running.get().result, Result::kCancelled);
  EXPECT_TRUE(Ends(std::stoi(File("pid"))));
  EXPECT_EQ(Sent(delivery_, Hook("exit 0")).result, Result::kCancelled);
}

}  // namespace
}  // namespace liveness::hooks
