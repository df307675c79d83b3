// When a session wants its next look, and how it stands on the witness clock until then.
//
// Decides nothing and changes nothing. Not thread-safe: guarded by the registry's lock.
#pragma once

#include "common/clock.h"
#include "server/core/detection/session_rules.h"
#include "server/core/record/record.h"
#include "server/registry/conditions/conditions.h"
#include "server/registry/records/session.h"
#include "server/registry/records/types.h"

namespace liveness::registry {

class Deadlines {
 public:
  // All arguments outlive the object.
  Deadlines(const RegistryOptions& options, const common::Clock& clock, const Conditions& conditions);

  // What the detector's rules are asked about the session. REQUIRES: it lives.
  core::DetectorInput InputOf(const Session& session) const;
  // When the session wants its next look if nothing happens until then. REQUIRES: it lives.
  core::MonoTime NextCheck(const Session& session, core::MonoTime now) const;
  // When an ended record is to be forgotten.
  core::MonoTime ForgetAt(const core::ClientRecord& record) const;

  // Until when the client may believe that it is not dead, by what any server has told it so far. REQUIRES:
  // it lives.
  core::MonoTime VouchedUntil(const Session& session, core::MonoTime now) const;
  // True if this server stood for so long, or welcomed so late, and so lately, that the client may have
  // closed on our account.
  bool MayHaveClosedForOurSake(const Session& session, core::MonoTime closed_at) const;
  // True if the client of the record may give a server up that is silent for so long.
  static bool MayGiveUpAfter(core::Duration silence, const core::ClientRecord& record);

  core::Vitals VitalsOf(const Session& session, core::MonoTime now) const;

 private:
  const RegistryOptions& options_;
  const common::Clock& clock_;
  const Witness& witness_;
  const StoreHealth& store_health_;
  const Roster& roster_;
  const core::MonoTime began_at_;
};

}  // namespace liveness::registry
