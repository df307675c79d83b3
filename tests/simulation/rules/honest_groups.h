// Mass failures: each is told, once in an episode, with the fall by which its
// share is passed, to every watcher; and no death comes in the first moment after
// its suspicion while the event is still open.
//
// An episode is what one life of the server counts: a restart forgets the falls. An
// event is in its history, and not in a store's: who comes back to that is not told of
// the events before. And a fall counts from its commit on, while its death waits from
// its decision on, so a slow commit leaves less of that first moment.
//
// Counts by looking at every client each time, as server/core/fleet/mass_failure.h
// describes it and does not do it.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "server/core/fleet/mass_failure.h"
#include "tests/simulation/rules/checker.h"

namespace liveness::simulation {

class HonestGroups final : public Checker {
 public:
  // `truth` (null: decisions are told at once) outlives it. `keeps_events`: in the history that watchers come
  // back to.
  explicit HonestGroups(core::MassFailure::Options options, const Truth* truth = nullptr,
                        bool keeps_events = true)
      : options_(std::move(options)), truth_(truth), keeps_events_(keeps_events) {}
  void OnRestart() override;
  void OnShown(const std::vector<core::RecordPtr>&, MonoTime) override { catches_up_ = false; }
  void OnTold(const core::TransitionPtr& told, MonoTime now) override;
  void OnWatch(int watcher, const registry::RecordFilter& filter, std::uint64_t start_revision) override;
  void OnPulled(int watcher, const registry::WatchItem& item) override;

 private:
  using Key = std::pair<std::uint64_t, std::string>;  // revision, scope
  struct Tally {
    std::int64_t fallen = 0;
    std::int64_t members = 0;
  };
  struct Watcher {
    std::set<Key> told;
    std::size_t settled = 0;  // how many of `events_` are dealt with
    std::uint64_t last = 0;   // the revision of the last that it was told
    bool live = false;
  };

  Tally Count(const std::string& scope, MonoTime now) const;
  bool StillCounts(const std::string& client_id, MonoTime now) const;
  bool IsOver(const Tally& tally, double share) const;
  void Rearm(MonoTime now);
  void CheckEvents(const core::Transition& told, bool fell, MonoTime now);
  void CheckDeath(const core::Transition& told, MonoTime now);

  const core::MassFailure::Options options_;
  const Truth* const truth_;
  const bool keeps_events_;
  bool catches_up_ = false;  // with what the life before committed
  std::map<std::string, core::RecordPtr> clients_;
  std::map<std::string, MonoTime> fell_at_;
  MonoTime joined_at_ = MonoTime::min();         // when somebody last became a member
  std::map<std::string, Duration> commit_took_;  // of that fall
  std::map<std::string, bool> told_;             // by scope: in the episode that is open
  std::vector<Key> events_;
  std::map<int, Watcher> watchers_;
};

}  // namespace liveness::simulation
