// What GetServerInfo tells of the listening sockets.
#pragma once

#include <optional>

#include "common/clock.h"
#include "liveness/v1/admin_service.pb.h"
#include "server/net/accept_figures.h"

namespace liveness::rpc {

// `last_canary`: when the canary's last new connection got in. Moments are told by `clock`.
void DescribeListener(const net::AcceptFigures& figures, std::optional<common::MonoTime> last_canary,
                      const common::Clock& clock, v1::Listener& info);

}  // namespace liveness::rpc
