// All that is seen of the server from outside: what it tells, what a query shows, what the watchers pull. At
// the end of each step it is collected, and every checker looks; the first complaint is kept. Not
// thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "tests/simulation/rules/checker.h"
#include "tests/simulation/rules/report.h"
#include "tests/simulation/world/parts.h"
#include "tests/simulation/world/sim_watcher.h"

namespace liveness::simulation {

class Observer {
 public:
  // `guest` sees what the checkers see; may be null. REQUIRES: the server runs.
  Observer(const Parts& parts, std::uint64_t seed, Checker* guest);

  void StartWatchers(std::uint64_t count);
  SimWatcher& AnyWatcher();
  // The server is gone; it can be reached again.
  void LoseServer();
  void FindServer();

  // To every checker.
  template <typename What>
  void Tell(What what) {
    for (auto& [name, checker] : checkers_) what(*checker);
    if (guest_ != nullptr) what(*guest_);
  }
  void EndStep();
  // Everybody is silent from now on.
  void BeginEnd() { over_ = true; }
  // Everybody has been for long.
  void End();

  const std::optional<Report>& report() const { return report_; }

 private:
  void LookAtServer();
  void LookAtTransitions();
  void LookAtRecords();
  void Check();

  const Parts& parts_;
  const std::uint64_t seed_;
  Checker* const guest_;
  std::vector<std::pair<const char*, std::unique_ptr<Checker>>> checkers_;
  std::vector<std::unique_ptr<SimWatcher>> watchers_;
  std::uint64_t collected_;  // the revision up to which the story is known
  bool over_ = false;
  std::optional<Report> report_;
};

}  // namespace liveness::simulation
