// What the server finds out of itself, as lines of its log and as incidents. See
// docs/witness-clock.md.
#pragma once

#include "common/clock.h"
#include "server/app/log/incident_log.h"
#include "server/registry/records/types.h"

namespace liveness::app {

void LogWitness(const registry::WitnessEvent& event, common::Duration max_doubt);
void NoteWitness(const registry::WitnessEvent& event, IncidentLog& incidents);

}  // namespace liveness::app
