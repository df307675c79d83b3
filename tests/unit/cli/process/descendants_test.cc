#include "client/cli/process/descendants.h"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace liveness::cli {
namespace {

using ::testing::Contains;

TEST(Descendants, AChildIsAmongThem) {
  const pid_t child = fork();
  if (child == 0) {
    pause();
    _exit(0);
  }
  EXPECT_THAT(Descendants(getpid()), Contains(child));
  kill(child, SIGKILL);
  waitpid(child, nullptr, 0);
}

// /proc names a process, its file is opened, and then it is gone: the read fails with ESRCH.
TEST(Descendants, ProcessesThatEndWhileTheyAreLookedAtAreNoFault) {
  std::atomic<bool> done = false;
  std::thread children([&] {
    while (!done) {
      std::array<pid_t, 64> herd;
      for (pid_t& child : herd) {
        if (child = fork(); child == 0) {
          prctl(PR_SET_PDEATHSIG, SIGKILL);
          pause();
          _exit(0);
        }
      }
      for (const pid_t child : herd) kill(child, SIGKILL);
      for (const pid_t child : herd) waitpid(child, nullptr, 0);
    }
  });
  for (int look = 0; look < 500; ++look) Descendants(getpid());
  done = true;
  children.join();
}

}  // namespace
}  // namespace liveness::cli
