// `livenessctl watch --exec`: one process a change. Snapshots start none: what stands already has not
// happened.
//
// Not thread-safe, but for the queue.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "client/cli/print/watch_sink.h"
#include "client/cli/process/command_queue.h"

namespace liveness::cli {

// NAME and value of each variable that a command is given.
using Variables = std::vector<std::pair<std::string, std::string>>;

// What a command is told of a change. Pure. Values are as they are, but for a NUL, which no environment can
// hold and which becomes U+FFFD. Of a label's key all that a shell takes for no name becomes `_`; of two
// labels that are then alike the first is told.
Variables VariablesOf(const v1::Transition& transition);
Variables VariablesOf(const v1::GroupEvent& group);

// `inherited` (NAME=value) without all that VariablesOf() may set, and with `variables`. Pure.
std::vector<std::string> EnvironmentOf(const std::vector<std::string>& inherited, const Variables& variables);

class ExecSink : public WatchSink {
 public:
  // `queue` is kept. `environment` (NAME=value) is what each command inherits.
  ExecSink(std::string command, std::vector<std::string> environment, CommandQueue& queue)
      : command_(std::move(command)), environment_(std::move(environment)), queue_(queue) {}

  void Transition(const v1::Transition& transition) override;
  void Group(const v1::GroupEvent& group) override;
  void Gap(std::uint64_t after_revision, std::uint64_t resumes_at_revision, std::string_view why) override;

 private:
  void Put(const std::string& key, const std::string& what, const Variables& variables, std::string input);

  const std::string command_;
  const std::vector<std::string> environment_;
  CommandQueue& queue_;
};

}  // namespace liveness::cli
