// RegistryService.ListClients. Thread-safe; for a worker: it may look at every
// record there is, in parts between which the registry is free for others.
#pragma once

#include "absl/status/status.h"
#include "liveness/v1/registry_service.pb.h"
#include "server/rpc/paging.h"

namespace liveness::rpc {

// REQUIRES: `response` is empty.
absl::Status ListClients(const ListContext& context, const v1::ListClientsRequest& request,
                         v1::ListClientsResponse& response);

}  // namespace liveness::rpc
