// What GetServerInfo tells of the canary.
#pragma once

#include "liveness/v1/admin_service.pb.h"
#include "server/registry/registry.h"
#include "server/rpc/canary/canary.h"

namespace liveness::rpc {

// `watched` of `queues` have a canary now; `on`: it was not turned off.
v1::CanaryState CanaryStateOf(bool on, core::CanaryDoubt doubt, std::size_t watched, std::size_t queues);

// Thread-safe.
void DescribeCanary(const registry::Registry& registry, const Canary& canary, bool on, v1::Canary& info);

}  // namespace liveness::rpc
