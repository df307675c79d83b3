// `/api/v1/...`: the query and admin RPCs as JSON. Each request is a call of the RPC within the process, so
// that names, checks, limits and errors are those of the RPC (docs/adr/0032-http-is-a-client.md).
#pragma once

#include <memory>
#include <string>

#include "server/http/gateway/rpc_caller.h"
#include "server/http/router.h"

namespace liveness::http {

struct GatewayOptions {
  bool admin = false;   // offer what changes something
  std::string version;  // of this server
  // Takes a word for the log: who did what.
  std::function<void(const std::string&)> on_admin;
};

// The handlers share `caller`.
void AddGateway(Router& router, std::shared_ptr<RpcCaller> caller, GatewayOptions options);

}  // namespace liveness::http
