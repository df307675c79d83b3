#include "client/src/fork_guard.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace liveness::internal {
namespace {

bool IsSocket(int fd) {
  struct stat status {};
  return fstat(fd, &status) == 0 && S_ISSOCK(status.st_mode);
}

// Runs `check` in a forked child; true if it returned true there.
template <typename Check>
bool InForkedChild(Check check) {
  const pid_t pid = fork();
  if (pid == 0) _exit(check() ? 0 : 1);
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST(ForkGuard, AChildLosesTheTrackedSocketAndItsParentKeepsIt) {
  InstallForkHandlers();
  int pair[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  TrackSocket(pair[0]);
  const std::uint64_t generation = ForkGeneration();
  EXPECT_TRUE(InForkedChild([&] {
    const bool taken = fcntl(pair[0], F_GETFD) != -1;  // by /dev/null
    return taken && !IsSocket(pair[0]) && IsSocket(pair[1]) && ForkGeneration() == generation + 1;
  }));
  EXPECT_TRUE(IsSocket(pair[0]));
  EXPECT_EQ(ForkGeneration(), generation);
  EXPECT_EQ(write(pair[0], "x", 1), 1) << "the connection itself is untouched";
  close(pair[0]);
  close(pair[1]);
}

TEST(ForkGuard, WhatIsNoSocketIsNotTracked) {
  InstallForkHandlers();
  int pipe_ends[2];
  ASSERT_EQ(pipe(pipe_ends), 0);
  TrackSocket(pipe_ends[0]);
  EXPECT_TRUE(InForkedChild([&] {
    struct stat status {};
    return fstat(pipe_ends[0], &status) == 0 && S_ISFIFO(status.st_mode);
  }));
  for (const int fd : pipe_ends) close(fd);
}

TEST(ForkGuard, ANumberThatBelongsToAnotherSocketNowIsLeftAlone) {
  InstallForkHandlers();
  int first[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, first), 0);
  TrackSocket(first[0]);
  int second[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, second), 0);
  ASSERT_EQ(dup2(second[0], first[0]), first[0]);
  EXPECT_TRUE(InForkedChild([&] { return IsSocket(first[0]); }));
  for (const int fd : {first[0], first[1], second[0], second[1]}) close(fd);
}

}  // namespace
}  // namespace liveness::internal
