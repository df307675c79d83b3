#include "tests/simulation/rules/cluster_rules.h"

#include <algorithm>

namespace liveness::simulation {

using common::MonoTime;
using core::Cause;
using core::ClientRecord;
using core::State;

namespace {

// The detector's lateness.
constexpr auto kLate = std::chrono::milliseconds(20);

std::string Text(const ClientRecord& record) {
  return std::string(record.client_id()) + "/" + std::string(record.info.instance_id()) + " " +
         std::string(core::Name(record.state)) + "(" + std::string(core::Name(record.cause)) +
         "), incarnation " + std::to_string(record.incarnation) + ", attachment " +
         std::to_string(record.attachment) + ", on " + *record.server_id + ", revision " +
         std::to_string(record.revision);
}

}  // namespace

std::string ClusterRules::LogText() const {
  std::string text;
  for (const testing::Ledger::Entry& entry : ledger_.log()) {
    const auto decided = std::chrono::duration_cast<std::chrono::milliseconds>(entry.change.time -
                                                                               ledger_.log()[0].change.time);
    text +=
        "  " + std::to_string(decided.count()) + " ms after the first: " + Text(*entry.change.after) + "\n";
  }
  return text;
}

void ClusterRules::ReadLog(MonoTime now) {
  for (; read_ < ledger_.log().size(); ++read_) Judge(ledger_.log()[read_], now);
}

void ClusterRules::Judge(const testing::Ledger::Entry& entry, MonoTime now) {
  const ClientRecord* before = entry.before.get();
  const ClientRecord& after = *entry.change.after;
  JudgeFence(before, after, entry.change.time);
  common::WallTime& decided = decided_[std::string(after.client_id())];
  if (before == nullptr && entry.change.time < decided) {
    Count("begun on what was forgotten");
    stray_.insert(after.incarnation);
  }
  decided = entry.change.time;
  Count("log " + (before == nullptr ? "-" : std::string(core::Name(before->state))) + ">" +
        std::string(core::Name(after.state)));
  if (core::IsLive(after.state)) {
    served_.emplace(*after.server_id + " " + std::string(after.client_id()), after.incarnation);
    if (before != nullptr && *before->server_id != *after.server_id &&
        before->incarnation == after.incarnation)
      Count("moved");
  }
  if (after.state == State::kSuspect && after.cause == Cause::kServerLost) {
    Count("server lost");
    // Another evidence is another suspicion; else only its health has changed.
    if (before->state == State::kSuspect && before->cause == Cause::kServerLost &&
        before->evidence != after.evidence)
      Complain(Text(after) + ": lost again");
    if (!HasLeft(*after.server_id, now, {}) && !stray_.contains(after.incarnation))
      Complain(Text(after) + ": its server was never away");
  }
  if (after.state == State::kDead && before->state != State::kDead) JudgeDeath(*before, after, now);
}

void ClusterRules::JudgeFence(const ClientRecord* before, const ClientRecord& after, common::WallTime time) {
  const std::string id(after.client_id());
  const std::pair fence(after.incarnation, after.attachment);
  if (fence < fences_[id]) Complain(Text(after) + ": an older truth over a newer one");
  fences_[id] = std::max(fences_[id], fence);
  if (before == nullptr || before->incarnation != after.incarnation) {
    if (after.incarnation != after.revision || after.state != State::kAlive)
      Complain(Text(after) + ": not how a session begins");
    const auto asked = asked_.find(id);
    if (asked != asked_.end() && time > asked->second) asked_.erase(asked);
    if (before != nullptr && core::IsLive(before->state))
      Complain(Text(after) + ": the one before has not ended");
  }
  if (core::IsLive(after.state)) {
    if (after.incarnation <= ended_[id]) Complain(Text(after) + ": has ended already");
  } else if (after.state != State::kForgotten && (before == nullptr || before->state != after.state)) {
    if (after.incarnation <= ended_[id]) Complain(Text(after) + ": ended twice");
    ended_[id] = after.incarnation;
  }
}

void ClusterRules::JudgeDeath(const ClientRecord& before, const ClientRecord& after, MonoTime now) {
  const std::string id(after.client_id());
  Count("died " + std::string(core::Name(after.cause)));
  if (after.cause == Cause::kSuperseded) {
    if (hellos_[id] < 2) Complain(Text(after) + ": by nobody");
    return;
  }
  if (asked_.contains(id)) return;
  if (before.state != State::kSuspect) Complain(Text(after) + ": was not suspected");
  const Beat& beat = beats_[id];
  if (beat.incarnation == after.incarnation && now - beat.at < fresh_)
    Complain(Text(after) + ": it beats on a server that reaches the store");
  if (after.cause == Cause::kNotReturned && !stray_.contains(after.incarnation) &&
      !HasLeft(*after.server_id, now, amnesty_ - kLate))
    Complain(Text(after) + ": had no time to return");
}

bool ClusterRules::HasLeft(const std::string& server, MonoTime now, common::Duration ago) const {
  const auto at = left_.find(server);
  return at != left_.end() &&
         std::any_of(at->second.begin(), at->second.end(), [&](MonoTime each) { return now - each >= ago; });
}

void ClusterRules::CheckStory(const registry::Registry& registry, std::size_t& checked, std::size_t told) {
  const auto& log = ledger_.log();
  if (checked == told) return;
  const std::uint64_t after = checked == 0 ? 0 : log[checked - 1].change.after->revision;
  const auto page = registry.HistoryAfter(after, 1'000'000);
  if (page.transitions.size() != told - checked) {
    return Complain("a server tells " + std::to_string(page.transitions.size()) + " transitions of " +
                    std::to_string(told - checked));
  }
  for (const auto& each : page.transitions) {
    const testing::Ledger::Entry& entry = log[checked++];
    const bool same_before = (each->before == nullptr) == (entry.before == nullptr) &&
                             (each->before == nullptr || each->before->revision == entry.before->revision);
    if (each->after != entry.change.after || !same_before)
      Complain("a server tells " + Text(*each->after) + " for " + Text(*entry.change.after));
  }
}

void ClusterRules::CheckWelcome(const std::string& server, const std::string& client_id,
                                std::uint64_t incarnation) {
  if (!served_.contains({server + " " + client_id, incarnation})) {
    Complain(server + " welcomes " + client_id + " under " + std::to_string(incarnation) +
             ": it is not in the log");
  }
}

void ClusterRules::CheckHolders() {
  for (const auto& [id, record] : ledger_.records()) {
    if (core::IsLive(record->state) && stopped_.contains({id, std::string(record->info.instance_id())}))
      Complain(Text(*record) + ": was told never to come back");
  }
}

}  // namespace liveness::simulation
