// STALLED: a client whose pings arrive while its application, by its own word, stands still.
//
// The word is in the session's progress tokens (records/work_board.h). Maintenance, a suspicion and another
// server's writing hide it from the record; it comes back when they are over.
//
// Not thread-safe: guarded by the registry's lock.
#pragma once

#include <memory>

#include "common/clock.h"
#include "server/registry/conditions/witness.h"
#include "server/registry/ledger/ledger.h"
#include "server/registry/records/session.h"

namespace liveness::registry {

class Stalls {
 public:
  // All arguments outlive the object.
  Stalls(const common::Clock& clock, const Witness& witness, Ledger& ledger)
      : clock_(clock), witness_(witness), ledger_(ledger) {}

  // True if the application's own word is that it stands still, also while that is hidden.
  static bool IsStalled(const Session& session);
  // A progress token went stale, or no token is stale any more. REQUIRES: the session is ALIVE, and this
  // server's.
  void Set(const std::shared_ptr<Session>& session, bool stalled, Effects& effects);
  // Puts a stall that is hidden no longer back into `record`, which is to be the session's. True if there is
  // one.
  bool Restore(const Session& session, core::ClientRecord& record) const;
  // Tells a stall that the session's record hides without a reason, as when another server ended the client's
  // maintenance.
  void TellHidden(const std::shared_ptr<Session>& session, Effects& effects);

 private:
  std::shared_ptr<core::Evidence> Evidence(const Session& session) const;

  const common::Clock& clock_;
  const Witness& witness_;
  Ledger& ledger_;
};

}  // namespace liveness::registry
