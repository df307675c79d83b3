// What the flags mean to each part of the server. Pure functions, thread-safe.
#pragma once

#include "server/app/config/config.h"
#include "server/net/accepted_sockets.h"
#include "server/registry/records/types.h"
#include "server/rpc/engine/engine.h"
#include "server/rpc/heartbeat/heartbeat_service.h"

namespace liveness::app {

registry::RegistryOptions MakeRegistryOptions(const Config& config);
// `sockets` outlives the engine.
rpc::EngineOptions MakeEngineOptions(const Config& config, const net::AcceptedSockets& sockets);
rpc::HeartbeatOptions MakeHeartbeatOptions(const Config& config);

}  // namespace liveness::app
