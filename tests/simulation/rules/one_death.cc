#include "tests/simulation/rules/one_death.h"

#include <algorithm>

namespace liveness::simulation {

using core::State;

bool OneDeath::IsDeath(const core::Transition& told) {
  return told.after->state == State::kDead && (told.before == nullptr || told.before->state != State::kDead);
}

OneDeath::Incarnation OneDeath::Of(const core::Transition& told) {
  return {std::string(told.after->client_id()), told.after->incarnation};
}

void OneDeath::OnTold(const core::TransitionPtr& told, MonoTime) {
  const State state = told->after->state;
  if (core::IsLive(state)) begun_.insert(Of(*told));
  if (state != State::kDead && state != State::kLeft) return;
  if (!ended_.insert(Of(*told)).second) Complain(Who(*told->after) + " ended", "one end", "a second");
  if (!IsDeath(*told)) return;
  if (told->after->cause == core::Cause::kUnspecified)
    Complain(Who(*told->after) + " dead", "a cause", "none");
  deaths_.push_back(told);
}

void OneDeath::OnWatch(int number, const registry::RecordFilter& filter, std::uint64_t start_revision) {
  Watcher& watcher = watchers_[number];
  watcher.filter = filter;
  watcher.live = start_revision != 0;
}

void OneDeath::OnPulled(int number, const registry::WatchItem& item) {
  Watcher& watcher = watchers_[number];
  const std::string name = "watcher " + std::to_string(number);
  if (item.gap) watcher.live = false;
  for (const auto& batch : item.batches) {
    for (const core::TransitionPtr& each : batch->transitions()) {
      if (!IsDeath(*each)) continue;
      const std::string what = name + " told of the death of " + Who(*each->after);
      if (!watcher.told.insert(Of(*each)).second) Complain(what, "once", "again");
      if (each->revision() <= watcher.last_death) Complain(what, "in revision order", "an older one");
      watcher.last_death = std::max(watcher.last_death, each->revision());
    }
  }
  if (item.revision == 0) return;
  for (; watcher.settled < deaths_.size() && deaths_[watcher.settled]->revision() <= item.revision;
       ++watcher.settled) {
    const core::Transition& death = *deaths_[watcher.settled];
    // One that the snapshot holds need not be told once more.
    if (!watcher.live || !registry::Concerns(watcher.filter, death)) continue;
    if (!watcher.told.contains(Of(death)))
      Complain(name + " at revision " + std::to_string(item.revision), "the death of " + Who(*death.after),
               "not told");
  }
  if (item.snapshot_done) watcher.live = true;
}

void OneDeath::OnEnd() {
  begun_.insert(truth_.incarnations().begin(), truth_.incarnations().end());
  for (const Incarnation& each : begun_) {
    if (!ended_.contains(each)) {
      Complain(each.first + ", incarnation " + std::to_string(each.second), "one end", "none");
    }
  }
  for (const Incarnation& each : ended_) {
    if (!begun_.contains(each)) {
      Complain(each.first + ", incarnation " + std::to_string(each.second), "to have begun",
               "an end of what never was");
    }
  }
}

}  // namespace liveness::simulation
