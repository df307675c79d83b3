// `/metrics`: all that this server counts, in Prometheus' text format. docs/metrics.md lists it.
//
// A scrape reads counters that are kept anyway: it scans no record, writes nothing, and holds the registry's
// lock for some microseconds. So nothing is cached.
#pragma once

#include <string>
#include <vector>

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

#include "server/http/exchange.h"
#include "server/http/metrics/metrics_sources.h"

namespace liveness::http {

// Thread-safe.
class Metrics final : public prometheus::Collectable {
 public:
  explicit Metrics(MetricsSources sources) : sources_(std::move(sources)) {}

  std::vector<prometheus::MetricFamily> Collect() const override;
  // For a worker: the kernel is asked, too.
  Response Serve(const Request& request) const;

 private:
  const MetricsSources sources_;
};

}  // namespace liveness::http
