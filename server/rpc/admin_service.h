// AdminService: what operators do to clients and servers.
//
// What waits for the store holds no thread: a store that hangs delays no query.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "common/clock.h"
#include "liveness/v1/admin_service.grpc.pb.h"
#include "server/registry/registry.h"
#include "server/rpc/engine.h"
#include "server/rpc/engine/async_unary.h"

namespace liveness::rpc {

class AdminService final : public AsyncService {
 public:
  // What GetServerInfo tells and does not change: all but revision and draining.
  // Asked for at each call, so that it may know a port that was chosen late.
  using Describe = std::function<v1::ServerInfo()>;

  // Sends the clients of this server to others within that span; returns how many were asked.
  using Drain = std::function<std::int64_t(common::Duration)>;

  // All outlive the engine's calls, and are called from any thread.
  AdminService(registry::Registry& registry, const common::Clock& clock, Describe describe,
               std::function<bool()> draining, Drain drain);

  void Register(grpc::ServerBuilder& builder, GenericRouter& router) override;

 private:
  // OK: the answer is given when the store has committed it.
  absl::Status Evict(const v1::EvictClientRequest& request, const std::shared_ptr<Answer>& answer) const;
  absl::Status DrainServer(const v1::DrainServerRequest& request, v1::DrainServerResponse& response) const;

  registry::Registry& registry_;
  const common::Clock& clock_;
  const Describe describe_;
  const std::function<bool()> draining_;
  const Drain drain_;
};

}  // namespace liveness::rpc
