// `livenessctl beat -- COMMAND` as a parent: signals, groups, terminals, orphans, and sudden ends.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "tests/integration/cli/cli_process.h"

namespace liveness::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

// As /proc has it: S, R, T (stopped), Z; X if it is no more.
char StateOf(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string stat;
  std::getline(file, stat, '\0');  // a process may end between open and read: no exception then
  const std::size_t name_end = stat.rfind(')');
  return name_end == std::string::npos ? 'X' : stat[name_end + 2];
}

// True if `pid` is no more, or only waits to be reaped.
bool Ended(pid_t pid) { return StateOf(pid) == 'X' || StateOf(pid) == 'Z'; }

pid_t ParentOf(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("PPid:")) return std::stoi(line.substr(5));
  }
  return -1;
}

class BeatParentTest : public CliTest {
 protected:
  // What `setup`, a line of sh, becomes: `beat -- sh -c script`, and registered.
  std::unique_ptr<ChildProcess> BeatAfter(const std::string& setup, std::vector<std::string> more) const {
    std::vector<std::string> args = {"-c", setup + "; exec \"$0\" \"$@\"", BinaryPath("livenessctl")};
    more.insert(more.begin(), {"beat", "--id=job", "--interval=200ms", "--timeout=10s", "-q"});
    for (const std::string& arg : WithServer(more)) args.push_back(arg);
    return std::make_unique<ChildProcess>("/bin/sh", args);
  }
  // The same in a session and a process group of its own, of which it is the leader.
  std::unique_ptr<ChildProcess> BeatInAGroup(std::vector<std::string> more) const {
    std::vector<std::string> args = {BinaryPath("livenessctl")};
    more.insert(more.begin(), {"beat", "--id=job", "--interval=200ms", "--timeout=10s", "-q"});
    for (const std::string& arg : WithServer(more)) args.push_back(arg);
    return std::make_unique<ChildProcess>("/usr/bin/setsid", args);
  }

  static bool Says(const ChildProcess& process, const std::string& text) {
    return Eventually([&] { return process.Out().find(text) != std::string::npos; });
  }
  // The process ids that a script wrote as pid=N, a line each.
  static std::vector<pid_t> Pids(const std::string& out) {
    std::vector<pid_t> pids;
    std::istringstream lines(out);
    for (std::string line; std::getline(lines, line);) {
      if (line.starts_with("pid=")) pids.push_back(std::stoi(line.substr(4)));
    }
    return pids;
  }
};

// Counts what it is sent until it is told to end by SIGUSR2.
constexpr char kCounts[] =
    "n=0; m=0; trap 'n=$((n+1))' TERM; trap 'm=$((m+1))' INT; trap 'echo total $n $m; exit 0' USR2; "
    "echo ready; while :; do sleep 0.05; done";

TEST_F(BeatParentTest, EndsWithItsCommandWhereChildrenAreIgnored) {
  const auto beat = BeatAfter("trap '' CHLD", {"--", "sh", "-c", "exit 7"});
  EXPECT_EQ(beat->Wait(kPatience), 7) << beat->Err();
}

TEST_F(BeatParentTest, ItNeedsNoStandardDescriptor) {
  const auto beat = BeatAfter("exec <&- >&- 2>&-", {"--", "sh", "-c", "sleep 0.5; exit 7"});
  EXPECT_EQ(beat->Wait(kPatience), 7);
  EXPECT_THAT(Run({"get", "job", "-o", "json"}).out, HasSubstr("\"exit_code\": 7"));
}

