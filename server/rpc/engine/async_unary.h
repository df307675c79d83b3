// A unary method whose answer comes later, from any thread: of the store, say. No thread
// is held meanwhile.
//
//   router.Add(v1::AdminService::service_full_name(), "EvictClient", auth::Action::kEvict,
//              AsyncUnaryMethod<v1::EvictClientRequest>(
//                  {.patience_error = NotYetCommitted}, [this](const v1::EvictClientRequest& request,
//                                                              std::shared_ptr<Answer> answer) {
//                    registry_.Evict(..., [answer](auto outcome) { ...; answer->Reply(response); });
//                  }));
//
// The handler runs on the queue's thread: it must take microseconds. It gives the answer
// to whatever will know the outcome, which may keep the answer for as long as it likes: an
// answer holds its call only until the call is over, be it by that outcome, by the patience
// running out, because the caller gave up, or because the server ends. An outcome that
// comes after that goes nowhere.
//
// The engine's patience (CallPatience::outcome) bounds how long the work may take without
// a sign of progress. Where too many calls of one method are under way, or of one address
// (StreamQuota::ShareOf), the answer is RESOURCE_EXHAUSTED SERVER_BUSY, with RetryInfo. A
// request that does not come ends the call as in unary.h.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

#include <grpcpp/support/byte_buffer.h>

#include "absl/status/status.h"
#include "common/mutex.h"
#include "server/rpc/engine/generic_router.h"
#include "server/rpc/engine/message_bytes.h"

namespace liveness::rpc {

struct AsyncUnaryOptions {
  std::size_t max_under_way = 64;  // calls of this method that have been begun and not answered
  // What a call is told whose outcome did not come in time.
  std::function<absl::Status()> patience_error;
};

class AsyncUnaryCall;

// The answer that one call waits for. Thread-safe. The first Reply or Fail counts, and is all that is sent.
class Answer {
 public:
  ~Answer();
  template <typename Message>
  void Reply(const Message& response) {
    grpc::ByteBuffer bytes;
    const absl::Status status = SerializeMessage(response, bytes);
    if (status.ok()) {
      ReplyBytes(bytes);
    } else {
      Fail(status);
    }
  }
  void ReplyBytes(const grpc::ByteBuffer& response);
  void Fail(const absl::Status& why);

  // The work goes on: its patience begins anew.
  void Progress();

  // Null once the call is over. While it is held the server does not end, so that what outlives the
  // server's calls may be used: its services, its workers.
  std::shared_ptr<GenericCall> call() const;

 private:
  friend class AsyncUnaryCall;
  struct UnderWay;  // one that counts among a method's
  Answer();
  // Null if the call was over before.
  std::shared_ptr<GenericCall> Take();

  mutable common::Mutex mu_;
  std::shared_ptr<AsyncUnaryCall> waiting_ ABSL_GUARDED_BY(mu_);  // null once it is over
  std::unique_ptr<UnderWay> under_way_ ABSL_GUARDED_BY(mu_);
};

using AsyncBytesHandler = std::function<void(grpc::ByteBuffer& request, std::shared_ptr<Answer> answer)>;
MethodHandler AsyncUnaryBytesMethod(AsyncUnaryOptions options, AsyncBytesHandler begin);

// `begin(request, answer)`; a request that does not parse is INVALID_ARGUMENT BAD_MESSAGE.
template <typename Request, typename Begin>
MethodHandler AsyncUnaryMethod(AsyncUnaryOptions options, Begin begin) {
  return AsyncUnaryBytesMethod(
      std::move(options),
      [begin = std::move(begin)](grpc::ByteBuffer& bytes, std::shared_ptr<Answer> answer) {
        Request request;
        if (const absl::Status parsed = ParseMessage(bytes, request); !parsed.ok())
          return answer->Fail(parsed);
        begin(request, std::move(answer));
      });
}

}  // namespace liveness::rpc
