// `sh -c COMMAND`, run to its end, with an end to how long that may take. Linux.
#pragma once

#include <signal.h>

#include <string>
#include <vector>

#include "common/clock.h"

namespace liveness::cli {

struct ShellCommand {
  std::string command;
  std::vector<std::string> environment;  // all of it, NAME=value
  std::string input;                     // what it reads from standard input
};

// Runs `command` in a process group of its own, with our standard output and error, `mask` as its blocked
// signals and no other file of ours. After `timeout`, or when `stop_fd` (an eventfd) becomes readable, the
// group is sent SIGTERM, and 2 s later SIGKILL.
//
// Returns how it ended (`ended with code 3`), or why it did not run; empty if it ended with code 0.
// Thread-safe. REQUIRES: SIGCHLD is not ignored.
std::string RunShellCommand(const ShellCommand& command, const sigset_t& mask, common::Duration timeout,
                            int stop_fd);

}  // namespace liveness::cli
