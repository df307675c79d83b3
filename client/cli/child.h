// The command of `beat -- COMMAND`. Not thread-safe.
//
// It is started before anything of gRPC exists: it inherits stdin, stdout and
// stderr and whatever our parent left open, and none of our connections.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

namespace liveness::cli {

// How a process ended; one of the two is set.
struct ProcessEnd {
  std::optional<int> exit_code;
  std::optional<int> signal;
};

// What a shell reports for it: the code, or 128 + the signal.
int ShellCode(const ProcessEnd& end);

class Child {
 public:
  // Starts `command`, looked up in PATH, with no signal blocked or ignored that
  // we blocked. The errno if it cannot be started. REQUIRES: not empty.
  static std::optional<int> Start(const std::vector<std::string>& command, Child& child);

  pid_t pid() const { return pid_; }

  // How it ended; none while it runs.
  std::optional<ProcessEnd> Poll();

  // Passes `signal` on. Does nothing once Poll() has told the end.
  void Kill(int signal) const;

 private:
  pid_t pid_ = 0;
  bool ended_ = false;
};

}  // namespace liveness::cli
