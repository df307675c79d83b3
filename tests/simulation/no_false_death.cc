#include "tests/simulation/no_false_death.h"

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
  if (after.state == State::kSuspect && before.state != State::kSuspect) CheckSuspicion(after, now);
  if (after.state == State::kDead && before.state != State::kDead) CheckDeath(before, after, now);
}

void NoFalseDeath::CheckSuspicion(const core::ClientRecord& record, MonoTime now) {
  suspect_since_[std::string(record.client_id())] = now;
  const Line* line = truth_.Current(record.client_id());
  if (line == nullptr) return Complain(Who(record) + " suspected", "a client that was welcomed", "unknown");
  if (line->closed && !line->for_our_sake) return;
  // Too short for the canary, and long enough for a client that waits no longer than that.
  if (line->closed && truth_.HasUnnoticedFreeze(*line->closed - line->timeout, *line->closed)) return;
  const Duration heard_nothing = truth_.MostUptime(line->last_arrival, Until(record, now));
  if (heard_nothing + Slack(record, now) >= line->timeout) return;
  Complain(Who(record) + " suspected" + (line->closed ? ", closed for our sake" : ""),
           "silence of " + Millis(line->timeout) + " while we could hear", Millis(heard_nothing));
}

void NoFalseDeath::CheckDeath(const core::ClientRecord& before, const core::ClientRecord& after,
                              MonoTime now) {
  if (truth_.Condemned(after.client_id(), after.cause)) return;
  if (before.state != State::kSuspect || after.cause == Cause::kEvicted ||
      after.cause == Cause::kSuperseded || after.cause == Cause::kSaidGoodbye) {
    return Complain(Who(after) + " dead", "a suspicion before, or somebody who ended it",
                    std::string(core::Name(before.state)) + ", " + std::string(core::Name(after.cause)));
  }
  const auto since = suspect_since_.find(after.client_id());
  if (since == suspect_since_.end()) return Complain(Who(after) + " dead", "a suspicion before", "none told");
  const Line* line = truth_.Current(after.client_id());
  // What waited unread before the suspicion counts from there.
  const MonoTime until = std::max(since->second, Until(after, now));
  const Duration suspected = truth_.MostUptime(since->second, until);
  if (line != nullptr && suspected + Slack(after, now) >= line->grace) return;
  Complain(Who(after) + " dead", "suspected for the grace while we could hear", Millis(suspected));
}

Duration NoFalseDeath::Slack(const core::ClientRecord& record, MonoTime now) const {
  if (!truth_.HasHiddenUnread(record.client_id(), record.info.instance_id())) return Duration::zero();
  return truth_.IsFrozen(now) ? kUnseenFreeze : kUnseen;
}

MonoTime NoFalseDeath::Until(const core::ClientRecord& record, MonoTime now) const {
  return std::min(now, truth_.FirstUnread(record.client_id(), record.info.instance_id()).value_or(now));
}

}  // namespace liveness::simulation
