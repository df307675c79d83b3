// RegistryService.ListTransitions: what happened, as far back as it is kept.
// Thread-safe; for a worker.
#pragma once

#include "absl/status/status.h"
#include "liveness/v1/registry_service.pb.h"
#include "server/rpc/paging.h"

namespace liveness::rpc {

// Transitions that share a revision are on one page, which may therefore be a
// little larger than was asked for.
// REQUIRES: `response` is empty.
absl::Status ListTransitions(const ListContext& context, const v1::ListTransitionsRequest& request,
                             v1::ListTransitionsResponse& response);

}  // namespace liveness::rpc
