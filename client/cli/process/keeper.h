// The process between `beat` and its command, so that neither outlives what it should not.
//
//   livenessctl   beats; may have threads, and may be killed at any time
//     keeper      one thread, no connection: starts the command, reaps, passes signals on
//       COMMAND
//         what it started; orphans of it come back to the keeper (PR_SET_CHILD_SUBREAPER)
//
// - livenessctl dies in whatever way: the link to it ends, and the keeper kills all below itself.
// - The keeper is killed: the kernel kills the command (PR_SET_PDEATHSIG, which counts from the thread
//   that forked: the keeper has but one), and livenessctl kills what that leaves behind.
// - The command ends: the keeper ends in the same way, with its code or by its signal. What the command
//   has left running is nobody's business of ours and runs on.
//
// The keeper stays in livenessctl's process group, hence it has a copy of every signal to the group:
// so it tells them from those to livenessctl alone, which the command is to get instead.
#pragma once

#include <signal.h>
#include <sys/types.h>

#include <string>
#include <vector>

namespace liveness::cli {

// The keeper's first words.
struct KeeperStarted {
  pid_t command = 0;
  int error = 0;  // an errno: the command cannot be run
};

// What livenessctl asks of it afterwards.
struct KeeperOrder {
  int signal = 0;            // that livenessctl was sent; 0: end all, first by SIGTERM, soon by SIGKILL
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

// What a process becomes that was forked to be a keeper. `link` is one end of a SOCK_SEQPACKET pair whose
// other end is livenessctl's alone. REQUIRES: one thread; SIGCHLD is not ignored.
[[noreturn]] void RunKeeper(int link, const KeeperSettings& settings);

}  // namespace liveness::cli
