// A livenessctl of this build as a child process, and the server it talks to.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "tests/support/child_process.h"
#include "tests/support/server_process.h"

namespace liveness::testing {

// Generous: the machine may be busy with other things.
inline constexpr std::chrono::seconds kPatience(30);

// True as soon as `condition` is; false if it is not within kPatience.
bool Eventually(const std::function<bool()>& condition);

// Not thread-safe. Killed at its end if it still runs.
class CliProcess {
 public:
  explicit CliProcess(const std::vector<std::string>& args) : process_("livenessctl", args) {}

  pid_t pid() const { return process_.pid(); }
  void Signal(int signal) const { process_.Signal(signal); }
  // Its exit code; 128 + signal if one ended it; -1 if it runs on after kPatience.
  int Wait() { return process_.Wait(kPatience); }
  std::string Out() const { return process_.Out(); }
  std::string Err() const { return process_.Err(); }
  // True once stdout has `text`.
  bool Says(const std::string& text) const;

 private:
  ChildProcess process_;
};

struct CliResult {
  int code = -1;
  std::string out;
  std::string err;
};

// A livenessd, and livenessctl pointed at it.
class CliTest : public ::testing::Test {
 protected:
  void SetUp() override;

  std::vector<std::string> WithServer(std::vector<std::string> args) const;
  // Runs livenessctl to its end.
  CliResult Run(const std::vector<std::string>& args) const;
  std::unique_ptr<CliProcess> Start(const std::vector<std::string>& args) const;
  // A client that beats quickly, and is registered.
  std::unique_ptr<CliProcess> Beat(const std::string& id, std::vector<std::string> more = {}) const;
  // True once `livenessctl get id -o json` has `text`.
  bool Becomes(const std::string& id, const std::string& text) const;

  std::unique_ptr<ServerProcess> server_;
};

}  // namespace liveness::testing
