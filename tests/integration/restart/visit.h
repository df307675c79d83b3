// One Heartbeat call of many that share a completion queue and its one thread.
//
// Of that thread alone. Made with new: it deletes itself once it is over and
// gRPC has handed back all that it was given.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>

#include <grpcpp/client_context.h>
#include <grpcpp/completion_queue.h>
#include <grpcpp/support/async_stream.h>

#include "liveness/v1/heartbeat_service.grpc.pb.h"
#include "server/rpc/engine/tag.h"

namespace liveness::testing {

class Visit {
 public:
  // Outlives its visits.
  class Host {
   public:
    virtual ~Host() = default;
    virtual void OnResponse(Visit& visit, const v1::HeartbeatResponse& response) = 0;
    // The last word; the visit is gone after it.
    virtual void OnEnd(Visit& visit, const grpc::Status& status) = 0;
  };

  // `member`: whose it is, for the host.
  Visit(Host& host, v1::HeartbeatService::Stub& stub, grpc::CompletionQueue& cq, std::size_t member,
        const v1::HeartbeatRequest& hello);

  std::size_t member() const { return member_; }
  const v1::Hello& hello() const { return hello_.hello(); }

  void Send(const v1::HeartbeatRequest& request);
  void Cancel() {
    cancelled_ = true;
    context_.TryCancel();
  }
  bool cancelled() const { return cancelled_; }

 private:
  ~Visit() = default;

  void OnStart(bool ok);
  void OnRead(bool ok);
  void OnWrite(bool ok);
  void OnFinish(bool ok);
  void Finish();
  void LeaveIfOver();

  Host& host_;
  const std::size_t member_;
  const v1::HeartbeatRequest hello_;
  grpc::ClientContext context_;
  std::unique_ptr<grpc::ClientAsyncReaderWriter<v1::HeartbeatRequest, v1::HeartbeatResponse>> stream_;
  rpc::MemberTag<Visit, &Visit::OnStart> start_tag_{this};
  rpc::MemberTag<Visit, &Visit::OnRead> read_tag_{this};
  rpc::MemberTag<Visit, &Visit::OnWrite> write_tag_{this};
  rpc::MemberTag<Visit, &Visit::OnFinish> finish_tag_{this};
  v1::HeartbeatResponse response_;
  std::deque<v1::HeartbeatRequest> waiting_;
  grpc::Status status_;
  bool started_ = false;
  bool writing_ = false;
  bool over_ = false;
  bool cancelled_ = false;
};

}  // namespace liveness::testing
