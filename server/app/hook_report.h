// How the hooks do, for `server info` and for metrics. Pure functions, thread-safe.
#pragma once

#include <vector>

#include "common/clock.h"
#include "liveness/v1/admin_service.pb.h"
#include "server/hooks/hook_state.h"
#include "server/http/metrics/metrics_sources.h"

namespace liveness::app {

void DescribeHooks(const std::vector<hooks::HookState>& states,
                   google::protobuf::RepeatedPtrField<v1::Hook>& described);
std::vector<http::HookSample> SampleHooks(const std::vector<hooks::HookState>& states, common::WallTime now);

}  // namespace liveness::app
