// A watcher that pulls fast, slowly or not at all, and comes back where it left.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "server/registry/registry.h"
#include "tests/simulation/random.h"

namespace liveness::simulation {

class SimWatcher {
 public:
  enum class Pace : std::uint8_t { kFast, kSlow, kAsleep };
  enum class Taste : std::uint8_t { kEverything, kZoneA, kLive, kGone };
  using OnItem = std::function<void(registry::WatchItem)>;
  using OnStart = std::function<void(const registry::RecordFilter&, std::uint64_t start_revision)>;

  SimWatcher(registry::Registry& registry, Taste taste, OnStart on_start, OnItem on_item);

  void set_pace(Pace pace) { pace_ = pace; }
  // After a step: pulls as its pace has it.
  void Pull(Random& random);
  // Pulls all there is.
  void Drain();
  // Leaves and comes back: from its revision, or from nothing.
  void Reconnect(bool from_revision);
  // Comes back with the revision of another history.
  void ReconnectFromElsewhere();
  // Its server is gone; another process of it runs.
  void Lose();
  void ComeBack(registry::Registry& registry, bool from_revision);

 private:
  bool PullOne();
  void Start(std::uint64_t revision, std::string history_id);

  registry::Registry* registry_;  // null while there is none
  const Taste taste_;
  const registry::RecordFilter filter_;
  const OnStart on_start_;
  const OnItem on_item_;
  Pace pace_ = Pace::kFast;
  std::shared_ptr<registry::Watch> watch_;
  std::uint64_t revision_ = 0;  // up to which it knows all; 0 before the snapshot is done
};

}  // namespace liveness::simulation
