// A unary method whose answer may take long to find: it is looked for in slices of some
// milliseconds each, by turns with all others that are, so that many long queries share the
// workers and a short one waits for a slice of each. See WorkerPool.
//
//   router.Add(v1::RegistryService::service_full_name(), "ListClients",
//              SlicedMethod<v1::ListClientsRequest, v1::ListClientsResponse>(
//                  Lane::kQueries, [this](const auto& request) { return ClientList::Begin(..., request); }));
//
// `begin(request)` returns an absl::StatusOr<std::unique_ptr<Query>>; query->Step(response)
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

using BeginAnswer = std::function<absl::StatusOr<std::unique_ptr<SlicedAnswer>>(grpc::ByteBuffer& request)>;
MethodHandler SlicedBytesMethod(Lane lane, BeginAnswer begin);

// `complete(response)` adds the last to what was found. May be null.
template <typename Request, typename Response, typename Begin>
MethodHandler SlicedMethod(Lane lane, Begin begin, std::function<void(Response&)> complete = nullptr) {
  using Query = typename decltype(begin(std::declval<const Request&>()))::value_type;  // a unique_ptr
  class Answer final : public SlicedAnswer {
   public:
    Answer(Query query, std::function<void(Response&)> complete)
        : query_(std::move(query)), complete_(std::move(complete)) {}
    std::optional<absl::Status> Step(grpc::ByteBuffer& out) override {
      const absl::StatusOr<bool> done = query_->Step(response_);
      if (!done.ok()) return done.status();
      if (!*done) return std::nullopt;
      if (complete_) complete_(response_);
      return SerializeMessage(response_, out);
    }

   private:
    const Query query_;
    const std::function<void(Response&)> complete_;
    Response response_;
  };
  return SlicedBytesMethod(lane,
                           [begin = std::move(begin), complete = std::move(complete)](
                               grpc::ByteBuffer& in) -> absl::StatusOr<std::unique_ptr<SlicedAnswer>> {
                             Request request;
                             if (const absl::Status parsed = ParseMessage(in, request); !parsed.ok())
                               return parsed;
                             auto query = begin(std::as_const(request));
                             if (!query.ok()) return query.status();
                             return std::make_unique<Answer>(*std::move(query), complete);
                           });
}

}  // namespace liveness::rpc
