// A call, Heartbeat if not told otherwise, that sends bytes as they are, for what a typed stub would
// never write. Not thread-safe.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/generic/generic_stub.h>

namespace liveness::testing {

class RawStream {
 public:
  explicit RawStream(const std::shared_ptr<grpc::Channel>& channel,
                     const std::string& method = "/liveness.v1.HeartbeatService/Heartbeat")
      : stub_(channel) {
    context_.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    call_ = stub_.PrepareCall(&context_, method, &queue_);
    call_->StartCall(this);
    Wait();
  }
  ~RawStream() {
    if (!status_) {
      context_.TryCancel();
      End();
    }
    queue_.Shutdown();
    while (Wait()) {
    }
  }
  RawStream(const RawStream&) = delete;
  RawStream& operator=(const RawStream&) = delete;

  bool Write(const std::string& bytes) {
    const grpc::Slice slice(bytes);
    call_->Write(grpc::ByteBuffer(&slice, 1), this);
    return Wait();
  }
  // The next message; nothing at the end.
  std::optional<std::string> Read() {
    grpc::ByteBuffer buffer;
    call_->Read(&buffer, this);
    grpc::Slice slice;
    if (!Wait() || !buffer.DumpToSingleSlice(&slice).ok()) return std::nullopt;
    return std::string(slice.begin(), slice.end());
  }
  // Reads to the end and says how it ended.
  grpc::Status End() {
    while (Read()) {
    }
    grpc::Status status;
    call_->Finish(&status, this);
    Wait();
    status_ = status;
    return status;
  }

 private:
  // The one operation that is under way.
  bool Wait() {
    void* tag = nullptr;
    bool ok = false;
    return queue_.Next(&tag, &ok) && ok;
  }

  grpc::CompletionQueue queue_;
  grpc::GenericStub stub_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::GenericClientAsyncReaderWriter> call_;
  std::optional<grpc::Status> status_;
};

}  // namespace liveness::testing
