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
#include "server/registry/records/figures.h"
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

  // Its part of them.
  Totals totals() const {
    return {.credited = witness.witness_clock().credited(),
            .stalls = witness.stall_count(),
            .witness = witness.totals(),
            .group_events = falls.event_count(),
            .doubts = falls.doubt_count(),
            .doubts_itself = falls.doubting(),
            .held_deaths = falls.held_deaths()};
  }

  Timers timers;
  Witness witness;
  StoreHealth store_health;
  Roster roster;
  Falls falls;
  MaintenanceSchedule maintenance;
  Figures figures;  // any thread may read them
};

}  // namespace liveness::registry
