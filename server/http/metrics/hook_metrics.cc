#include "server/http/metrics/hook_metrics.h"

#include <cstdint>
#include <utility>
#include <vector>

namespace liveness::http {

void AddHookMetrics(const MetricsSources& sources, FamilyList& families) {
  if (!sources.hooks) return;
  const std::vector<HookSample> hooks = sources.hooks();
  if (hooks.empty()) return;
  auto deliveries =
      families.Counter("liveness_hook_deliveries_total",
                       "Attempts of this server to bring an event to a hook's receiver, by result.");
  for (const HookSample& hook : hooks) {
    for (const auto& [result, count] :
         {std::pair("taken", hook.taken), std::pair("failed", hook.failed), std::pair("gone", hook.gone),
          std::pair("misplaced", hook.misplaced)}) {
      deliveries.Add(count, {{"hook", hook.name}, {"result", result}});
    }
  }
  const auto add = [&](auto family, auto HookSample::*field) {
    for (const HookSample& hook : hooks) family.Add(hook.*field, {{"hook", hook.name}});
  };
  add(families.Counter("liveness_hook_events_given_up_total",
                       "Events that no attempt brought to the receiver in time."),
      &HookSample::given_up);
  add(families.Counter("liveness_hook_events_silenced_total",
                       "Events of clients in maintenance, which were not sent."),
      &HookSample::silenced);
  add(families.Counter("liveness_hook_gaps_total", "Gaps in history that the receiver was told of."),
      &HookSample::gaps);
  add(families.Gauge("liveness_hook_leader", "1 if this server is the one that sends."), &HookSample::leads);
  add(families.Gauge("liveness_hook_in_flight", "1 while an attempt goes on."), &HookSample::in_flight);
  add(families.Gauge("liveness_hook_lag_seconds",
                     "Age of the oldest event that waits for the receiver; 0: none waits."),
      &HookSample::lag);
}

}  // namespace liveness::http
