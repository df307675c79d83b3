#include "server/http/metrics/metrics.h"

#include <prometheus/text_serializer.h>

#include "server/http/metrics/family_list.h"
#include "server/http/metrics/hook_metrics.h"
#include "server/http/metrics/registry_metrics.h"
#include "server/http/metrics/server_metrics.h"

namespace liveness::http {

std::vector<prometheus::MetricFamily> Metrics::Collect() const {
  FamilyList families;
  AddRegistryMetrics(sources_, families);
  AddHookMetrics(sources_, families);
  AddServerMetrics(sources_, families);
  return families.Take();
}

Response Metrics::Serve(const Request&) const {
  return TextResponse(200, "text/plain; version=0.0.4; charset=utf-8",
                      prometheus::TextSerializer().Serialize(Collect()));
}

}  // namespace liveness::http
