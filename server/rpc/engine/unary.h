// One unary method: reads a call's request, has it answered, ends it.
//
//   router.Add(v1::RegistryService::service_full_name(), "GetClient", auth::Action::kView,
//              UnaryMethod<v1::GetClientRequest, v1::Client>(
//                  Where::kInline, [this](const auth::Caller& caller, const v1::GetClientRequest& request,
//                                         v1::Client& response) {
//                    return Get(request, response);   // absl::Status
//                  }));
//
// A handler runs on the queue's thread (kInline: must take microseconds) or on
// a worker (kWorker). Its status goes out with our error details. Where too many
// calls wait for a worker the answer is RESOURCE_EXHAUSTED SERVER_BUSY; a call
// whose deadline passed while it waited is not worked on. A request that does
// not parse is INVALID_ARGUMENT BAD_MESSAGE, likewise none at all; one that does not
// come in time is DEADLINE_EXCEEDED REQUEST_TIMEOUT.
#pragma once

#include <functional>
#include <utility>

#include <grpcpp/support/byte_buffer.h>

#include "absl/status/status.h"
#include "server/auth/caller.h"
#include "server/rpc/engine/generic_router.h"
#include "server/rpc/engine/message_bytes.h"

namespace liveness::rpc {

enum class Where { kInline, kWorker };

// A method over bytes. `answer` on the thread that Where says.
using UnaryBytesHandler = std::function<absl::Status(const auth::Caller& caller, grpc::ByteBuffer& request,
                                                     grpc::ByteBuffer& response)>;
MethodHandler UnaryBytesMethod(Where where, UnaryBytesHandler answer);

// `answer(caller, request, response)` returns an absl::Status; otherwise as above.
template <typename Request, typename Response, typename Handler>
MethodHandler UnaryMethod(Where where, Handler answer) {
  return UnaryBytesMethod(where, [answer = std::move(answer)](const auth::Caller& caller,
                                                              grpc::ByteBuffer& in, grpc::ByteBuffer& out) {
    Request request;
    if (const absl::Status parsed = ParseMessage(in, request); !parsed.ok()) return parsed;
    Response response;
    if (const absl::Status answered = answer(caller, request, response); !answered.ok()) return answered;
    return SerializeMessage(response, out);
  });
}

}  // namespace liveness::rpc
