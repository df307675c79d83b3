// The hooks as metrics; nothing without hooks.
#pragma once

#include "server/http/metrics/family_list.h"
#include "server/http/metrics/metrics_sources.h"

namespace liveness::http {

void AddHookMetrics(const MetricsSources& sources, FamilyList& families);

}  // namespace liveness::http
