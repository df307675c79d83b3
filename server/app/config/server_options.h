// What the flags mean to each part of the server. Pure functions, thread-safe.
#pragma once

#include "server/app/config/config.h"
#include "server/auth/call_gate.h"
#include "server/net/accepted_sockets.h"
#include "server/registry/records/types.h"
#include "server/rpc/engine/engine.h"
#include "server/rpc/heartbeat/heartbeat_service.h"

namespace liveness::app {

registry::RegistryOptions MakeRegistryOptions(const Config& config);
// Both others outlive the engine.
rpc::EngineOptions MakeEngineOptions(const Config& config, const net::AcceptedSockets& sockets,
                                     const auth::CallGate& gate);
rpc::HeartbeatOptions MakeHeartbeatOptions(const Config& config);

}  // namespace liveness::app
