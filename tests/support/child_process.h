// A binary of this build as a child process, its output kept. Not thread-safe.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <vector>

namespace liveness::testing {

// Where `binary` of this build is.
std::string BinaryPath(const std::string& binary);

class ChildProcess {
 public:
  // Starts bin/`binary` of this build, or of $LIVENESS_BIN_DIR; or a program of the
  // system's by its absolute path. The kernel kills it when the thread that made it ends.
  ChildProcess(const std::string& binary, const std::vector<std::string>& args);
  // Kills it if it still runs.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  pid_t pid() const { return pid_; }  // -1 once it was waited for
  void Signal(int signal) const;
  // Its exit code; 128 + signal if one ended it; -1 if it runs on after `patience`.
  int Wait(std::chrono::milliseconds patience);

  // All that it wrote so far.
  std::string Out() const;
  std::string Err() const;

 private:
  pid_t pid_ = -1;
  int exit_code_ = -1;
  int out_fd_ = -1;  // both files without a name
  int err_fd_ = -1;
};

}  // namespace liveness::testing
