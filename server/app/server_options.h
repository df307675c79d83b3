// What the flags mean to each part of the server. Pure functions, thread-safe.
#pragma once

#include "server/app/config.h"
#include "server/registry/types.h"
#include "server/rpc/heartbeat_service.h"

namespace liveness::app {

registry::RegistryOptions MakeRegistryOptions(const Config& config);
rpc::HeartbeatOptions MakeHeartbeatOptions(const Config& config);

}  // namespace liveness::app
