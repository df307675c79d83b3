// What `beat` says: a line per change of state, and how it ended.
// Thread-safe: the library's thread reports, the main thread asks.
#pragma once

#include <liveness/state.h>

#include <optional>
#include <ostream>
#include <string>

#include "client/cli/exit_code.h"
#include "common/clock.h"
#include "common/mutex.h"

namespace liveness::cli {

class BeatReport {
 public:
  // The streams and the clock are kept. `quiet`: errors only.
  BeatReport(std::string id, std::ostream& out, std::ostream& err, bool quiet, const common::Clock& clock)
      : id_(std::move(id)), out_(out), err_(err), quiet_(quiet), clock_(clock) {}

  // True if the client has stopped and we did not ask for it: then Final() tells why.
  bool Take(const StateChange& change);

  // The exit code that says why the server refuses this client for good; none while it does not.
  std::optional<ExitCode> Final();

  // Says that no server answered the goodbye. `registered`: some server knows the client, and will miss it.
  void GoodbyeUnheard(bool registered);
  void Fenced(bool command_is_stopped);

 private:
  const std::string id_;
  std::ostream& out_;
  std::ostream& err_;
  const bool quiet_;
  const common::Clock& clock_;

  common::Mutex mu_;
  std::optional<ExitCode> final_ ABSL_GUARDED_BY(mu_);
};

// The exit code for the library's `reason` of a final stop; pure.
ExitCode ExitCodeOfStop(const std::string& reason);

}  // namespace liveness::cli
