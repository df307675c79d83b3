// The command of `beat -- COMMAND`, and the keeper (process/keeper.h) that runs it for us. Not thread-safe.
//
// The command is started before anything of gRPC exists, so that it inherits what our parent left open and
// none of our connections.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "client/cli/process/stop_signal.h"

namespace liveness::cli {

// How a process ended. One of the two is set.
struct ProcessEnd {
  std::optional<int> exit_code;
  std::optional<int> signal;
};

// What a shell reports for `end`: the code, or 128 + the signal.
int ShellCode(const ProcessEnd& end);

// Reaps every child of ours that has ended: as process 1 of a container we are the parent of every orphan.
// Returns the status of `command` if that was among them.
std::optional<int> ReapChildren(pid_t command = 0);

class Child {
 public:
  Child() = default;
  ~Child();
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Starts `command`, looked up in PATH, with `mask` as its blocked signals and what our parent ignored still
  // ignored. From then on this process has neither standard input nor output, which are the command's alone.
  // Returns the errno if the command cannot be started. REQUIRES: `command` is not empty; this process has
  // one thread; SIGCHLD is not ignored.
  static std::optional<int> Start(const std::vector<std::string>& command, const sigset_t& mask,
                                  Child& child);

  // The process id of the command.
  pid_t pid() const { return pid_; }
  // True if the command has a process group of its own, which it has outside a terminal's foreground.
  bool own_group() const { return own_group_; }

  // How the command ended; none while it runs. If the keeper was killed, this first kills what is left of the
  // command.
  std::optional<ProcessEnd> Poll();

  // Passes a signal on as it came to us: to the command, or to its process group. A signal to a group that
  // the command shares with us is not passed on, because the command has it already.
  void Forward(const Signal& signal) const;
  // Ends the command and all that it started: by SIGTERM, and what is left after 10 s by SIGKILL.
  void EndAll() const;

 private:
  int link_ = -1;  // to the keeper
  pid_t keeper_ = 0;
  pid_t pid_ = 0;
  bool own_group_ = false;
};

}  // namespace liveness::cli
