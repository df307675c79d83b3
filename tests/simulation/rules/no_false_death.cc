#include "tests/simulation/rules/no_false_death.h"

#include <algorithm>

namespace liveness::simulation {

using core::Cause;
using core::State;

namespace {

// What waits in the session's own connection is seen by a look at it, and puts a
// verdict off. What waits in another one, a hello, is not: a stall that nobody can
// see may hide it, and so may a freeze that is not yet noticed.
constexpr Duration kUnseen = kPeriod + kLateness;
constexpr Duration kUnseenFreeze = kBeat + kBeatLate + kUnseen;

}  // namespace

void NoFalseDeath::OnTold(const core::TransitionPtr& told, MonoTime now) {
  if (told->before == nullptr) return;
  const core::ClientRecord& before = *told->before;
  const core::ClientRecord& after = *told->after;
  const bool suspects = after.state == State::kSuspect &&
                        (before.state != State::kSuspect || before.evidence != after.evidence);
  const bool buries = after.state == State::kDead && before.state != State::kDead;
  if (!suspects && !buries) return;
  const MonoTime decided = truth_.Decided(*told, now);
  if (suspects) suspect_since_[std::string(after.client_id())] = decided;
  Objection objection;
  for (const Moment& moment : truth_.At(after.client_id(), decided)) {
    objection = suspects ? ToSuspicion(after, moment) : ToDeath(before, after, moment);
    if (!objection) return;
  }
  if (objection) Complain(objection->what, objection->expected, objection->got);
}

NoFalseDeath::Objection NoFalseDeath::ToSuspicion(const core::ClientRecord& after,
                                                  const Moment& moment) const {
  const std::string who = Who(after) + " suspected";
  if ((after.cause == Cause::kServerLost) != moment.orphaned()) {
    return Complaint{who,
                     moment.orphaned() ? "SERVER_LOST, as it was never welcomed here" : "a cause of its own",
                     std::string(core::Name(after.cause))};
  }
  if (moment.orphaned() || moment.closed_by_itself) return std::nullopt;
  // Judged by what was learnt, which is sooner: the detector's own tests are about that.
  if (moment.line->adaptive) return std::nullopt;
  // Too short for the canary, and long enough for a client that waits no longer than that.
  if (moment.closed && truth_.HasUnnoticedFreeze(*moment.closed - moment.line->timeout, *moment.closed))
    return std::nullopt;
  const MonoTime until = std::min(moment.at, moment.first_unread.value_or(moment.at));
  const Duration heard_nothing = truth_.MostUptime(moment.last_arrival, until);
  if (heard_nothing + Slack(moment) >= moment.line->timeout) return std::nullopt;
  return Complaint{who + (moment.closed ? ", closed for our sake" : ""),
                   "silence of " + Millis(moment.line->timeout) + " while we could hear",
                   Millis(heard_nothing)};
}

NoFalseDeath::Objection NoFalseDeath::ToDeath(const core::ClientRecord& before,
                                              const core::ClientRecord& after, const Moment& moment) const {
  const auto& condemned = moment.condemned;
  if (std::find(condemned.begin(), condemned.end(), after.cause) != condemned.end()) return std::nullopt;
  const std::string who = Who(after) + " dead";
  const bool somebodys_doing = after.cause == Cause::kEvicted || after.cause == Cause::kSuperseded ||
                               after.cause == Cause::kSaidGoodbye;
  if (before.state != State::kSuspect || somebodys_doing) {
    return Complaint{who, "a suspicion before, or somebody who ended it",
                     std::string(core::Name(before.state)) + ", " + std::string(core::Name(after.cause))};
  }
  if (moment.orphaned()) return ToOrphansDeath(before, after, moment);
  if (after.cause == Cause::kServerLost || after.cause == Cause::kNotReturned) {
    return Complaint{who, "a cause of its own, as it was welcomed here",
                     std::string(core::Name(after.cause))};
  }
  const auto since = suspect_since_.find(after.client_id());
  if (since == suspect_since_.end()) return Complaint{who, "a suspicion before", "none told"};
  // What waited unread before the suspicion counts from there.
  const MonoTime until =
      std::max(since->second, std::min(moment.at, moment.first_unread.value_or(moment.at)));
  const Duration suspected = truth_.MostUptime(since->second, until);
  if (suspected + Slack(moment) >= moment.line->grace) return std::nullopt;
  return Complaint{who, "suspected for the grace while we could hear", Millis(suspected)};
}

NoFalseDeath::Objection NoFalseDeath::ToOrphansDeath(const core::ClientRecord& before,
                                                     const core::ClientRecord& after,
                                                     const Moment& moment) const {
  const std::string who = Who(after) + ", not welcomed since the restart, dead";
  if (moment.came_back == after.incarnation) return Complaint{who, "to live: it has come back", "dead"};
  const Cause cause = before.cause == Cause::kServerLost ? Cause::kNotReturned : before.cause;
  if (after.cause != cause) {
    return Complaint{who, std::string(core::Name(cause)), std::string(core::Name(after.cause))};
  }
  if (!moment.serving_since) return Complaint{who, "a server that can be reached", "none"};
  const Duration amnesty = std::max(after.timeout, truth_.restart_grace);
  const Duration had = truth_.MostUptime(*moment.serving_since, moment.at);
  if (had + (moment.frozen ? kUnseenFreeze : kUnseen) >= amnesty) return std::nullopt;
  return Complaint{who, "to have had " + Millis(amnesty) + " to come back", Millis(had)};
}

Duration NoFalseDeath::Slack(const Moment& moment) {
  if (!moment.hidden_unread) return Duration::zero();
  return moment.frozen ? kUnseenFreeze : kUnseen;
}

}  // namespace liveness::simulation
