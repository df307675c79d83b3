// A unary method whose answer may take long to find: it is looked for in slices of some
// milliseconds each, by turns with all others that are, so that many long queries share the
// workers and a short one waits for a slice of each. See WorkerPool.
//
//   router.Add(v1::RegistryService::service_full_name(), "ListClients", auth::Action::kView,
//              SlicedMethod<v1::ListClientsRequest, v1::ListClientsResponse>(
//                  Lane::kQueries, [this](const auto& caller, const auto& request) {
//                    return ClientList::Begin(..., caller, request);
//                  }));
//
// `begin(caller, request)` returns an absl::StatusOr<std::unique_ptr<Query>>; query->Step(response)
// an absl::StatusOr<bool>: true once the response is complete. Both run on workers. A query
// whose caller is gone, or whose deadline passes, is given up between two slices. Errors
// otherwise as in unary.h.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include <grpcpp/support/byte_buffer.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/auth/caller.h"
#include "server/rpc/engine/generic_router.h"
#include "server/rpc/engine/message_bytes.h"
#include "server/rpc/engine/worker_pool.h"

namespace liveness::rpc {

// One call's answer, over bytes.
class SlicedAnswer {
 public:
  virtual ~SlicedAnswer() = default;
  // Nothing: not yet. OK: `out` is the answer.
  virtual std::optional<absl::Status> Step(grpc::ByteBuffer& out) = 0;
};

using BeginAnswer = std::function<absl::StatusOr<std::unique_ptr<SlicedAnswer>>(const auth::Caller& caller,
                                                                                grpc::ByteBuffer& request)>;
MethodHandler SlicedBytesMethod(Lane lane, BeginAnswer begin);

template <typename Request, typename Response, typename Begin>
MethodHandler SlicedMethod(Lane lane, Begin begin) {
  using Query = typename decltype(begin(std::declval<const auth::Caller&>(),
                                        std::declval<const Request&>()))::value_type;  // a unique_ptr
  class Answer final : public SlicedAnswer {
   public:
    explicit Answer(Query query) : query_(std::move(query)) {}
    std::optional<absl::Status> Step(grpc::ByteBuffer& out) override {
      const absl::StatusOr<bool> done = query_->Step(response_);
      if (!done.ok()) return done.status();
      if (!*done) return std::nullopt;
      return SerializeMessage(response_, out);
    }

   private:
    const Query query_;
    Response response_;
  };
  return SlicedBytesMethod(
      lane,
      [begin = std::move(begin)](const auth::Caller& caller,
                                 grpc::ByteBuffer& in) -> absl::StatusOr<std::unique_ptr<SlicedAnswer>> {
        Request request;
        if (const absl::Status parsed = ParseMessage(in, request); !parsed.ok()) return parsed;
        auto query = begin(caller, std::as_const(request));
        if (!query.ok()) return query.status();
        return std::make_unique<Answer>(*std::move(query));
      });
}

}  // namespace liveness::rpc
