// A gRPC server in the test's own process that answers every method with what a script says, whatever was
// asked. Header only. The script is called on gRPC's threads.
#pragma once

#include <grpcpp/generic/async_generic_service.h>
#include <grpcpp/grpcpp.h>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace liveness::testing {

class HostileServer {
 public:
  struct Answer {
    // The bytes of message `n`, from 0 on; nothing: there are no more, and the call ends with `status`.
    std::function<std::optional<std::string>(int n)> message;
    grpc::Status status;
  };
  // `method` as /package.Service/Method.
  using Script = std::function<Answer(const std::string& method)>;

  // Listens on 127.0.0.1, on a port that is free.
  explicit HostileServer(Script script) : service_(std::move(script)) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterCallbackGenericService(&service_);
    server_ = builder.BuildAndStart();
  }
  // Cancels what is open.
  ~HostileServer() {
    if (server_) server_->Shutdown(std::chrono::system_clock::now());
  }
  std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  // Keeps itself until gRPC is done with it.
  class Call final : public grpc::ServerGenericBidiReactor {
   public:
    explicit Call(Answer answer) : answer_(std::move(answer)) { Next(); }

   private:
    void OnWriteDone(bool ok) override {
      if (!ok) return Finish(grpc::Status(grpc::StatusCode::CANCELLED, "nobody reads it"));
      Next();
    }
    void OnDone() override { delete this; }
    void Next() {
      const std::optional<std::string> message = answer_.message ? answer_.message(said_++) : std::nullopt;
      if (!message) return Finish(answer_.status);
      const grpc::Slice slice(*message);
      bytes_ = grpc::ByteBuffer(&slice, 1);
      StartWrite(&bytes_);
    }

    const Answer answer_;
    int said_ = 0;
    grpc::ByteBuffer bytes_;
  };
  class Service final : public grpc::CallbackGenericService {
   public:
    explicit Service(Script script) : script_(std::move(script)) {}
    grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override {
      return new Call(script_(context->method()));
    }

   private:
    const Script script_;
  };

  Service service_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

}  // namespace liveness::testing
