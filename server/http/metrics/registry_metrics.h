// What the registry knows, as metrics: clients, transitions, detection and its mistakes, the witness clock,
// watchers, the store.
#pragma once

#include "server/http/metrics/family_list.h"
#include "server/http/metrics/metrics_sources.h"

namespace liveness::http {

// Asks for the registry's lock twice, for some microseconds: nothing is scanned.
void AddRegistryMetrics(const MetricsSources& sources, FamilyList& families);

}  // namespace liveness::http
