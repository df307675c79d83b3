// RegistryService: who is live, who is not, and why.
//
// Queries of one client are answered on the queue's thread; lists, counts and
// snapshots, which may look at every record, on a worker.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

#include "common/clock.h"
#include "liveness/v1/registry_service.grpc.pb.h"
#include "server/auth/caller.h"
#include "server/core/record/seal.h"
#include "server/registry/registry.h"
#include "server/rpc/engine/engine.h"
#include "server/rpc/engine/watch_stream.h"
#include "server/rpc/query/paging.h"
#include "server/rpc/query/stats.h"

namespace liveness::rpc {

class RegistryService final : public AsyncService {
 public:
  // All outlive the engine's calls. `mac` is keyed by the store and signs page
  // tokens; it and `stream_counts` are called from any thread. `max_watchers_per_peer`: of one address, 0: no
  // limit of its own; nothing: three quarters of the registry's.
  RegistryService(registry::Registry& registry, const common::Clock& clock, core::MacFunction mac,
                  std::function<StreamCounts()> stream_counts,
                  std::optional<std::size_t> max_watchers_per_peer = std::nullopt);

  void Register(grpc::ServerBuilder& builder, GenericRouter& router) override;
  // Ends every watch with UNAVAILABLE DRAINING, those that come later too.
  void EndCalls() override;
  void OnGateChanged() override { watch_.streams.WakeAll(); }

 private:
  absl::Status Get(const auth::Caller& caller, const v1::GetClientRequest& request,
                   v1::Client& response) const;
  ListContext ListsOf(const auth::Caller& caller) const { return {registry_, clock_, mac_, caller.view}; }

  registry::Registry& registry_;
  const common::Clock& clock_;
  const core::MacFunction mac_;
  const std::function<StreamCounts()> stream_counts_;
  WatchStream::Method watch_;
};

}  // namespace liveness::rpc
