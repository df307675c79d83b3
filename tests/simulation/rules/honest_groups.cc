#include "tests/simulation/rules/honest_groups.h"

#include <algorithm>
#include <chrono>

#include "server/core/fleet/scopes.h"
#include "server/core/fleet/standing.h"

namespace liveness::simulation {

using core::Standing;
using core::State;

namespace {

bool IsMember(const core::ClientRecord* record) {
  return record != nullptr && core::IsLive(record->state) && core::StandingOf(record) != Standing::kAway;
}

}  // namespace

HonestGroups::Tally HonestGroups::Count(const std::string& scope, MonoTime now) const {
  Tally tally;
  for (const auto& [id, record] : clients_) {
    const auto scopes = core::ScopesOf(*record, options_.labels);
    if (std::find(scopes.begin(), scopes.end(), scope) == scopes.end()) continue;
    const bool fallen = StillCounts(id, now);
    tally.fallen += fallen ? 1 : 0;
    tally.members += fallen || IsMember(record.get()) ? 1 : 0;
  }
  return tally;
}

bool HonestGroups::StillCounts(const std::string& client_id, MonoTime now) const {
  const auto at = fell_at_.find(client_id);
  // A fall is dated to its millisecond.
  return at != fell_at_.end() &&
         now < std::chrono::floor<std::chrono::milliseconds>(at->second) + options_.window;
}

bool HonestGroups::IsOver(const Tally& tally, double share) const {
  return static_cast<double>(tally.fallen) > share * static_cast<double>(tally.members);
}

void HonestGroups::Rearm(MonoTime now) {
  for (auto& [scope, told] : told_) told = told && IsOver(Count(scope, now), options_.share / 2);
}

void HonestGroups::OnTold(const core::TransitionPtr& told, MonoTime now) {
  const std::string id(told->after->client_id());
  Rearm(now);
  CheckDeath(*told, now);
  const bool fell = !catches_up_ && core::IsFall(told->before.get(), *told->after);
  if (fell) {
    fell_at_[id] = now;
    commit_took_[id] = truth_ == nullptr ? Duration::zero() : now - truth_->Decided(*told, now);
  } else if (core::StandingOf(told->after.get()) != Standing::kDown) {
    fell_at_.erase(id);
  }
  if (!IsMember(told->before.get()) && IsMember(told->after.get())) joined_at_ = now;
  if (told->after->state == State::kForgotten) {
    clients_.erase(id);
  } else {
    clients_[id] = told->after;
  }
  Rearm(now);
  CheckEvents(*told, fell, now);
}

void HonestGroups::CheckEvents(const core::Transition& told, bool fell, MonoTime now) {
  std::map<std::string, Tally> due;
  for (const std::string& scope :
       fell ? core::ScopesOf(*told.after, options_.labels) : std::vector<std::string>()) {
    const Tally tally = Count(scope, now);
    if (tally.members < options_.min_members || !IsOver(tally, options_.share) || told_[scope]) continue;
    told_[scope] = true;
    due[scope] = tally;
  }
  for (const core::GroupEvent& event : told.groups == nullptr ? core::GroupEvents() : *told.groups) {
    events_.emplace_back(event.revision, event.scope);
    const auto at = due.find(event.scope);
    const std::string what = "mass failure of " + event.scope;
    if (at == due.end()) {
      Complain(what, "none, or one told before in this episode", "told with " + Who(*told.after));
      continue;
    }
    if (event.affected != at->second.fallen || event.members != at->second.members ||
        event.revision != told.revision()) {
      Complain(what, std::to_string(at->second.fallen) + " of " + std::to_string(at->second.members),
               std::to_string(event.affected) + " of " + std::to_string(event.members));
    }
    due.erase(at);
  }
  if (!due.empty())
    Complain("mass failure of " + due.begin()->first, "told with " + Who(*told.after), "not told");
}

void HonestGroups::CheckDeath(const core::Transition& told, MonoTime now) {
  const bool found =
      told.before != nullptr && told.before->state == State::kSuspect && told.after->state == State::kDead &&
      core::StandingOf(told.after.get()) == Standing::kDown && !told.after->evidence->exit_code;
  const std::string id(told.after->client_id());
  // It was decided among fewer.
  if (truth_ != nullptr && joined_at_ > truth_->Decided(told, now)) return;
  if (!found || !StillCounts(id, now) || now - fell_at_[id] >= core::MassFailure::kSettle - commit_took_[id])
    return;
  for (const std::string& scope : core::ScopesOf(*told.before, options_.labels)) {
    if (told_[scope] || Count(scope, now).members < options_.min_members) continue;
    Complain(Who(*told.after) + " dead " + Millis(now - fell_at_[id]) + " after its suspicion",
             "to wait for others of " + scope, "it did not");
  }
}

void HonestGroups::OnRestart() {
  catches_up_ = true;
  fell_at_.clear();
  told_.clear();
}

void HonestGroups::OnWatch(int number, const registry::RecordFilter&, std::uint64_t start_revision) {
  watchers_[number].live = start_revision != 0;
  if (!keeps_events_) watchers_[number].settled = events_.size();
}

void HonestGroups::OnPulled(int number, const registry::WatchItem& item) {
  Watcher& watcher = watchers_[number];
  const std::string name = "watcher " + std::to_string(number);
  if (item.gap) watcher.live = false;
  for (const auto& batch : item.batches) {
    for (const core::GroupEvent& each : batch->groups()) {
      const Key key{each.revision, each.scope};
      const std::string what = name + " told of " + each.scope;
      if (std::find(events_.begin(), events_.end(), key) == events_.end())
        Complain(what, "an event of the registry", "none of it");
      if (!watcher.told.insert(key).second) Complain(what, "once", "again");
      if (each.revision < watcher.last) Complain(what, "in revision order", "an older one");
      watcher.last = std::max(watcher.last, each.revision);
    }
  }
  if (item.revision == 0) return;
  for (; watcher.settled < events_.size() && events_[watcher.settled].first <= item.revision;
       ++watcher.settled) {
    const Key& event = events_[watcher.settled];
    // A snapshot shows none of them.
    if (!watcher.live || watcher.told.contains(event)) continue;
    Complain(name + " at revision " + std::to_string(item.revision), "the mass failure of " + event.second,
             "not told");
  }
  if (item.snapshot_done) watcher.live = true;
}

}  // namespace liveness::simulation
