// What the rest of the server knows, as metrics: readiness, streams, calls, queues, connections,
// certificates, the process.
#pragma once

#include "server/http/metrics/family_list.h"
#include "server/http/metrics/metrics_sources.h"

namespace liveness::http {

void AddServerMetrics(const MetricsSources& sources, FamilyList& families);

}  // namespace liveness::http
