// Incidents as the wire writes them. Pure, thread-safe.
#pragma once

#include "liveness/v1/admin_service.pb.h"
#include "server/core/fleet/incident.h"

namespace liveness::rpc {

// `now` is what the length of one that goes on is reckoned to.
void ToProto(const core::Incident& incident, core::WallTime now, v1::Incident& proto);

}  // namespace liveness::rpc
