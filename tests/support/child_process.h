// A binary of this build as a child process, its output kept. What a sanitizer said in it
// fails the test that made it, whatever else the test looks at. Not thread-safe.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

namespace liveness::testing {

// Where `binary` of this build is.
std::string BinaryPath(const std::string& binary);

// From a sanitizer's first report in what a process wrote to its end; empty without one.
std::string_view SanitizerReport(std::string_view text);

class ChildProcess {
 public:
  // Starts bin/`binary` of this build, or of $LIVENESS_BIN_DIR; or a program of the
  // system's by its absolute path. The kernel kills it when the thread that made it ends.
  ChildProcess(const std::string& binary, const std::vector<std::string>& args);
  // Kills it if it still runs; EXPECTs that no sanitizer reported anything.
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
  std::string binary_;
  pid_t pid_ = -1;
  int exit_code_ = -1;
  int out_fd_ = -1;  // both files without a name
  int err_fd_ = -1;
};

}  // namespace liveness::testing
