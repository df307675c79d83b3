// What the registry knows beside its records: its own time, its store, the other servers, who falls together.
//
// Guarded by the registry's lock, but for what a part marks with "Any thread".
#pragma once

#include "common/clock.h"
#include "server/registry/conditions/falls.h"
#include "server/registry/conditions/maintenance_schedule.h"
#include "server/registry/conditions/roster.h"
#include "server/registry/conditions/store_health.h"
#include "server/registry/conditions/timers.h"
#include "server/registry/conditions/witness.h"
#include "server/registry/records/types.h"
#include "server/storage/store.h"

namespace liveness::registry {

struct Conditions {
  Conditions(const RegistryOptions& options, const common::Clock& clock, const storage::Store& store)
      : timers(clock.Mono()),
        witness(clock, options),
        store_health(store, options.restart_grace),
        roster(options.server_id, store.shared()),
        falls(options) {}

  Timers timers;
  Witness witness;
  StoreHealth store_health;
  Roster roster;
  Falls falls;
  MaintenanceSchedule maintenance;
};

}  // namespace liveness::registry
