#include "server/app/config/metrics_flags.h"

#include <algorithm>

#include "common/limits.h"

namespace liveness::app {

void MetricsFlags::AddTo(CLI::App& app, MetricsSettings& settings) {
  app.add_option("--metrics-label", settings.labels,
                 "A label by whose values /metrics counts clients (liveness_clients_by_label): the first 100 "
                 "that are seen, the others together as `other`; may be given up to 4 times")
      ->type_name("KEY")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->group("HTTP");
}

std::string MetricsFlags::ApplyTo(const MetricsSettings& settings) {
  if (settings.labels.size() > kMostLabels) {
    return "--metrics-label: at most " + std::to_string(kMostLabels);
  }
  for (auto at = settings.labels.begin(); at != settings.labels.end(); ++at) {
    if (at->empty() || at->size() > common::kMaxLabelKeyBytes) {
      return "--metrics-label=" + *at + ": a label's key has 1 to " +
             std::to_string(common::kMaxLabelKeyBytes) + " bytes";
    }
    // A series that is there twice would make Prometheus refuse all of them.
    if (std::find(settings.labels.begin(), at, *at) != at)
      return "--metrics-label=" + *at + ": is given twice";
  }
  return {};
}

}  // namespace liveness::app
