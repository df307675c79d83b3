#include "server/core/fleet/mass_failure.h"

#include <algorithm>
#include <iterator>

#include "common/saturating.h"
#include "server/core/fleet/scopes.h"
#include "server/core/fleet/standing.h"

namespace liveness::core {
namespace {

// Old entries that each call drops. A call adds one entry at most, so entries go faster than they come.
constexpr int kSweptAtOnce = 4;

// ALIVE or SUSPECT, and not away.
bool IsMember(const ClientRecord* record) {
  return record != nullptr && IsLive(record->state) && StandingOf(record) != Standing::kAway;
}

}  // namespace

MassFailure::MassFailure(Options options) : options_(std::move(options)) {}

GroupEvents MassFailure::Changed(const ClientRecord* before, const ClientRecord& after, MonoTime now) {
  Sweep(now);
  const bool was_member = IsMember(before);
  const bool is_member = IsMember(&after);
  if (was_member != is_member || before == nullptr || !HaveSameScopes(*before, after, options_.labels)) {
    if (was_member) Part(*before, now);
    if (is_member) Join(after, now);
  }
  const Fall* fell = nullptr;
  if (IsFall(before, after)) {
    fell = &Add(after, now);
  } else if (const auto known = fall_of_.find(after.client_id()); known != fall_of_.end()) {
    if (StandingOf(&after) == Standing::kDown && StillCounts(*known->second, now)) {
      Update(*known->second, before, after, now);
    } else {
      Remove(known->second, now);
    }
  }
  ReviewTouched();
  return fell == nullptr ? GroupEvents() : Tell(*fell);
}

void MassFailure::Join(const ClientRecord& record, MonoTime now) {
  for (const std::string& name : ScopesOf(record, options_.labels)) {
    Entry& entry = *scopes_.try_emplace(name).first;
    Refresh(entry.second, now);
    ++entry.second.live;
    touched_.push_back(&entry);
  }
  voices_.Add(VoiceOf(record), 1, 0);
}

void MassFailure::Part(const ClientRecord& record, MonoTime now) {
  for (const std::string& name : ScopesOf(record, options_.labels)) {
    Entry& entry = *scopes_.find(name);
    Refresh(entry.second, now);
    --entry.second.live;
    touched_.push_back(&entry);
  }
  voices_.Add(VoiceOf(record), -1, 0);
}

MassFailure::Fall& MassFailure::Add(const ClientRecord& after, MonoTime now) {
  falls_.push_back({std::string(after.client_id()), FallCounts::Slot(now), !IsMember(&after), {}, {}});
  Fall& fall = falls_.back();
  fall_of_[fall.client_id] = std::prev(falls_.end());
  Charge(fall, after, now);
  for (Entry* entry : fall.scopes) CountPace(*entry->second.episode, now);
  return fall;
}

void MassFailure::Update(Fall& fall, const ClientRecord* before, const ClientRecord& after, MonoTime now) {
  const bool gone = !IsMember(&after);
  const bool same_scopes = before != nullptr && HaveSameScopes(*before, after, options_.labels);
  if (gone == fall.gone && same_scopes) return;
  Discharge(fall, now);
  fall.gone = gone;
  Charge(fall, after, now);
}

void MassFailure::Remove(Falls::iterator fall, MonoTime now) {
  Discharge(*fall, now);
  fall_of_.erase(fall->client_id);
  falls_.erase(fall);
}

void MassFailure::Charge(Fall& fall, const ClientRecord& record, MonoTime now) {
  for (const std::string& name : ScopesOf(record, options_.labels)) {
    Entry& entry = *scopes_.try_emplace(name).first;
    std::unique_ptr<Episode>& episode = entry.second.episode;
    if (episode == nullptr) episode = std::make_unique<Episode>();
    Refresh(entry.second, now);
    episode->counts.Add(fall.at, fall.gone);
    ++episode->kept;
    fall.scopes.push_back(&entry);
    touched_.push_back(&entry);
  }
  fall.voice = VoiceOf(record);
  voices_.Add(fall.voice, fall.gone ? 1 : 0, 1);
}

void MassFailure::Discharge(Fall& fall, MonoTime now) {
  for (Entry* entry : fall.scopes) {
    Refresh(entry->second, now);
    Episode& episode = *entry->second.episode;
    episode.counts.Remove(fall.at, fall.gone);
    --episode.kept;
    touched_.push_back(entry);
  }
  fall.scopes.clear();
  voices_.Add(fall.voice, fall.gone ? -1 : 0, -1);
}

void MassFailure::Refresh(Scope& scope, MonoTime now) const {
  // Once a moment: falls that have grown old re-arm the scope, a fall that one change takes out and puts in
  // again does not.
  if (scope.episode == nullptr || scope.episode->refreshed_at == now) return;
  scope.episode->refreshed_at = now;
  scope.episode->counts.ExpireUntil(common::SaturatingSub(now, options_.window));
  Rearm(scope);
}

void MassFailure::Rearm(Scope& scope) const {
  Episode& episode = *scope.episode;
  const std::int64_t fallen = episode.counts.fallen();
  const double half = options_.share / 2 * static_cast<double>(Members(scope));
  if (static_cast<double>(fallen) <= half) episode.told = false;
  if (fallen == 0) episode.in_span = episode.in_last_span = 0;
}

void MassFailure::ReviewTouched() {
  std::sort(touched_.begin(), touched_.end());
  touched_.erase(std::unique(touched_.begin(), touched_.end()), touched_.end());
  for (Entry* entry : touched_) {
    Scope& scope = entry->second;
    if (scope.episode != nullptr) {
      Rearm(scope);
      if (scope.episode->kept == 0) scope.episode = nullptr;
    }
    if (scope.live == 0 && scope.episode == nullptr) scopes_.erase(scopes_.find(entry->first));
  }
  touched_.clear();
}

bool MassFailure::StillCounts(const Fall& fall, MonoTime now) const {
  return fall.at > common::SaturatingSub(now, options_.window);
}

void MassFailure::Sweep(MonoTime now) {
  for (int swept = 0; swept < kSweptAtOnce && !falls_.empty() && !StillCounts(falls_.front(), now); ++swept) {
    Remove(falls_.begin(), now);
  }
  ReviewTouched();
}

GroupEvents MassFailure::Tell(const Fall& fall) {
  GroupEvents events;
  for (const Entry* entry : fall.scopes) {
    const auto& [name, scope] = *entry;
    if (scope.episode->told || !Passed(scope)) continue;
    scope.episode->told = true;
    ++event_count_;
    events.push_back({name, scope.episode->counts.fallen(), Members(scope), 0, {}});
  }
  return events;
}

void MassFailure::CountPace(Episode& episode, MonoTime now) {
  if (now - episode.span_began >= kSettle) {
    episode.in_last_span = now - episode.span_began < 2 * kSettle ? episode.in_span : 0;
    episode.in_span = 0;
    episode.span_began = now;
  }
  ++episode.in_span;
}

std::int64_t MassFailure::Members(const Scope& scope) const {
  return scope.live + (scope.episode == nullptr ? 0 : scope.episode->counts.gone());
}

bool MassFailure::Passed(const Scope& scope) const {
  const std::int64_t members = Members(scope);
  return members >= options_.min_members &&
         static_cast<double>(scope.episode->counts.fallen()) > options_.share * static_cast<double>(members);
}

bool MassFailure::IsGathering(const Scope& scope, MonoTime now) const {
  const Episode& episode = *scope.episode;
  const Duration age = now - episode.span_began;
  if (age >= 2 * kSettle) return false;
  const bool last_counts = age < kSettle && episode.in_last_span > 0;
  const std::int64_t lately = episode.in_span + (last_counts ? episode.in_last_span : 0);
  const Duration within = std::max(kSettle, age + (last_counts ? kSettle : Duration::zero()));
  // Steps between falls are counted, because one fall alone has no pace.
  const double pace = static_cast<double>(lately - 1) / static_cast<double>(within.count());
  const double soon = static_cast<double>(episode.counts.fallen()) +
                      pace * static_cast<double>(Duration(kLongestWait).count());
  return soon > options_.share * static_cast<double>(Members(scope));
}

std::optional<MonoTime> MassFailure::HoldUntil(const ClientRecord& record, MonoTime since, MonoTime now) {
  if (now >= since + kLongestWait || options_.share >= 1) return std::nullopt;
  const auto fall = fall_of_.find(record.client_id());
  if (fall == fall_of_.end() || !StillCounts(*fall->second, now)) return std::nullopt;
  for (Entry* entry : fall->second->scopes) {
    Scope& scope = entry->second;
    Refresh(scope, now);
    if (scope.episode->told || Members(scope) < options_.min_members) continue;
    if (now < since + kSettle) return since + kSettle;
    if (IsGathering(scope, now)) return std::min(now + kSettle, since + kLongestWait);
  }
  return std::nullopt;
}

MassFailure::Tally MassFailure::Everyone(MonoTime now) {
  Sweep(now);
  const auto at = scopes_.find(kEveryone);
  if (at == scopes_.end()) return {};
  Scope& scope = at->second;
  Refresh(scope, now);
  return {.fallen = scope.episode == nullptr ? 0 : scope.episode->counts.fallen(),
          .members = Members(scope),
          .beside_the_largest_voice = voices_.BesideTheLargest(),
          .fallen_voices = voices_.FallenShare()};
}

}  // namespace liveness::core
