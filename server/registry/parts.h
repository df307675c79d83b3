// The parts of the registry, under its one lock, and how they are joined. See registry.h.
//
// Calls go down this list, from the last part to the first; the one way up is the LedgerListener.
#pragma once

#include <memory>

#include "common/clock.h"
#include "server/registry/conditions/conditions.h"
#include "server/registry/ledger/ledger.h"
#include "server/registry/ledger/ledger_listener.h"
#include "server/registry/life/admission.h"
#include "server/registry/life/deadlines.h"
#include "server/registry/life/detection.h"
#include "server/registry/life/lifecycle.h"
#include "server/registry/life/maintenance.h"
#include "server/registry/life/orphans.h"
#include "server/registry/life/stalls.h"
#include "server/registry/queries.h"
#include "server/registry/records/types.h"
#include "server/registry/registry.h"
#include "server/storage/store.h"

namespace liveness::registry {

struct Registry::Parts final : LedgerListener {
  // All arguments but `contents` outlive the parts. Takes the records of `contents`, and leaves the rest
  // there.
  Parts(const RegistryOptions& options, const common::Clock& clock, storage::Store& store,
        storage::Contents& contents)
      : conditions(options, clock, store),
        ledger(options, clock, store, contents.revision, conditions, *this),
        deadlines(options, clock, conditions),
        stalls(clock, conditions.witness, ledger),
        lifecycle(options, clock, conditions, ledger, deadlines, stalls),
        maintenance(clock, conditions, ledger, deadlines, stalls),
        orphans(clock, conditions, ledger, deadlines, lifecycle),
        detection(options, clock, conditions, ledger, deadlines, lifecycle, orphans, maintenance),
        admission(options, clock, store, contents, conditions, ledger, deadlines, stalls, lifecycle),
        queries(clock, ledger, deadlines) {
    Effects untold;  // there is nobody yet to tell
    for (core::RecordPtr& record : contents.records) {
      const std::shared_ptr<Session> session = ledger.Load(std::move(record));
      if (core::IsLive(session->record()->state)) continue;
      conditions.timers.Arm(*session, deadlines.ForgetAt(*session->record()), untold);
    }
  }

  void OnWelcomed(const std::shared_ptr<Session>& session, Effects& effects) override {
    lifecycle.StartDetection(*session, effects);
  }
  void OnAllCommitted(const std::shared_ptr<Session>& session, Effects& effects) override {
    stalls.TellHidden(session, effects);
  }
  void OnEndCommitted(Effects& effects) override { lifecycle.MakeRoom(effects); }
  void OnForeignSession(const std::shared_ptr<Session>& session, Effects& effects) override {
    orphans.ArmUnserved(session, effects);
  }
  void OnOwnSessionWritten(const std::shared_ptr<Session>& session, const core::ClientRecord& before,
                           Effects& effects) override {
    lifecycle.KeepOwn(session, before, effects);
  }

  Conditions conditions;
  Ledger ledger;
  Deadlines deadlines;
  Stalls stalls;
  Lifecycle lifecycle;
  Maintenance maintenance;
  Orphans orphans;
  Detection detection;
  Admission admission;
  Queries queries;
};

}  // namespace liveness::registry
