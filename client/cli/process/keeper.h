// The process between `beat` and its command, so that neither outlives what it should not.
//
//   livenessctl   beats; may have threads, and may be killed at any time
//     keeper      one thread, no connection: starts the command, reaps, passes signals on
//       COMMAND
//         what COMMAND started; its orphans come back to the keeper (PR_SET_CHILD_SUBREAPER)
//
// - livenessctl dies, in whatever way: the link between the two ends, and the keeper kills all below itself.
// - The keeper is killed: the kernel kills the command (PR_SET_PDEATHSIG, which takes effect when the thread
//   that forked ends; the keeper has one thread), and livenessctl kills what the command leaves behind.
// - The command ends: the keeper ends in the same way, with the command's code or by the same signal. What
//   the command has left running runs on: neither of the two is concerned with it.
//
// The keeper stays in livenessctl's process group, hence it gets a copy of every signal to that group. By the
// copy it tells a signal to the group from one to livenessctl alone, which it passes to the command alone.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <string>
#include <vector>

namespace liveness::cli {

// The first message of the keeper to livenessctl.
struct KeeperStarted {
  pid_t command = 0;
  int error = 0;  // an errno: the command cannot be run
};

// What livenessctl asks of the keeper afterwards.
struct KeeperOrder {
  int signal = 0;            // that livenessctl was sent; 0: end all, by SIGTERM and later by SIGKILL
  bool from_kernel = false;  // a terminal's, to the whole foreground group
  pid_t sender = 0;          // of the signal
};

struct KeeperSettings {
  std::vector<std::string> command;  // looked up in PATH; not empty
  sigset_t command_mask{};           // signals that are blocked in it
  // The command gets a process group of its own, where a signal to livenessctl's does not reach it. Not in
  // the foreground of a terminal: there the group is what the terminal and the shell deal with.
  bool own_group = true;
};

// Makes this process, which was forked for it, the keeper. `link` is one end of a SOCK_SEQPACKET pair whose
// other end is livenessctl's alone. REQUIRES: one thread; SIGCHLD is not ignored.
[[noreturn]] void RunKeeper(int link, const KeeperSettings& settings);

}  // namespace liveness::cli
