// Freezes one thread of a child process: it does not run, all others do.
#pragma once

#include <sys/types.h>

#include <memory>
#include <string>
#include <vector>

namespace liveness::testing {

// The threads of `pid` whose names (/proc/PID/task/TID/comm) begin with `prefix`,
// by name.
std::vector<pid_t> ThreadsNamed(pid_t pid, const std::string& prefix);

// Frozen from its making until its end, which must be on the same thread.
class FrozenThread {
 public:
  // Freezes it while it waits in the kernel, so that it holds no lock of its
  // process. Null, with the reason on stderr, if it cannot be traced here or does
  // not wait within a generous time. REQUIRES: `pid` is a child of ours.
  static std::unique_ptr<FrozenThread> Freeze(pid_t pid, pid_t thread);
  ~FrozenThread();
  FrozenThread(const FrozenThread&) = delete;
  FrozenThread& operator=(const FrozenThread&) = delete;

 private:
  explicit FrozenThread(pid_t thread) : thread_(thread) {}
  const pid_t thread_;
};

}  // namespace liveness::testing
