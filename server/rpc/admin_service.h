// AdminService: what operators do to clients and servers.
#pragma once

#include <functional>
#include <string>

#include "common/clock.h"
#include "liveness/v1/admin_service.grpc.pb.h"
#include "server/registry/registry.h"
#include "server/rpc/engine.h"

namespace liveness::rpc {

class AdminService final : public AsyncService {
 public:
  // What GetServerInfo tells and does not change: all but revision and draining.
  // Asked for at each call, so that it may know a port that was chosen late.
  using Describe = std::function<v1::ServerInfo()>;

  // All outlive the engine's calls. `describe` and `draining` from any thread.
  AdminService(registry::Registry& registry, const common::Clock& clock, Describe describe,
               std::function<bool()> draining);

  void Register(grpc::ServerBuilder& builder, GenericRouter& router) override;

 private:
  absl::Status Evict(const v1::EvictClientRequest& request, v1::Client& response) const;

  registry::Registry& registry_;
  const common::Clock& clock_;
  const Describe describe_;
  const std::function<bool()> draining_;
};

}  // namespace liveness::rpc