TEST_F(BeatParentTest, ASignalToTheGroupReachesTheCommandOnce) {
  const auto beat = BeatInAGroup({"--", "sh", "-c", kCounts});
  ASSERT_TRUE(Says(*beat, "ready")) << beat->Err();
  ASSERT_TRUE(Becomes("job", "STATE_ALIVE"));  // of two signals at once the smaller number comes first
  ASSERT_EQ(kill(-beat->pid(), SIGTERM), 0);
  usleep(600'000);
  beat->Signal(SIGUSR2);
  EXPECT_EQ(beat->Wait(kPatience), 0);
  EXPECT_THAT(beat->Out(), HasSubstr("total 1 0"));
}

TEST_F(BeatParentTest, ASignalToTheGroupReachesWhatTheCommandStarted) {
  const auto beat = BeatInAGroup({"--", "sh", "-c", "trap 'exit 0' TERM; sleep 600 & echo pid=$!; wait"});
  ASSERT_TRUE(Says(*beat, "pid=")) << beat->Err();
  // As on a machine so busy that beat is slow to take its own.
  beat->Signal(SIGSTOP);
  ASSERT_EQ(kill(-beat->pid(), SIGTERM), 0);
  usleep(1'200'000);
  beat->Signal(SIGCONT);
  EXPECT_TRUE(Eventually([&] { return Ended(Pids(beat->Out())[0]); }));
  EXPECT_EQ(beat->Wait(kPatience), 0);
}

TEST_F(BeatParentTest, ASignalToBeatAloneReachesTheCommandAlone) {
  const auto beat = BeatInAGroup({"--", "sh", "-c", "trap 'exit 0' TERM; sleep 600 & echo pid=$!; wait"});
  ASSERT_TRUE(Says(*beat, "pid=")) << beat->Err();
  beat->Signal(SIGTERM);
  EXPECT_EQ(beat->Wait(kPatience), 0);
  const pid_t left = Pids(beat->Out())[0];
  EXPECT_FALSE(Ended(left)) << "what a command leaves running is its own business";
  kill(left, SIGKILL);
}

TEST_F(BeatParentTest, ACommandThatEndsWhileASignalIsLookedAtIsSeenToEnd) {
  const auto beat = BeatInAGroup(
      {"--", "sh", "-c", "trap 'exit 3' USR1; trap '' USR2; echo pid=$$; while :; do sleep 0.005; done"});
  ASSERT_TRUE(Says(*beat, "pid=")) << beat->Err();
  // The command ends of the first while it is found out to whom the second was sent.
  beat->Signal(SIGUSR1);
  beat->Signal(SIGUSR2);
  EXPECT_EQ(beat->Wait(kPatience), 3);
}

TEST_F(BeatParentTest, TheCommandPausesAndGoesOnWithIt) {
  const auto beat = BeatInAGroup({"--", "sh", "-c", "echo pid=$$; exec sleep 600"});
  ASSERT_TRUE(Says(*beat, "pid=")) << beat->Err();
  ASSERT_TRUE(Becomes("job", "STATE_ALIVE"));
  const pid_t command = Pids(beat->Out())[0];
  for (const pid_t target : {-beat->pid(), beat->pid()}) {
    ASSERT_EQ(kill(target, SIGTSTP), 0);
    EXPECT_TRUE(Eventually([&] { return StateOf(beat->pid()) == 'T' && StateOf(command) == 'T'; }));
    ASSERT_EQ(kill(target, SIGCONT), 0);
    EXPECT_TRUE(Eventually([&] { return StateOf(beat->pid()) != 'T' && StateOf(command) != 'T'; }));
  }
  beat->Signal(SIGTERM);
  EXPECT_EQ(beat->Wait(kPatience), 128 + SIGTERM);
}

TEST_F(BeatParentTest, ACommandThatSignalsItsGroupSparesItsParent) {
  const auto beat = BeatInAGroup({"--", "sh", "-c", "trap 'exit 9' TERM; kill 0; sleep 600"});
  EXPECT_EQ(beat->Wait(kPatience), 9);
  EXPECT_THAT(Run({"get", "job", "-o", "json"}).out, HasSubstr("STATE_DEAD")) << "nobody told it to stop";
}

TEST_F(BeatParentTest, InTheForegroundTheCommandHearsTheTerminalOnce) {
  int terminal = -1;
  std::vector<std::string> args =
      WithServer({"beat", "--id=job", "--interval=200ms", "--timeout=10s", "-q", "--", "sh", "-c", kCounts});
  args.insert(args.begin(), BinaryPath("livenessctl"));
  std::vector<char*> argv;
  for (std::string& arg : args) argv.push_back(arg.data());
  argv.push_back(nullptr);
  const pid_t pid = forkpty(&terminal, nullptr, nullptr, nullptr);
  if (pid == 0) {
    execv(argv[0], argv.data());
    _exit(127);
  }
  ASSERT_GT(pid, 0);
  std::string out;
  fcntl(terminal, F_SETFL, O_NONBLOCK);
  const auto says = [&](const std::string& text) {
    return Eventually([&] {
      char buffer[1024];
      const ssize_t size = read(terminal, buffer, sizeof(buffer));
      if (size > 0) out.append(buffer, static_cast<std::size_t>(size));
      return out.find(text) != std::string::npos;
    });
  };
  ASSERT_TRUE(says("ready")) << out;
  ASSERT_TRUE(Becomes("job", "STATE_ALIVE"));
  ASSERT_EQ(write(terminal, "\x03", 1), 1);  // Ctrl-C
  ASSERT_EQ(kill(-pid, SIGTERM), 0);         // a shell's `kill %1`
  usleep(600'000);
  kill(pid, SIGTERM);
  usleep(600'000);
  kill(pid, SIGUSR2);
  EXPECT_TRUE(says("total 2 1")) << out;
  kill(pid, SIGKILL);
  waitpid(pid, nullptr, 0);
  close(terminal);
}

TEST_F(BeatParentTest, WhatIsIgnoredAtTheStartStaysSo) {
  for (const auto& [name, number] : {std::pair("HUP", SIGHUP), {"INT", SIGINT}}) {
    SCOPED_TRACE(name);
    const auto beat =
        BeatAfter(std::string("trap '' ") + name, {"--", "sh", "-c", "echo ready; exec sleep 600"});
    ASSERT_TRUE(Says(*beat, "ready")) << beat->Err();
    ASSERT_TRUE(Becomes("job", "STATE_ALIVE"));
    beat->Signal(number);
    beat->Signal(SIGTERM);
    EXPECT_EQ(beat->Wait(kPatience), 128 + SIGTERM);
    EXPECT_THAT(Run({"get", "job"}).out, HasSubstr("stopped by SIGTERM"));
  }
  const auto alone = BeatAfter("trap '' HUP", {});
  ASSERT_TRUE(Becomes("job", "STATE_ALIVE"));
  alone->Signal(SIGHUP);
  alone->Signal(SIGTERM);
  EXPECT_EQ(alone->Wait(kPatience), 0);
  EXPECT_THAT(Run({"get", "job"}).out, HasSubstr("stopped by SIGTERM"));
}

// What a process of every kind leaves: a child, a grandchild, one in a session of its own, one that is
// stopped.
constexpr char kFamily[] =
    "sleep 600 & echo pid=$!; setsid sleep 600 & echo pid=$!; sh -c 'sleep 600 & echo pid=$!; wait' & "
    "echo pid=$!; sleep 600 & kill -STOP $!; echo pid=$!; echo pid=$$; echo ready; wait";

TEST_F(BeatParentTest, KilledItTakesTheCommandAlongAndAllThatItStarted) {
  const auto beat = Beat("job", {"--", "sh", "-c", kFamily});
  ASSERT_TRUE(beat->Says("ready"));
  ASSERT_TRUE(Eventually([&] { return Pids(beat->Out()).size() == 6; }));
  beat->Signal(SIGKILL);
  EXPECT_EQ(beat->Wait(), 128 + SIGKILL);
  for (const pid_t pid : Pids(beat->Out())) EXPECT_TRUE(Eventually([&] { return Ended(pid); })) << pid;
  EXPECT_TRUE(Becomes("job", "STATE_DEAD"));
}

TEST_F(BeatParentTest, ItsKeeperKilledTheCommandEndsTooAndIsTold) {
  const auto beat = Beat("job", {"--", "sh", "-c", kFamily});
  ASSERT_TRUE(beat->Says("ready"));
  ASSERT_TRUE(Eventually([&] { return Pids(beat->Out()).size() == 6; }));
  const std::vector<pid_t> pids = Pids(beat->Out());
  const auto command = std::find_if(pids.begin(), pids.end(),
                                    [&](pid_t pid) { return ParentOf(ParentOf(pid)) == beat->pid(); });
  ASSERT_NE(command, pids.end());
  kill(ParentOf(*command), SIGKILL);
  EXPECT_EQ(beat->Wait(), 128 + SIGKILL);
  for (const pid_t pid : pids) EXPECT_TRUE(Eventually([&] { return Ended(pid); })) << pid;
  EXPECT_THAT(Run({"get", "job", "-o", "json"}).out, HasSubstr("\"signal\": 9"));
}

TEST_F(BeatParentTest, FencedItEndsAllThatTheCommandStarted) {
  const auto beat = Beat("job", {"--stop-when-fenced", "--", "sh", "-c", kFamily});
  ASSERT_TRUE(beat->Says("ready"));
  ASSERT_TRUE(Eventually([&] { return Pids(beat->Out()).size() == 6; }));
  ASSERT_EQ(Run({"evict", "job"}).code, 0);
  EXPECT_EQ(beat->Wait(), 8) << beat->Err();
  for (const pid_t pid : Pids(beat->Out())) EXPECT_TRUE(Ended(pid)) << pid;
}

TEST_F(BeatParentTest, FencedItKillsWhoWillNotEnd) {
  const auto beat = Beat("job", {"--stop-when-fenced", "--", "sh", "-c",
                                 "trap '' TERM; sleep 600 & echo pid=$!; echo ready; wait"});
  ASSERT_TRUE(beat->Says("ready"));
  ASSERT_EQ(Run({"evict", "job"}).code, 0);
  EXPECT_EQ(beat->Wait(), 8) << beat->Err();
  EXPECT_TRUE(Ended(Pids(beat->Out())[0]));
}

TEST_F(BeatParentTest, OrphansAreReaped) {
  const auto beat = Beat(
      "job",
      {"--", "sh", "-c", "for i in 1 2 3; do sh -c 'sleep 0.1 & echo pid=$!'; done; echo ready; sleep 600"});
  ASSERT_TRUE(beat->Says("ready"));
  for (const pid_t pid : Pids(beat->Out())) {
    EXPECT_TRUE(Eventually([&] { return kill(pid, 0) != 0; })) << pid << " is a zombie";
  }
  // Alone it may have inherited some, as process 1 or from a shell that it replaced.
  const auto alone = BeatAfter("sleep 0.3 & echo pid=$!", {});
  ASSERT_TRUE(Says(*alone, "pid="));
  EXPECT_TRUE(Eventually([&] { return kill(Pids(alone->Out())[0], 0) != 0; }));
}

TEST_F(BeatParentTest, AsProcess1ItReapsPassesSignalsOnAndEnds) {
  std::vector<std::string> args = {"--pid", "--fork", "--kill-child", "--mount-proc",
                                   BinaryPath("livenessctl")};
  for (const std::string& arg :
       WithServer({"beat", "--id=job", "-q", "--", "sh", "-c",
                   "sh -c 'sleep 0.1 &'; sleep 1; grep -c 'State:.Z' /proc/[0-9]*/status | "
                   "grep -c ':1$'; echo ready; trap 'exit 5' USR1; while :; do sleep 0.05; done"})) {
    args.push_back(arg);
  }
  ChildProcess unshare("/usr/bin/unshare", args);
  if (!Says(unshare, "ready")) GTEST_SKIP() << "no process namespaces here: " << unshare.Err();
  EXPECT_EQ(unshare.Out(), "0\nready\n") << "zombies, as the command sees them";
  std::ifstream children("/proc/" + std::to_string(unshare.pid()) + "/task/" + std::to_string(unshare.pid()) +
                         "/children");
  pid_t beat = 0;
  ASSERT_TRUE(children >> beat);
  kill(beat, SIGUSR1);
  EXPECT_EQ(unshare.Wait(kPatience), 5);
}

}  // namespace
}  // namespace liveness::testing
