// One run of a hook's command: a process of its own group with the event on its standard input and its fields
// in the environment.
//
// - The command is called as it is written, no shell reads it; a name without a slash is looked up in PATH.
// - It inherits the server's environment, but for what is systemd's word to the server; no descriptor but 0,
// 1 and
//   2, no ignored and no blocked signal.
// - What it writes is read and dropped, but for the first line; after 1 MiB of it its output is closed.
//
// Never blocks but for the spawn itself, which ends when the program is loaded. Not thread-safe.
#pragma once

#include <sys/types.h>

#include <poll.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "server/hooks/delivery.h"

namespace liveness::hooks {

class CommandRun {
 public:
  static constexpr std::size_t kShownBytes = 160;
  static constexpr std::size_t kMostBytes = 1024 * 1024;

  // NOT_FOUND, PERMISSION_DENIED or FAILED_PRECONDITION if there is no such program or it cannot be run; else
  // UNAVAILABLE. REQUIRES: SIGPIPE is ignored or blocked.
  static absl::StatusOr<std::unique_ptr<CommandRun>> Start(const HookConfig& hook, EventPtr event);
  // Kills what still runs.
  ~CommandRun();
  CommandRun(const CommandRun&) = delete;
  CommandRun& operator=(const CommandRun&) = delete;

  // What to wait for, appended to `polled`: the process's end, and its pipes.
  void AddTo(std::vector<pollfd>& polled) const;
  // Writes and reads what it can. True once the process has ended.
  bool Advance();
  // All processes of its group, which is all that did not leave it.
  void Kill();
  // Whoever inherits it waits for it. For one that is killed and does not end.
  void LetGo() { ended_ = true; }
  // How it ended. REQUIRES: Advance() returned true.
  Outcome Ended() const;

 private:
  CommandRun(EventPtr event, pid_t pid, int pid_fd, int in, int out);
  void WriteSome();
  void ReadSome();

  const EventPtr event_;
  const pid_t pid_;
  const int pid_fd_;
  int in_;   // its standard input; -1 once all is written
  int out_;  // its output; -1 once it is closed
  std::size_t written_ = 0;
  std::size_t read_ = 0;
  std::string output_;
  bool ended_ = false;
  int code_ = 0, status_ = 0;  // as siginfo_t has them
};

}  // namespace liveness::hooks
