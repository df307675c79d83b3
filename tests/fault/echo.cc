// The least that a gRPC server can do about a client that dies: it says when its
// read failed. Same process set-up, queue and transport arguments as livenessd, so
// that what differs is livenessd's own work and the way to the watcher.
//
//   fault_echo [HOST:PORT]      prints "listening on HOST:PORT", ends at SIGTERM
//
// Answers each message with an empty pong, and prints {"seen": NANOS, "client_id": ...} at the end of each
// stream.
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>

#include <cstdio>
#include <memory>
#include <string>

#include "bench/bare_server.h"
#include "common/clock.h"
#include "liveness/v1/heartbeat_service.grpc.pb.h"
#include "server/app/process.h"
#include "server/rpc/engine/engine.h"
#include "server/rpc/engine/tag.h"

namespace liveness::fault {
namespace {

// One stream. A read is outstanding until the client is gone; one write at a time.
class EchoCall {
 public:
  using Service = v1::HeartbeatService::WithAsyncMethod_Heartbeat<v1::HeartbeatService::Service>;

  static void Ask(Service& service, grpc::ServerCompletionQueue& cq, rpc::Engine& engine) {
    auto* call = new EchoCall(service, cq, engine);
    service.RequestHeartbeat(&call->context_, &call->stream_, &cq, &cq, call->read_tag_.Arm());
  }

 private:
  EchoCall(Service& service, grpc::ServerCompletionQueue& cq, rpc::Engine& engine)
      : token_(engine), service_(service), cq_(cq), engine_(engine), stream_(&context_) {}

  void OnRead(bool ok) {
    if (!open_) {
      if (!ok) {
        delete this;
        return;
      }
      open_ = true;
      Ask(service_, cq_, engine_);
    } else if (!ok) {
      Tell();
      over_ = true;
      Finish();
      return;
    } else {
      if (incoming_.has_hello()) client_id_ = incoming_.hello().client_id();
      if (!writing_) Write();
    }
    stream_.Read(&incoming_, read_tag_.Arm());
  }
  void OnWrite(bool) {
    writing_ = false;
    if (over_) Finish();
  }
  void OnFinish(bool) { delete this; }

  void Tell() const {
    const auto now = common::SystemClock().Mono().time_since_epoch().count();
    std::printf("{\"seen\": %lld, \"client_id\": \"%s\"}\n", static_cast<long long>(now), client_id_.c_str());
    std::fflush(stdout);
  }
  void Write() {
    v1::HeartbeatResponse answer;
    answer.mutable_pong();
    writing_ = true;
    stream_.Write(answer, write_tag_.Arm());
  }
  void Finish() {
    if (!writing_) stream_.Finish(grpc::Status::OK, finish_tag_.Arm());
  }

  rpc::CallToken token_;
  Service& service_;
  grpc::ServerCompletionQueue& cq_;
  rpc::Engine& engine_;
  grpc::ServerContext context_;
  grpc::ServerAsyncReaderWriter<v1::HeartbeatResponse, v1::HeartbeatRequest> stream_;
  rpc::MemberTag<EchoCall, &EchoCall::OnRead> read_tag_{this};
  rpc::MemberTag<EchoCall, &EchoCall::OnWrite> write_tag_{this};
  rpc::MemberTag<EchoCall, &EchoCall::OnFinish> finish_tag_{this};
  v1::HeartbeatRequest incoming_;
  std::string client_id_;
  bool open_ = false;
  bool writing_ = false;
  bool over_ = false;
};

}  // namespace
}  // namespace liveness::fault

int main(int argc, char** argv) {
  using namespace liveness;
  app::PrepareProcess("warn");
  return bench::ServeBare(argc > 1 ? argv[1] : "127.0.0.1:0",
                          std::make_unique<bench::BareService<fault::EchoCall>>());
}
