#include "common/process/spawn.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

namespace liveness::common {
namespace {

class SpawnTest : public ::testing::Test {
 protected:
  SpawnTest() {
    sigemptyset(&options_.blocked);
    sigemptyset(&options_.not_ignored);
  }
  // What `sh -c script` writes, to its end; its exit code is kept.
  std::string Run(const std::string& script, const std::vector<std::string>& environment = {}) {
    int out[2];
    EXPECT_EQ(pipe2(out, O_CLOEXEC), 0);
    options_.output = options_.error = out[1];
    pid_t pid = 0;
    EXPECT_EQ(Spawn({"sh", "-c", script}, environment, options_, pid), 0);
    close(out[1]);
    std::string text;
    char buffer[256];
    for (ssize_t got = 0; (got = read(out[0], buffer, sizeof buffer)) > 0;) {
      text.append(buffer, static_cast<std::size_t>(got));
    }
    close(out[0]);
    const int process = OpenProcess(pid);
    EXPECT_GE(process, 0);
    pollfd ended{process, POLLIN, 0};
    EXPECT_EQ(poll(&ended, 1, -1), 1);
    close(process);
    int status = 0;
    EXPECT_EQ(waitpid(pid, &status, 0), pid);
    code_ = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    pid_ = pid;
    return text;
  }

  SpawnOptions options_;
  int code_ = -1;
  pid_t pid_ = 0;
};

TEST_F(SpawnTest, AChildHasWhatItIsGivenAndNothingElse) {
  setenv("SPAWN_TEST_OURS", "1", 1);
  EXPECT_EQ(Run("echo \"$GIVEN/$SPAWN_TEST_OURS\"; exit 3", {"GIVEN=a b"}), "a b/\n");
  EXPECT_EQ(code_, 3);
  unsetenv("SPAWN_TEST_OURS");
}

TEST_F(SpawnTest, ItHasNoDescriptorOfOurs) {
  const int ours = open("/dev/null", O_RDONLY);  // inherited by whoever is not careful
  ASSERT_GT(ours, STDERR_FILENO);
  EXPECT_EQ(Run("test -e /proc/$$/fd/" + std::to_string(ours) + " && echo there || echo none"), "none\n");
  close(ours);
}

TEST_F(SpawnTest, ItLeadsAGroupOfItsOwn) {
  // Field 5 of its stat.
  const std::string group = Run("read -r _ _ _ _ group _ < /proc/$$/stat; echo $group");
  EXPECT_EQ(group, std::to_string(pid_) + "\n");
  EXPECT_NE(pid_, getpgrp());
}

// The others of them are as whoever started this test has them.
TEST_F(SpawnTest, ItsSignalsAreAsItWasTold) {
  const auto has = [this](const std::string& mask, int number) {
    const std::string text =
        Run("while read -r name mask; do [ $name = " + mask + ": ] && echo $mask; done < /proc/$$/status");
    return ((std::stoull(text, nullptr, 16) >> (number - 1)) & 1) != 0;
  };
  const auto before = signal(SIGUSR1, SIG_IGN);
  sigaddset(&options_.blocked, SIGUSR2);
  EXPECT_TRUE(has("SigBlk", SIGUSR2));
  EXPECT_FALSE(has("SigBlk", SIGUSR1));
  EXPECT_TRUE(has("SigIgn", SIGUSR1));
  sigemptyset(&options_.blocked);
  sigaddset(&options_.not_ignored, SIGUSR1);
  EXPECT_FALSE(has("SigBlk", SIGUSR2));
  EXPECT_FALSE(has("SigIgn", SIGUSR1));
  signal(SIGUSR1, before);
}

TEST_F(SpawnTest, WhatIsNoProgramIsTold) {
  pid_t pid = 0;
  EXPECT_EQ(Spawn({"/nonexistent/program"}, {}, options_, pid), ENOENT);
  EXPECT_EQ(Spawn({"/dev/null"}, {}, options_, pid), EACCES);
}

}  // namespace
}  // namespace liveness::common
