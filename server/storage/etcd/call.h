// One call to etcd on the loop's queue. A call object lives until its last
// operation is done, then destroys itself.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include <grpcpp/client_context.h>
#include <grpcpp/support/async_stream.h>
#include <grpcpp/support/async_unary_call.h>

#include "server/storage/etcd/loop.h"

namespace liveness::storage::etcd {

// A request and its response.
template <typename Response>
class UnaryCall final : public Completion, public Cancellable {
 public:
  using Done = std::function<void(const grpc::Status& status, Response& response)>;
  using Reader = std::unique_ptr<grpc::ClientAsyncResponseReader<Response>>;

  // `begin(context, queue)` starts the call; `done` is told its end, always once.
  template <typename Prepare, typename Begin>
  static void Start(Loop& loop, const Prepare& prepare, const Begin& begin, Done done) {
    auto* call = new UnaryCall(loop, std::move(done));
    prepare(call->context_);
    call->reader_ = begin(&call->context_, &loop.queue());
    call->reader_->Finish(&call->response_, &call->status_, call->Arm());
  }

 private:
  UnaryCall(Loop& loop, Done done) : Cancellable(loop), done_(std::move(done)) {}
  ~UnaryCall() override = default;
  void Cancel() override { context_.TryCancel(); }
  void Run(bool) override {
    done_(status_, response_);
    delete this;
  }

  const Done done_;
  grpc::ClientContext context_;
  Reader reader_;
  Response response_;
  grpc::Status status_;
};

// A stream both ways. Made by Start(); the pointer is good until `on_end` was called.
template <typename Request, typename Response>
class StreamCall final : public Cancellable {
 public:
  using Stream = std::unique_ptr<grpc::ClientAsyncReaderWriter<Request, Response>>;
  using OnMessage = std::function<void(Response& message)>;
  using OnEnd = std::function<void(const grpc::Status& status)>;

  // `begin(context, queue, tag)` starts the call. `on_end` is told last, once.
  template <typename Prepare, typename Begin>
  static StreamCall* Start(Loop& loop, const Prepare& prepare, const Begin& begin, OnMessage on_message,
                           OnEnd on_end) {
    auto* call = new StreamCall(loop, std::move(on_message), std::move(on_end));
    prepare(call->context_);
    ++call->outstanding_;
    call->stream_ = begin(&call->context_, &loop.queue(), call->started_.Arm());
    return call;
  }

  // Sends it when what was sent before is out; of several that wait the last one counts.
  void Send(Request request) {
    waiting_ = std::move(request);
    WriteNext();
  }
  void Cancel() override { context_.TryCancel(); }

 private:
  template <void (StreamCall::*Method)(bool)>
  class Op final : public Completion {
   public:
    explicit Op(StreamCall* call) : call_(call) {}

   private:
    void Run(bool ok) override {
      --call_->outstanding_;
      (call_->*Method)(ok);
      call_->DestroyIfDone();
    }
    StreamCall* const call_;
  };

  StreamCall(Loop& loop, OnMessage on_message, OnEnd on_end)
      : Cancellable(loop), on_message_(std::move(on_message)), on_end_(std::move(on_end)) {}
  ~StreamCall() override = default;

  void Started(bool ok) {
    started_ok_ = ok;
    if (!ok) return End();
    Read();
    WriteNext();
  }
  void Read() {
    ++outstanding_;
    message_.Clear();
    stream_->Read(&message_, read_.Arm());
  }
  void HasRead(bool ok) {
    if (!ok) return End();
    on_message_(message_);
    Read();
  }
  void WriteNext() {
    if (!started_ok_ || writing_ || ending_ || !waiting_) return;
    writing_ = true;
    ++outstanding_;
    stream_->Write(*waiting_, written_.Arm());
    waiting_.reset();
  }
  void Written(bool ok) {
    writing_ = false;
    if (ok) WriteNext();  // else the reading ends as well
  }
  void End() {
    ending_ = true;
    ++outstanding_;
    stream_->Finish(&status_, finished_.Arm());
  }
  void Finished(bool) {
    over_ = true;
    on_end_(status_);
  }
  void DestroyIfDone() {
    if (over_ && outstanding_ == 0) delete this;
  }

  const OnMessage on_message_;
  const OnEnd on_end_;
  grpc::ClientContext context_;
  Stream stream_;
  Response message_;
  std::optional<Request> waiting_;
  grpc::Status status_;
  int outstanding_ = 0;
  bool started_ok_ = false;
  bool writing_ = false;
  bool ending_ = false;
  bool over_ = false;
  Op<&StreamCall::Started> started_{this};
  Op<&StreamCall::HasRead> read_{this};
  Op<&StreamCall::Written> written_{this};
  Op<&StreamCall::Finished> finished_{this};
};

}  // namespace liveness::storage::etcd
