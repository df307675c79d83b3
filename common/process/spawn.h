// Child processes by posix_spawn. Linux.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <string>
#include <vector>

namespace liveness::common {

// What a child begins with beside its words and its environment. It is the first of a process group of its
// own, so that kill(-pid, ...) reaches all that it starts.
struct SpawnOptions {
  // What it has as standard input, output and error; -1: ours. It has no other descriptor of ours.
  int input = -1, output = -1, error = -1;
  sigset_t blocked;      // its blocked signals
  sigset_t not_ignored;  // these have their default action in it, whatever this process does with them
};

// Runs `arguments`, of which the first is a path, or a name that is looked up in PATH, with `environment`
// (NAME=value each) and nothing else of ours. Ends when the program is loaded. Returns 0 and the child's
// `pid`, or an errno. Thread-safe. REQUIRES: there is an argument.
int Spawn(const std::vector<std::string>& arguments, const std::vector<std::string>& environment,
          const SpawnOptions& options, pid_t& pid);

// A descriptor that is readable once that child has ended, closed on exec; -1 and errno if there is none. The
// caller closes it. REQUIRES: nobody has waited for the child.
int OpenProcess(pid_t pid);

}  // namespace liveness::common
