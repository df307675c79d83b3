// A real etcd for a test: one member or several, as child processes on
// 127.0.0.1, their data in a directory that goes with them. Not thread-safe.
#pragma once

#include <signal.h>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/temp_dir.h"

namespace liveness::testing {

class EtcdProcess {
 public:
  struct Options {
    int members = 1;
    std::vector<std::string> args;  // for each member
    // PEM files: clients speak TLS, and prove themselves by a certificate of `ca_file`'s.
    std::string ca_file, cert_file, key_file;
    TempDir::On data = TempDir::On::kMemory;
  };

  // False where etcd is not installed: a test skips itself then.
  static bool Available();
  // Starts it and waits until it answers; null, with the reason on stderr, if it does not.
  static std::unique_ptr<EtcdProcess> Start(const Options& options);
  static std::unique_ptr<EtcdProcess> Start() { return Start(Options()); }

  // HOST:PORT of each member, for clients.
  std::vector<std::string> endpoints() const;
  int size() const { return static_cast<int>(members_.size()); }
  pid_t pid(int member) const { return members_[static_cast<std::size_t>(member)].process->pid(); }

  void Pause(int member) { Signal(member, SIGSTOP); }
  void Continue(int member) { Signal(member, SIGCONT); }
  void Kill(int member);  // kill -9
  // Starts a killed one again, on its data. Does not wait for it.
  void Restart(int member);
  // Puts a file of `etcdctl snapshot save` in place of the only member's data, and starts it on that.
  bool RestoreFrom(const std::string& snapshot);
  // Copies the only member's files, while it is down, and puts them back: as a snapshot of its disk does.
  bool SaveFiles(const std::string& to);
  bool PutFilesBack(const std::string& from);
  // Waits until every member answers.
  bool AwaitHealthy(std::chrono::milliseconds patience = std::chrono::seconds(20)) const;
  // The leader's number; -1 if there is none.
  int Leader() const;

  // What `etcdctl ARGS` printed; empty if it failed, with the reason on stderr.
  std::string Ctl(std::vector<std::string> args) const;
  // Of one member's /metrics, e.g. "etcd_debugging_mvcc_put_total"; -1 if it is not there.
  double Metric(int member, const std::string& name) const;

 private:
  struct Member {
    std::uint16_t client_port = 0;
    std::uint16_t peer_port = 0;
    std::vector<std::string> args;
    std::unique_ptr<ChildProcess> process;
  };

  explicit EtcdProcess(const Options& options);
  void Signal(int member, int signal);
  void AddTls(std::vector<std::string>& args) const;

  const Options options_;
  TempDir dir_;
  std::vector<Member> members_;
};

}  // namespace liveness::testing
