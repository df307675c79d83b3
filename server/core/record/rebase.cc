#include "server/core/record/rebase.h"

#include <algorithm>
#include <memory>
#include <optional>

namespace liveness::core {
namespace {

bool SameMaintenance(const ClientRecord& one, const ClientRecord& other) {
  static const Annex kNone;
  return (one.annex == nullptr ? kNone : *one.annex)
      .SameMaintenance(other.annex == nullptr ? kNone : *other.annex);
}

// Their annex, with the bans that we decided on, and our maintenance if we decided on that.
std::shared_ptr<const Annex> Merged(const std::shared_ptr<const Annex>& theirs,
                                    const std::shared_ptr<const Annex>& ours, bool maintains) {
  if (ours == nullptr || theirs == ours) return theirs;
  auto both = theirs == nullptr ? std::make_shared<Annex>() : std::make_shared<Annex>(*theirs);
  for (const Banned& banned : ours->banned) {
    if (std::find(both->banned.begin(), both->banned.end(), banned) == both->banned.end()) both->Ban(banned);
  }
  if (maintains) {
    both->maintenance_until = ours->maintenance_until;
    both->maintenance_origin = ours->maintenance_origin;
  }
  return both;
}

}  // namespace

bool IsBelief(const ClientRecord* before, const ClientRecord& decided, std::string_view our_server) {
  if (before == nullptr || decided.state == before->state) return false;
  if (decided.state != State::kSuspect && decided.state != State::kDead) return false;
  if (decided.cause == Cause::kEvicted || decided.cause == Cause::kSuperseded) return false;
  if (decided.cause == Cause::kServerLost || decided.cause == Cause::kNotReturned) return true;
  return *decided.server_id != our_server;
}

bool StillHolds(const ClientRecord& decided, const ClientRecord& before, const ClientRecord& theirs,
                std::string_view our_server) {
  if (decided.incarnation == 0) return false;  // it begins a session, on a record that is no longer there
  if (!IsLive(theirs.state) || theirs.incarnation != decided.incarnation) return false;
  // The client has moved. Attachments do not tell which server is right: a server gives out some that no
  // transition tells of.
  if (*theirs.server_id != *before.server_id) return false;
  // The client moves to us.
  if (*decided.server_id != *before.server_id) return decided.attachment > theirs.attachment;
  // What another server has just written may refute a belief; if it does not, we come to the belief again.
  return !IsBelief(&before, decided, our_server);
}

ClientRecord Rebase(const ClientRecord& decided, WallTime time, const ClientRecord& before,
                    const ClientRecord& base, const ClientRecord& theirs, std::string_view our_server) {
  ClientRecord rebased = decided;
  // What another server serves is as that server says, but for what we decided of it.
  const bool anothers = decided.incarnation == theirs.incarnation && *decided.server_id != our_server;
  if (anothers) {
    rebased = base;
    if (decided.state != before.state) {
      rebased.state = decided.state;
      rebased.cause = decided.cause;
      rebased.evidence = decided.evidence;
    }
  }
  rebased.state_time = rebased.state == base.state ? base.state_time : time;
  const bool maintains = !SameMaintenance(decided, before);
  rebased.annex = Merged(base.annex, decided.annex, maintains);
  if (maintains) {
    rebased.health = decided.health;
  } else if (base.health == Health::kMaintenance) {
    rebased.health = Health::kMaintenance;
  } else if (rebased.health == Health::kMaintenance) {
    rebased.health = Health::kOk;
  }
  return rebased;
}

}  // namespace liveness::core
