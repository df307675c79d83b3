// Who makes a gRPC call.
//
// The HTTP port makes the calls that carry its requests on a channel within the process, and tells in their
// metadata whose request it is. That is believed of such a call alone.
#pragma once

#include <optional>
#include <string>

#include <grpcpp/server_context.h>

#include "absl/status/statusor.h"
#include "server/auth/caller.h"
#include "server/auth/gate.h"
#include "server/net/endpoint.h"

namespace liveness::auth {

// Thread-safe.
class CallGate : public Gate {
 public:
  using Gate::Identify;
  // Likewise of a call.
  virtual absl::StatusOr<CallerPtr> Identify(const grpc::ServerContext& context) const = 0;
};

// Lets everybody do everything, and knows of the caller only the address. For engines that stand for
// themselves, in tests.
const CallGate& OpenGate();

// True if this process itself makes the call.
bool IsWithinProcess(const grpc::ServerContext& context);
// Where the call comes from, of what comes over HTTP whoever asked there. Nothing for a Unix socket.
std::optional<net::Endpoint> PeerOf(const grpc::ServerContext& context);
// The same as text, without a port.
std::string AddressOf(const grpc::ServerContext& context);

}  // namespace liveness::auth
