#include "server/rpc/engine/generic_router.h"

#include <utility>

#include "common/strings.h"

namespace liveness::rpc {

void GenericRouter::Add(std::string_view service, std::string_view method, MethodHandler handler) {
  handlers_.emplace(common::StrCat("/", service, "/", method), std::move(handler));
}

void GenericRouter::Start(grpc::ServerCompletionQueue& cq, Engine& engine) {
  std::make_shared<GenericCall>(cq, engine)
      ->Ask(service_, [this](std::shared_ptr<GenericCall> call, const absl::Status& bounds) {
        Start(call->cq(), call->engine());  // the next may come while this one is served
        if (!bounds.ok()) return call->Finish(bounds);
        Route(std::move(call));
      });
}

void GenericRouter::Route(std::shared_ptr<GenericCall> call) {
  const auto handler = handlers_.find(call->context().method());
  if (handler != handlers_.end()) return handler->second(std::move(call));
  Refuse(*call);
}

void GenericRouter::Refuse(GenericCall& call) {
  // Not the whole name, because the peer chose how long it is.
  constexpr std::size_t kMostShown = 128;
  call.Finish(absl::UnimplementedError(
      common::StrCat("unknown method ", call.context().method().substr(0, kMostShown))));
}

}  // namespace liveness::rpc
