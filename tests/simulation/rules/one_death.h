// Invariant 6: a death is told exactly once per incarnation, with its cause, in
// revision order, to every watcher that had no gap.
//
// The incarnations are those that were welcomed (the script's account), and
// those that were told to begin (a server may be killed before its welcome);
// when everybody has been silent for long, each must have ended exactly once,
// over all restarts, by a DEAD or a LEFT, and every DEAD must give a cause.
//
// Each watcher's deaths are counted by themselves: from the revision at which
// it has been without a gap, every death up to the revision that its last item
// names must have been told to it, once; and none twice in all its life, over
// its gaps and reconnects. A filter counts for a death like for any transition:
// who saw the client before hears of its end.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/simulation/rules/checker.h"

namespace liveness::simulation {

class OneDeath final : public Checker {
 public:
  explicit OneDeath(const Truth& truth) : truth_(truth) {}
  void OnTold(const core::TransitionPtr& told, MonoTime now) override;
  void OnWatch(int watcher, const registry::RecordFilter& filter, std::uint64_t start_revision) override;
  void OnPulled(int watcher, const registry::WatchItem& item) override;
  void OnEnd() override;

 private:
  using Incarnation = std::pair<std::string, std::uint64_t>;
  struct Watcher {
    registry::RecordFilter filter;
    std::set<Incarnation> told;
    std::size_t settled = 0;       // how many of `deaths_` are dealt with
    std::uint64_t last_death = 0;  // the revision of the last that it was told
    bool live = false;
  };
  static bool IsDeath(const core::Transition& told);
  static Incarnation Of(const core::Transition& told);

  const Truth& truth_;
  std::set<Incarnation> begun_;
  std::set<Incarnation> ended_;
  std::vector<core::TransitionPtr> deaths_;
  std::map<int, Watcher> watchers_;
};

}  // namespace liveness::simulation
