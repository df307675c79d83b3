// Serves methods that are not registered with gRPC, by their path.
//
// For each connection gRPC 1.51 keeps a table of all methods that are registered
// with the server: 160 bytes a method, which every idle client would pay for. So
// only the method that every client calls is registered; all others come here.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server_builder.h>

#include "absl/container/flat_hash_map.h"
#include "server/rpc/engine/engine.h"
#include "server/rpc/engine/generic_call.h"

namespace liveness::rpc {

// Takes a call over. On the thread of the call's queue.
using MethodHandler = std::function<void(std::shared_ptr<GenericCall> call)>;

// Filled before Register(), constant after it. Outlives the engine's calls.
class GenericRouter {
 public:
  // `service` is a generated class's service_full_name().
  void Add(std::string_view service, std::string_view method, MethodHandler handler);

  void Register(grpc::ServerBuilder& builder) { builder.RegisterAsyncGenericService(&service_); }
  // Takes calls on `cq` from now on, as AsyncService::Start() does. A method that
  // was not added is UNIMPLEMENTED.
  void Start(grpc::ServerCompletionQueue& cq, Engine& engine);
  // Answers as if the call's method did not exist.
  static void Refuse(GenericCall& call);

 private:
  void Route(std::shared_ptr<GenericCall> call);

  grpc::AsyncGenericService service_;
  absl::flat_hash_map<std::string, MethodHandler> handlers_;  // by path
};

}  // namespace liveness::rpc
