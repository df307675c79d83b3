// Finds silence: which sessions are due, and, after a look at their connections, what becomes of them.
//
//   CheckDue          with the lock: what is due, and whose connection must be looked at first
//   (the look)        without it: some tens of microseconds each
//   JudgeAfterLook    with the lock: the verdict, unless the session was heard, replaced or closed meanwhile
//
// Not thread-safe: guarded by the registry's lock.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "common/clock.h"
#include "server/core/record/record.h"
#include "server/registry/conditions/conditions.h"
#include "server/registry/ledger/ledger.h"
#include "server/registry/life/deadlines.h"
#include "server/registry/life/lifecycle.h"
#include "server/registry/life/maintenance.h"
#include "server/registry/life/orphans.h"

namespace liveness::registry {

// A session whose suspicion or death is due: its connection is looked at without the lock.
struct PendingLook {
  std::shared_ptr<Session> session;
  std::shared_ptr<StreamHandle> stream;  // null: it has none, nothing to look at
  core::MonoTime last_heard{};           // what the suspicion rests on
  core::LinkEvidence link;               // what the look shows
};

class Detection {
 public:
  // All arguments outlive the object.
  Detection(const RegistryOptions& options, const common::Clock& clock, Conditions& conditions,
            Ledger& ledger, const Deadlines& deadlines, Lifecycle& lifecycle, Orphans& orphans,
            Maintenance& maintenance);

  // A tick that was meant to happen at `expected` happens at `now`: does what is due, a slice of it if a
  // whole fleet is, and sets when the detector runs next.
  std::vector<PendingLook> CheckDue(core::MonoTime expected, core::MonoTime now, Effects& effects);
  void JudgeAfterLook(const PendingLook& look, core::MonoTime now, Effects& effects);

  // Suspicions put off because a socket held unread bytes.
  std::int64_t unread_credits() const { return unread_credits_; }

 private:
  void CheckSession(const std::shared_ptr<Session>& session, core::MonoTime now,
                    std::vector<PendingLook>& looks, Effects& effects);
  // True if the death of a suspect, due now, must not be told yet: then the session is armed for when to ask
  // again.
  bool HoldsDeath(Session& session, core::MonoTime now, Effects& effects);
  // True if the connection holds bytes that we have not read: our lateness, for one timeout at most.
  bool HoldsUnread(Session& session, const PendingLook& look, core::MonoTime now);
  void ArmNextCheck(Session& session, core::MonoTime now, Effects& effects) {
    timers_.Arm(session, deadlines_.NextCheck(session, now), effects);
  }

  const RegistryOptions& options_;
  const common::Clock& clock_;
  Timers& timers_;
  Witness& witness_;
  StoreHealth& store_health_;
  Falls& falls_;
  Figures& figures_;
  Ledger& ledger_;
  const Deadlines& deadlines_;
  Lifecycle& lifecycle_;
  Orphans& orphans_;
  Maintenance& maintenance_;

  std::int64_t unread_credits_ = 0;
};

}  // namespace liveness::registry
