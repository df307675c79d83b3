// What the ledger tells those above it: the one way up in the registry.
//
// Called synchronously, in the midst of the ledger's work, with the registry's lock held. An implementation
// may decide anew (Ledger::Decide), of any client.
#pragma once

#include <memory>

#include "server/core/record/record.h"
#include "server/registry/records/effects.h"
#include "server/registry/records/session.h"

namespace liveness::registry {

class LedgerListener {
 public:
  virtual ~LedgerListener() = default;

  // The session's hello is committed, and the session lives and is its client's entry: its time begins.
  virtual void OnWelcomed(const std::shared_ptr<Session>& session, Effects& effects) = 0;
  // The session's record is what was committed, and no change waits.
  virtual void OnAllCommitted(const std::shared_ptr<Session>& session, Effects& effects) = 0;
  // A client's end (DEAD, LEFT or FORGOTTEN) is committed.
  virtual void OnEndCommitted(Effects& effects) = 0;
  // Another server wrote the record of a session that this one does not serve, or serves no longer; or what
  // this server believed of it no longer holds. The listener arms what the session wants now.
  virtual void OnForeignSession(const std::shared_ptr<Session>& session, Effects& effects) = 0;
  // Another server wrote the record of a session that this one serves. `before`: the record until then.
  virtual void OnOwnSessionWritten(const std::shared_ptr<Session>& session, const core::ClientRecord& before,
                                   Effects& effects) = 0;
};

}  // namespace liveness::registry
