// The least that a gRPC server can do with a heartbeat: it answers every message
// with ready-made bytes, as many as a pong has. Same process set-up, queues,
// transport arguments, method and order of operations as livenessd, so that what
// differs is livenessd's own work.
//
//   echo_server [HOST:PORT]      prints "listening on HOST:PORT", ends at SIGTERM
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/slice.h>

#include <memory>
#include <string>
#include <utility>

#include "bench/bare_server.h"
#include "liveness/v1/heartbeat_service.grpc.pb.h"
#include "server/app/process.h"
#include "server/rpc/engine/engine.h"
#include "server/rpc/engine/tag.h"

namespace liveness::bench {
namespace {

// A pong with both its times.
constexpr std::size_t kPongBytes = 32;

// One stream. A read is outstanding until the client is done; one write at a time.
class EchoCall {
 public:
  using Service = v1::HeartbeatService::WithRawMethod_Heartbeat<v1::HeartbeatService::Service>;

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
      over_ = true;
      Finish();
      return;
    } else if (writing_) {
      has_late_ = true;  // with one message in flight there is never a second
    } else {
      Write();
    }
    stream_.Read(&incoming_, read_tag_.Arm());
  }

  void OnWrite(bool) {
    writing_ = false;
    if (over_) {
      Finish();
    } else if (std::exchange(has_late_, false)) {
      Write();
    }
  }

  void OnFinish(bool) { delete this; }

  void Write() {
    static const std::string pong(kPongBytes, 'x');
    writing_ = true;
    const grpc::Slice slice(pong);
    stream_.Write(grpc::ByteBuffer(&slice, 1), write_tag_.Arm());
  }
  void Finish() {
    if (!writing_) stream_.Finish(grpc::Status::OK, finish_tag_.Arm());
  }

  rpc::CallToken token_;
  Service& service_;
  grpc::ServerCompletionQueue& cq_;
  rpc::Engine& engine_;
  grpc::ServerContext context_;
  grpc::ServerAsyncReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer> stream_;
  rpc::MemberTag<EchoCall, &EchoCall::OnRead> read_tag_{this};
  rpc::MemberTag<EchoCall, &EchoCall::OnWrite> write_tag_{this};
  rpc::MemberTag<EchoCall, &EchoCall::OnFinish> finish_tag_{this};
  grpc::ByteBuffer incoming_;
  bool has_late_ = false;  // a message came before the write before it was over
  bool open_ = false;
  bool writing_ = false;
  bool over_ = false;
};

}  // namespace
}  // namespace liveness::bench

int main(int argc, char** argv) {
  using namespace liveness;
  app::PrepareProcess("warn");
  return bench::ServeBare(argc > 1 ? argv[1] : "127.0.0.1:0",
                          std::make_unique<bench::BareService<bench::EchoCall>>());
}
