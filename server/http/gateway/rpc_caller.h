// Calls this server's own RPCs, within the process: no socket, no copy through the kernel.
//
// Thread-safe. Answers come on a thread of its own ("http-rpc"), which must not be kept busy.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include <google/protobuf/message.h>
#include <grpcpp/channel.h>
#include <grpcpp/support/byte_buffer.h>

#include "absl/status/statusor.h"

namespace liveness::http {

class RpcCaller {
 public:
  // The answer as it came, or why there is none, with the reason and details that the server gave.
  using Done = std::function<void(absl::StatusOr<grpc::ByteBuffer> answer)>;

  // Whose request it is: `10.0.0.7:4711`, and whom that was proved to be; both may be empty.
  struct AskedBy {
    std::string peer;
    std::string principal;
  };

  // `secret`: what the services believe the calls by (common/grpc/asked_by.h).
  explicit RpcCaller(std::shared_ptr<grpc::Channel> channel, std::string secret = {});
  // As Stop().
  ~RpcCaller();

  // Calls `method` (`/package.Service/Method`). Returns what gives the call up, which may be called at any
  // time. `done` is called in any case, on the caller's thread; at once after Stop().
  std::function<void()> Call(const std::string& method, const google::protobuf::Message& request,
                             const AskedBy& asked_by, Done done);

  // Gives up what is under way, and returns when all of it is done. Once.
  void Stop();

 private:
  struct State;
  const std::shared_ptr<State> state_;
};

}  // namespace liveness::http
