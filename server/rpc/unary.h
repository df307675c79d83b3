// One unary method: takes calls, has them answered, and asks for the next.
//
//   methods_.Add<GetClientRequest, Client>(
//       &RegistryService::AsyncService::RequestGetClient, Where::kInline,
//       [this](const grpc::ServerContext& context, const GetClientRequest& request, Client& response) {
//         return Get(request, response);   // absl::Status
//       });
//
// A handler runs on the queue's thread (kInline: must take microseconds) or on
// a worker (kWorker). Its status goes out with our error details. Where too many
// calls wait for a worker the answer is RESOURCE_EXHAUSTED SERVER_BUSY; a call
// whose deadline passed while it waited is not worked on.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include <grpcpp/server_context.h>
#include <grpcpp/support/async_unary_call.h>

#include "absl/status/status.h"
#include "common/clock.h"
#include "common/status.h"
#include "server/rpc/engine.h"
#include "server/rpc/error_details.h"
#include "server/rpc/tag.h"

namespace liveness::rpc {

enum class Where { kInline, kWorker };

// Starts on a queue; kept by UnaryMethods.
class UnaryMethodBase {
 public:
  virtual ~UnaryMethodBase() = default;
  virtual void Start(grpc::ServerCompletionQueue& cq, Engine& engine) = 0;
};

// `Service` is the generated class with this method's Request...() in it.
template <typename Service, typename Request, typename Response>
class UnaryMethod final : public UnaryMethodBase {
 public:
  using RequestFunction =
      std::function<void(Service&, grpc::ServerContext*, Request*, grpc::ServerAsyncResponseWriter<Response>*,
                         grpc::ServerCompletionQueue*, void* tag)>;
  using Handler = std::function<absl::Status(const grpc::ServerContext&, const Request&, Response&)>;

  // `service` outlives the method; the method outlives the engine's calls.
  UnaryMethod(Service& service, RequestFunction request, Where where, Handler handler)
      : service_(service), request_(std::move(request)), where_(where), handler_(std::move(handler)) {}

  void Start(grpc::ServerCompletionQueue& cq, Engine& engine) override {
    (new Call(*this, cq, engine))->Ask();
  }

 private:
  // Owns itself from Ask() until the tag that ends it.
  class Call final : public Tag {
   public:
    Call(UnaryMethod& method, grpc::ServerCompletionQueue& cq, Engine& engine)
        : token_(engine), method_(method), cq_(cq), engine_(engine), writer_(&context_) {}

    void Ask() { method_.request_(method_.service_, &context_, &request_, &writer_, &cq_, Arm()); }

   private:
    void Run(bool ok) override {
      if (answered_ || !ok) {
        delete this;
        return;
      }
      answered_ = true;
      method_.Start(cq_, engine_);
      if (method_.where_ == Where::kInline) {
        Answer();
      } else if (!engine_.RunOnWorker([this] { Answer(); })) {
        Finish(common::WithRetryDelay(common::Error(absl::StatusCode::kResourceExhausted, "SERVER_BUSY",
                                                    "too many queries wait; try again"),
                                      std::chrono::seconds(1)));
      }
    }

    void Answer() {
      if (context_.deadline() <= common::SystemClock().Wall()) {
        Finish(absl::DeadlineExceededError("the deadline passed before the query was begun"));
        return;
      }
      Finish(method_.handler_(context_, request_, response_));
    }

    // Nothing of this object may be touched after it.
    void Finish(const absl::Status& status) {
      if (status.ok()) {
        writer_.Finish(response_, grpc::Status::OK, Arm());
      } else {
        writer_.FinishWithError(ToGrpcStatus(status), Arm());
      }
    }

    CallToken token_;
    UnaryMethod& method_;
    grpc::ServerCompletionQueue& cq_;
    Engine& engine_;
    grpc::ServerContext context_;
    Request request_;
    Response response_;
    grpc::ServerAsyncResponseWriter<Response> writer_;
    bool answered_ = false;
  };

  Service& service_;
  const RequestFunction request_;
  const Where where_;
  const Handler handler_;
};

// The unary methods of one service.
// REQUIRES: every Add() comes before Start(). Outlives the engine's calls.
template <typename Service>
class UnaryMethods {
 public:
  explicit UnaryMethods(Service& service) : service_(service) {}

  // `request` is `&Service::RequestX`; its class may be a base of Service.
  template <typename Request, typename Response, typename Base>
  void Add(void (Base::*request)(grpc::ServerContext*, Request*, grpc::ServerAsyncResponseWriter<Response>*,
                                 grpc::CompletionQueue*, grpc::ServerCompletionQueue*, void*),
           Where where, typename UnaryMethod<Service, Request, Response>::Handler handler) {
    auto ask = [request](Service& service, grpc::ServerContext* context, Request* message,
                         grpc::ServerAsyncResponseWriter<Response>* writer, grpc::ServerCompletionQueue* cq,
                         void* tag) { (service.*request)(context, message, writer, cq, cq, tag); };
    methods_.push_back(std::make_unique<UnaryMethod<Service, Request, Response>>(service_, std::move(ask),
                                                                                 where, std::move(handler)));
  }

  void Start(grpc::ServerCompletionQueue& cq, Engine& engine) {
    for (auto& method : methods_) method->Start(cq, engine);
  }

 private:
  Service& service_;
  std::vector<std::unique_ptr<UnaryMethodBase>> methods_;
};

}  // namespace liveness::rpc
