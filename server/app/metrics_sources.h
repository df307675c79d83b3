// Where the metrics are read from: the one place that knows which part of the server has which figure.
#pragma once

#include "server/http/metrics/metrics_sources.h"

namespace liveness::app {

struct ServerParts;

// All but the HTTP port's own figures. `parts` outlive what asks. REQUIRES: Listen has returned OK.
http::MetricsSources MakeMetricsSources(const ServerParts& parts);

}  // namespace liveness::app
