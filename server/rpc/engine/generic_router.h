// Serves methods that are not registered with gRPC, by their path.
//
// For each connection gRPC 1.51 keeps a table of all methods that are registered
// with the server: 160 bytes a method, which every idle client would pay for. So
// only the method that every client calls is registered; all others come here.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/server_builder.h>

#include "server/auth/action.h"
#include "server/rpc/engine/engine.h"
#include "server/rpc/engine/generic_call.h"
#include "server/rpc/engine/method_figures.h"

namespace liveness::rpc {

// Takes a call over. On the thread of the call's queue.
using MethodHandler = std::function<void(std::shared_ptr<GenericCall> call)>;

// Filled before Register(), constant after it. Outlives the engine's calls.
class GenericRouter {
 public:
  using Shape = MethodFigures::Shape;
  struct Method {
    MethodHandler handler;
    auth::Action needs;
    MethodFigures figures;
  };
  using Methods = std::map<std::string, std::unique_ptr<Method>, std::less<>>;  // by path

  // `service` is a generated class's service_full_name(). `needs`: what the caller must be allowed to do for
  // the handler to see the call; the rest, which clients the caller may see, is the handler's.
  void Add(std::string_view service, std::string_view method, auth::Action needs, MethodHandler handler) {
    Add(service, method, Shape::kUnary, needs, std::move(handler));
  }
  void AddStream(std::string_view service, std::string_view method, auth::Action needs,
                 MethodHandler handler) {
    Add(service, method, Shape::kStream, needs, std::move(handler));
  }
  const Methods& methods() const { return methods_; }
  // Of calls whose method was not added.
  const MethodFigures& unknown() const { return unknown_; }

  void Register(grpc::ServerBuilder& builder) { builder.RegisterAsyncGenericService(&service_); }
  // Takes calls on `cq` from now on, as AsyncService::Start() does. A method that
  // was not added is UNIMPLEMENTED.
  void Start(grpc::ServerCompletionQueue& cq, Engine& engine);
  // Answers as if the call's method did not exist.
  static void Refuse(GenericCall& call);

 private:
  void Add(std::string_view service, std::string_view method, Shape shape, auth::Action needs,
           MethodHandler handler);
  void Route(std::shared_ptr<GenericCall> call, const absl::Status& bounds);

  grpc::AsyncGenericService service_;
  Methods methods_;
  MethodFigures unknown_{Shape::kUnary};
};

}  // namespace liveness::rpc
