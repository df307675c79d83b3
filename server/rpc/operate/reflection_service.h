// grpc.reflection.v1alpha: tools that have no .proto files ask for them here.
//
// Our own, on the engine's queues: gRPC's plugin is a synchronous service whose
// pollers would share the sockets with ours and cost CPU per heartbeat.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "common/mutex.h"
#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"
#include "server/rpc/engine/engine.h"
#include "server/rpc/engine/stream_quota.h"

namespace liveness::rpc {

namespace reflection = ::grpc::reflection::v1alpha;

// The answer to one request, from the descriptors that are linked in. Pure.
reflection::ServerReflectionResponse Reflect(const std::vector<std::string>& services,
                                             const reflection::ServerReflectionRequest& request);

class ReflectionCall;

class ReflectionService final : public AsyncService {
 public:
  // A tool's call is short; one that idles holds a place, of all and of its address's share.
  static constexpr std::size_t kMaxCalls = 100;

  // `services`: full names; this one is added.
  explicit ReflectionService(std::vector<std::string> services);

  void Register(grpc::ServerBuilder& builder, GenericRouter& router) override;
  // Cancels all, those that come later too.
  void EndCalls() override;

 private:
  friend class ReflectionCall;

  bool Opened(const std::shared_ptr<ReflectionCall>& call);
  void Closed(const ReflectionCall* call);

  std::vector<std::string> services_;
  StreamQuota per_peer_{StreamQuota::ShareOf(kMaxCalls)};
  common::Mutex mu_;
  bool ended_ ABSL_GUARDED_BY(mu_) = false;
  absl::flat_hash_map<const ReflectionCall*, std::weak_ptr<ReflectionCall>> calls_ ABSL_GUARDED_BY(mu_);
};

}  // namespace liveness::rpc
