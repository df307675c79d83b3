#include "server/rpc/canary/canary_report.h"

#include "server/rpc/convert/convert.h"

namespace liveness::rpc {

v1::CanaryState CanaryStateOf(bool on, core::CanaryDoubt doubt, std::size_t watched, std::size_t queues) {
  if (!on) return v1::CANARY_STATE_OFF;
  switch (doubt) {
    case core::CanaryDoubt::kSpent: return v1::CANARY_STATE_SPENT;
    case core::CanaryDoubt::kCredited: return v1::CANARY_STATE_DOUBT;
    case core::CanaryDoubt::kNone: break;
  }
  return watched < queues ? v1::CANARY_STATE_PARTIAL : v1::CANARY_STATE_WATCHING;
}

void DescribeCanary(const registry::Registry& registry, const Canary& canary, bool on, v1::Canary& info) {
  const std::size_t watched = canary.watched();
  const std::size_t queues = canary.dialed_queues();
  info.set_state(CanaryStateOf(on, registry.doubt(), watched, queues));
  info.set_watched_queue_count(static_cast<std::int32_t>(watched));
  info.set_queue_count(static_cast<std::int32_t>(queues));
  ToProto(registry.options().max_doubt, *info.mutable_max_doubt());
}

}  // namespace liveness::rpc
