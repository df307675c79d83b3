// A livenessd of this build, as a child process. Not thread-safe.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/child_process.h"

namespace liveness::testing {

class ServerProcess {
 public:
  // Starts bin/livenessd with --listen=127.0.0.1:0 and --http-listen=none, unless `args` name other
  // addresses, and waits until it is ready; null, with the reason on stderr, if
  // it is not within a generous time. Start it from a thread that lives as long
  // as the server is needed: the kernel ends it with that thread.
  static std::unique_ptr<ServerProcess> Start(std::vector<std::string> args = {});

  // A flag for servers that give up their port and take it again: at an address of 127/8 that is this
  // process's own, so that no test beside it is given the port meanwhile.
  static std::string ListenOnOwnAddress();

  // As Start, by way of another program, which is to execute what its own arguments end in:
  // {"/usr/bin/prlimit", "--nofile=80"}. With `args` as they are, also without an address.
  static std::unique_ptr<ServerProcess> StartUnder(const std::vector<std::string>& launcher,
                                                   const std::vector<std::string>& args);

  // What a run that ends by itself left, e.g. for flags that it refuses.
  struct Outcome {
    int exit_code = -1;  // 128 + signal if a signal ended it; -1 if it had to be killed
    std::string out;
    std::string err;
  };
  static Outcome RunToEnd(std::vector<std::string> args);

  const std::string& address() const { return address_; }            // HOST:PORT
  const std::string& http_address() const { return http_address_; }  // HOST:PORT; empty without HTTP
  pid_t pid() const { return process_.pid(); }

  void Signal(int signal) const { process_.Signal(signal); }
  void Pause() const;     // SIGSTOP
  void Continue() const;  // SIGCONT
  // SIGTERM, and its exit code as above; -1 if it took longer than `patience`.
  int Stop(std::chrono::milliseconds patience = std::chrono::seconds(30));
  int WaitForExit(std::chrono::milliseconds patience) { return process_.Wait(patience); }

  // All that it wrote so far.
  std::string StandardError() const { return process_.Err(); }
  std::string StandardOutput() const { return process_.Out(); }

 private:
  ServerProcess(const std::string& program, const std::vector<std::string>& args) : process_(program, args) {}
  static std::unique_ptr<ServerProcess> WaitUntilReady(std::unique_ptr<ServerProcess> server);

  ChildProcess process_;
  std::string address_;
  std::string http_address_;
};

}  // namespace liveness::testing
