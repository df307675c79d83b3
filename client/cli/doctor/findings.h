// What follows from the facts: an ordered list, from the name to the heartbeat. Pure, thread-safe.
#pragma once

#include <string>
#include <vector>

#include "client/cli/doctor/facts.h"
#include "client/cli/exit_code.h"

namespace liveness::cli::doctor {

enum class Level { kOk, kWarning, kProblem };

struct Finding {
  Level level = Level::kOk;
  std::string check;   // one word: name, proxy, connect, tls, protocol, server, hello, between...
  std::string seen;    // a sentence, without its full stop
  std::string advice;  // what to do, or why it is so, in whole sentences; empty: nothing
};

std::vector<Finding> FindingsOf(const Facts& facts);

// kOk without a problem, kError with one, kUnavailable if there was no connection to the target.
ExitCode ExitCodeOf(const Facts& facts, const std::vector<Finding>& findings);

// The two halves of FindingsOf(): how the server is reached and what it is; and what the heartbeats told.
std::vector<Finding> ReachFindings(const Facts& facts);
std::vector<Finding> PathFindings(const Facts& facts);

}  // namespace liveness::cli::doctor
