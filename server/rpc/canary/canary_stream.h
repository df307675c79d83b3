// The canary's end of one stream: a connection of its own, dialed when it is made.
//
// Its operations end on a client's completion queue; whoever turns that queue may
// use the stream, one thread at a time. Not thread-safe.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/byte_buffer.h>

#include "common/clock.h"
#include "common/grpc/socket_mutator.h"
#include "server/rpc/engine/tag.h"

namespace liveness::rpc {

class Engine;

struct CanaryOptions {
  std::string target;  // as gRPC spells it
  std::shared_ptr<grpc::ChannelCredentials> credentials;
  std::string secret;  // CanaryService's
  // Called with each socket before it connects, if there is one.
  common::SocketObserver before_connect;
  // Called on the canary's thread when new connections no longer get in, with why, and with
  // nothing when they do again; or null.
  std::function<void(const std::optional<std::string>& why_not)> on_accepting;
  // Whose spare queues are watched too; or null. Does not shut down while the canary runs.
  Engine* engine = nullptr;
};

class CanaryStream {
 public:
  enum class State { kDialing, kOpen, kOver };

  CanaryStream(const CanaryOptions& options, grpc::CompletionQueue& cq);
  // REQUIRES: IsIdle().
  ~CanaryStream() = default;
  CanaryStream(const CanaryStream&) = delete;
  CanaryStream& operator=(const CanaryStream&) = delete;

  State state() const { return state_; }
  // Which of the server's completion queues it came to. REQUIRES: it is or was open.
  std::size_t queue() const { return queue_; }
  // Why it is over.
  const grpc::Status& status() const { return status_; }

  // False if the last ping has not left yet. REQUIRES: open.
  bool CanPing() const { return !writing_; }
  // Sends a ping, whether the pings before it have been heard or not. `sent` is now, and is what the ping
  // holds.
  void Ping(common::MonoTime sent);
  // Ends it soon.
  void Cancel() { context_.TryCancel(); }
  // No operation is under way: it is over and may be destroyed.
  bool IsIdle() const { return state_ == State::kOver && !writing_; }

 private:
  void OnStarted(bool ok);
  void OnRead(bool ok);
  void OnWritten(bool ok);
  void OnFinished(bool ok);
  void Read() { stream_->Read(&incoming_, read_tag_.Arm()); }

  const std::shared_ptr<grpc::Channel> channel_;
  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> stream_;
  grpc::ByteBuffer incoming_;
  grpc::Status status_;
  State state_ = State::kDialing;
  std::size_t queue_ = 0;
  bool writing_ = false;
  MemberTag<CanaryStream, &CanaryStream::OnStarted> start_tag_{this};
  MemberTag<CanaryStream, &CanaryStream::OnRead> read_tag_{this};
  MemberTag<CanaryStream, &CanaryStream::OnWritten> write_tag_{this};
  MemberTag<CanaryStream, &CanaryStream::OnFinished> finish_tag_{this};
};

}  // namespace liveness::rpc
