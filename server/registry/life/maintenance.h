// Maintenance: a client's absence is expected until a moment of the wall clock, and alerts no one.
//
// It is part of the client's record, so it outlives reconnects and restarts. The server of the client ends
// the maintenance; in a cluster the others do if that server has not.
//
// Not thread-safe: guarded by the registry's lock.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "common/clock.h"
#include "server/registry/conditions/conditions.h"
#include "server/registry/ledger/ledger.h"
#include "server/registry/life/deadlines.h"
#include "server/registry/life/maintenance_pass.h"
#include "server/registry/life/stalls.h"
#include "server/registry/records/types.h"

namespace liveness::registry {

class Maintenance {
 public:
  // All arguments outlive the object.
  Maintenance(const common::Clock& clock, Conditions& conditions, Ledger& ledger, const Deadlines& deadlines,
              const Stalls& stalls)
      : clock_(clock),
        schedule_(conditions.maintenance),
        timers_(conditions.timers),
        ledger_(ledger),
        deadlines_(deadlines),
        stalls_(stalls) {}

  // What a client is marked with.
  struct Term {
    std::optional<core::WallTime> until;  // nothing or past: it has no maintenance any more
    std::shared_ptr<const core::MaintenanceOrigin> origin;
  };

  // Marks what the pass has chosen, a slice of it. `settling`: as in Registry::SetMaintenance, may be null.
  void MarkSlice(MaintenancePass& pass, const Term& term, const std::function<MaintenanceSettled()>& settling,
                 Effects& effects);
  // Ends every maintenance whose moment has come; if a whole fleet's ends at one moment, a slice of them.
  void EndDue(core::MonoTime now, Effects& effects);

  static std::optional<core::WallTime> Of(const core::ClientRecord& record) {
    return record.annex == nullptr ? std::nullopt : record.annex->maintenance_until;
  }

 private:
  // True if the client's health changes.
  bool Mark(const std::shared_ptr<Session>& session, Term term,
            const std::function<MaintenanceSettled()>& settling, Effects& effects);

  const common::Clock& clock_;
  MaintenanceSchedule& schedule_;
  Timers& timers_;
  Ledger& ledger_;
  const Deadlines& deadlines_;
  const Stalls& stalls_;
};

}  // namespace liveness::registry
