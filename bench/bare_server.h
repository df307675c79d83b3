// A gRPC server with livenessd's process set-up, transport arguments and completion queues, and nothing of
// its work: what its figures are held against. A Call is one heartbeat stream of it:
//
//   static void Call::Ask(Call::Service&, grpc::ServerCompletionQueue&, rpc::Engine&)
//
// asks for the next stream, and again whenever one came.
#pragma once

#include <grpcpp/server_builder.h>

#include <memory>
#include <string>

#include "server/rpc/engine/engine.h"

namespace liveness::bench {

template <typename Call>
class BareService final : public rpc::AsyncService {
 public:
  void Register(grpc::ServerBuilder& builder, rpc::GenericRouter&) override {
    builder.RegisterService(&service_);
  }
  void Start(grpc::ServerCompletionQueue& cq, rpc::Engine& engine) override {
    Call::Ask(service_, cq, engine);
  }

 private:
  typename Call::Service service_;
};

// Prints "listening on HOST:PORT" and serves until SIGTERM; returns main's exit code. The caller has called
// app::PrepareProcess() before there was anything of gRPC.
int ServeBare(const std::string& listen, std::unique_ptr<rpc::AsyncService> service);

}  // namespace liveness::bench
