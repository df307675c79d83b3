#include "client/cli/process/shell_command.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <sstream>

#include "tests/support/temp_dir.h"

namespace liveness::cli {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using ::testing::HasSubstr;

sigset_t NoSignals() {
  sigset_t none;
  sigemptyset(&none);
  return none;
}

class ShellCommandTest : public ::testing::Test {
 protected:
  std::string Run(const std::string& command, std::string input = "", common::Duration timeout = minutes(1)) {
    return RunShellCommand({command, {"PATH=/usr/bin:/bin", "OUT=" + out_, "WORD=a b"}, std::move(input)},
                           NoSignals(), timeout, stop_fd_);
  }
  std::string Out() const {
    std::ostringstream text;
    text << std::ifstream(out_).rdbuf();
    return text.str();
  }

  const int stop_fd_ = eventfd(0, EFD_CLOEXEC);
  testing::TempDir dir_;
  const std::string out_ = dir_.file("out");
};

TEST_F(ShellCommandTest, HasItsEnvironmentAndItsInput) {
  EXPECT_EQ(Run("{ echo \"$WORD\"; cat; } > $OUT", "some\ninput"), "");
  EXPECT_EQ(Out(), "a b\nsome\ninput");
}

TEST_F(ShellCommandTest, OneThatReadsNothingHoldsNobodyUp) {
  EXPECT_EQ(Run("exit 0", std::string(10'000'000, 'x')), "");
}

TEST_F(ShellCommandTest, SaysHowItEnded) {
  EXPECT_EQ(Run("exit 3"), "ended with code 3");
  EXPECT_EQ(Run("kill -SEGV $$"), "was ended by SIGSEGV");
  EXPECT_EQ(Run("no-such-command 2>/dev/null"), "ended with code 127");
}

TEST_F(ShellCommandTest, InheritsNoFileOfOurs) {
  const int fd = dup2(stop_fd_, 77);  // without FD_CLOEXEC
  EXPECT_EQ(Run("[ ! -e /proc/self/fd/77 ]"), "");
  close(fd);
}

TEST_F(ShellCommandTest, OneThatTakesTooLongIsEndedWithAllThatItStarted) {
  ASSERT_EQ(mkfifo(out_.c_str(), 0600), 0);
  const int reader = open(out_.c_str(), O_RDONLY | O_NONBLOCK);
  EXPECT_EQ(Run("exec 9>$OUT; sleep 1000 & echo started >&9; wait", "", milliseconds(500)),
            "was ended because it took longer than 500ms");
  fcntl(reader, F_SETFL, 0);
  std::string told;
  char c = 0;
  while (read(reader, &c, 1) == 1) told.push_back(c);  // until nobody has it open for writing any more
  EXPECT_EQ(told, "started\n");
  close(reader);
}

TEST_F(ShellCommandTest, OneThatIgnoresSigtermIsKilled) {
  EXPECT_THAT(Run("trap '' TERM; sleep 1000", "", milliseconds(300)), HasSubstr("took longer"));
}

TEST_F(ShellCommandTest, IsEndedWithTheWatch) {
  eventfd_write(stop_fd_, 1);
  EXPECT_EQ(Run("sleep 1000"), "was ended with the watch");
}

}  // namespace
}  // namespace liveness::cli
