#include "server/registry/conditions/falls.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "common/strings.h"

namespace liveness::registry {

using core::MonoTime;
using core::SelfDoubt;

namespace {

// How long a death waits for the commit of its own suspicion, and how soon it asks again.
constexpr auto kCommitWait = std::chrono::milliseconds(100);
constexpr auto kCommitPoll = std::chrono::milliseconds(1);

}  // namespace

Falls::Falls(const RegistryOptions& options)
    : mass_(options.mass),
      self_doubt_({.share = options.doubt_share,
                   .min_members = options.mass.min_members,
                   .window = options.mass.window}) {}

core::GroupEventsPtr Falls::Count(const core::ClientRecord* before, const core::ClientRecord& after,
                                  core::WallTime wall, MonoTime now, Effects& effects) {
  core::GroupEvents events = mass_.Changed(before, after, now);
  CountDoubt(now, effects);
  if (events.empty()) return nullptr;
  for (core::GroupEvent& event : events) {
    event.revision = after.revision;
    event.time = wall;
  }
  return std::make_shared<const core::GroupEvents>(std::move(events));
}

void Falls::CountDoubt(MonoTime now, Effects& effects) {
  const core::MassFailure::Tally everyone = mass_.Everyone(now);
  const auto fell = [&] { return common::StrCat(everyone.fallen, " of ", everyone.members); };
  switch (self_doubt_.Count(everyone, now)) {
    case SelfDoubt::Change::kNone: return;
    case SelfDoubt::Change::kBegins:
      effects.notices.push_back(common::StrCat(
          fell(),
          " clients fell together: this server doubts itself, and deaths wait for a sign that it hears"));
      effects.witness.push_back(
          {WitnessEvent::Kind::kSelfDoubtBegan, {}, common::StrCat(fell(), " clients fell")});
      return;
    case SelfDoubt::Change::kEnds:
      effects.notices.push_back(common::StrCat("this server no longer doubts itself; ", fell(),
                                               " clients have fallen lately, ", held_deaths_,
                                               " deaths have waited since its start"));
      effects.witness.push_back({WitnessEvent::Kind::kSelfDoubtEnded, {}, ""});
      return;
  }
}

std::optional<SelfDoubt::Hold> Falls::HoldDeath(Session& session, const core::WitnessClock& witness,
                                                MonoTime now, Effects& effects) {
  SessionState& state = session.state();
  SessionExtras& extras = state.MakeExtras();
  // A fall counts only once it is committed. Without a grace the client's death would overtake that commit,
  // and the group event that the fall completes.
  if (session.is_pending() && now < extras.suspect_since + kCommitWait) {
    return SelfDoubt::Hold{.until = now + kCommitPoll};
  }
  if (const auto until = mass_.HoldUntil(*state.record, extras.suspect_since, now)) {
    return SelfDoubt::Hold{.until = *until};
  }
  CountDoubt(now, effects);
  // Closed by the client's own end, as the verdict has it. A connection that our keepalive or our kernel cut
  // says nothing of the client.
  const core::Cause cause = state.record->cause;
  const bool closed = cause == core::Cause::kProcessExited || cause == core::Cause::kStreamClosed;
  const core::Duration patience = std::max<core::Duration>(state.record->timeout, SelfDoubt::kLeastBound);
  std::optional<SelfDoubt::Hold> hold =
      self_doubt_.HoldBack({.since = extras.suspect_since,
                            .bound = witness.DueAt(extras.suspect_since, patience),
                            .closed = closed,
                            .open = state.stream != nullptr,
                            .held = extras.death_held,
                            .probed_at = state.probed_at,
                            .rtt = session.rtt()},
                           now);
  if (hold && !std::exchange(extras.death_held, true)) ++held_deaths_;
  return hold;
}

}  // namespace liveness::registry
