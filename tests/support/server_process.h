// A livenessd of this build, as a child process. Not thread-safe.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

namespace liveness::testing {

class ServerProcess {
 public:
  // Starts bin/livenessd with --listen=127.0.0.1:0, unless `args` name another
  // address, and waits until it is ready; null, with the reason on stderr, if
  // it is not within a generous time. Start it from a thread that lives as long
  // as the server is needed: the kernel ends it with that thread.
  static std::unique_ptr<ServerProcess> Start(std::vector<std::string> args = {});

  // What a run that ends by itself left, e.g. for flags that it refuses.
  struct Outcome {
    int exit_code = -1;  // 128 + signal if a signal ended it; -1 if it had to be killed
    std::string out;
    std::string err;
  };
  static Outcome RunToEnd(std::vector<std::string> args);

  // Kills it if it still runs.
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  const std::string& address() const { return address_; }  // HOST:PORT
  pid_t pid() const { return pid_; }

  void Signal(int signal) const;
  void Pause() const;     // SIGSTOP
  void Continue() const;  // SIGCONT
  // SIGTERM, or `signal`, and its exit code as above; -1 if it took longer than `patience`.
  int Stop(std::chrono::milliseconds patience = std::chrono::seconds(30));
  int WaitForExit(std::chrono::milliseconds patience);

  // All that it wrote so far.
  std::string StandardError() const;
  std::string StandardOutput() const;

 private:
  ServerProcess() = default;
  void Spawn(const std::vector<std::string>& args);

  pid_t pid_ = -1;  // -1 once it was waited for
  int exit_code_ = -1;
  int out_fd_ = -1;  // both files without a name
  int err_fd_ = -1;
  std::string address_;
};

}  // namespace liveness::testing
