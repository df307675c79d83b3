#include "server/rpc/engine/generic_router.h"

#include <utility>

#include "common/strings.h"

namespace liveness::rpc {

void GenericRouter::Add(std::string_view service, std::string_view method, Shape shape, auth::Action needs,
                        MethodHandler handler) {
  auto& added = methods_[common::StrCat("/", service, "/", method)];
  added.reset(new Method{std::move(handler), needs, MethodFigures(shape)});
}

void GenericRouter::Start(grpc::ServerCompletionQueue& cq, Engine& engine) {
  std::make_shared<GenericCall>(cq, engine)
      ->Ask(service_, [this](std::shared_ptr<GenericCall> call, const absl::Status& bounds) {
        Start(call->cq(), call->engine());  // the next may come while this one is served
        Route(std::move(call), bounds);
      });
}

void GenericRouter::Route(std::shared_ptr<GenericCall> call, const absl::Status& bounds) {
  const auto method = methods_.find(call->context().method());
  const bool known = method != methods_.end();
  call->CountIn(known ? method->second->figures : unknown_);
  if (!bounds.ok()) return call->Finish(bounds);
  if (!known) return Refuse(*call);
  if (const absl::Status admitted = call->Admit(method->second->needs); !admitted.ok()) {
    return call->Finish(admitted);
  }
  method->second->handler(std::move(call));
}

void GenericRouter::Refuse(GenericCall& call) {
  // Not the whole name, because the peer chose how long it is.
  constexpr std::size_t kMostShown = 128;
  call.Finish(absl::UnimplementedError(
      common::StrCat("unknown method ", call.context().method().substr(0, kMostShown))));
}

}  // namespace liveness::rpc
