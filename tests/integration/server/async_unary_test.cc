// Calls whose answer comes later, from any thread, or never.
#include <grpcpp/client_context.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/security/server_credentials.h>
#include <gtest/gtest.h>

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "common/mutex.h"
#include "liveness/v1/admin_service.grpc.pb.h"
#include "server/rpc/engine/async_unary.h"
#include "tests/support/heartbeat_stream.h"

namespace liveness::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Evictions whose outcome the test decides on.
class LaterService final : public rpc::AsyncService {
 public:
  explicit LaterService(rpc::AsyncUnaryOptions options) : options_(std::move(options)) {}
  void Register(grpc::ServerBuilder&, rpc::GenericRouter& router) override {
    router.Add(v1::AdminService::service_full_name(), "EvictClient", auth::Action::kEvict,
               rpc::AsyncUnaryMethod<v1::EvictClientRequest>(
                   options_, [this](const v1::EvictClientRequest&, std::shared_ptr<rpc::Answer> answer) {
                     common::MutexLock lock(mu_);
                     answers_.push_back(std::move(answer));
                     came_.NotifyAll();
                   }));
  }
  std::shared_ptr<rpc::Answer> Wait(std::size_t number) {
    common::MutexLock lock(mu_);
    while (answers_.size() < number) came_.Wait(mu_);
    return answers_[number - 1];
  }

 private:
  const rpc::AsyncUnaryOptions options_;
  common::Mutex mu_;
  common::CondVar came_;
  std::vector<std::shared_ptr<rpc::Answer>> answers_ ABSL_GUARDED_BY(mu_);
};

class AsyncUnary : public ::testing::Test {
 protected:
  void Serve(common::Duration patience, std::size_t max_under_way = 10) {
    auto service = std::make_unique<LaterService>(
        rpc::AsyncUnaryOptions{max_under_way, [] { return absl::UnavailableError("no outcome yet"); }});
    service_ = service.get();
    engine_ = std::make_unique<rpc::Engine>(
        rpc::EngineOptions{.workers = 1, .patience = {.request = milliseconds(300), .outcome = patience}});
    engine_->Add(std::move(service));
    grpc::ServerBuilder builder;
    int port = 0;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    ASSERT_TRUE(engine_->Start(builder).ok());
    channel_ = NewChannel("127.0.0.1:" + std::to_string(port));
    stub_ = v1::AdminService::NewStub(channel_);
  }
  std::future<grpc::Status> Call(seconds deadline = seconds(60)) {
    return std::async(std::launch::async, [this, deadline] {
      grpc::ClientContext context;
      context.set_deadline(std::chrono::system_clock::now() + deadline);
      v1::Client client;
      grpc::Status status = stub_->EvictClient(&context, {}, &client);
      if (status.ok() && client.client_id() != "a")
        return grpc::Status(grpc::StatusCode::DATA_LOSS, "another");
      return status;
    });
  }
  static v1::Client A() {
    v1::Client client;
    client.set_client_id("a");
    return client;
  }

  std::unique_ptr<rpc::Engine> engine_;
  LaterService* service_ = nullptr;
  std::shared_ptr<grpc::Channel> channel_;
  std::unique_ptr<v1::AdminService::Stub> stub_;
};

TEST_F(AsyncUnary, IsAnsweredOnceByWhoeverIsFirst) {
  Serve(seconds(60));
  auto call = Call();
  const auto answer = service_->Wait(1);
  EXPECT_NE(answer->call(), nullptr);
  answer->Reply(A());
  EXPECT_EQ(answer->call(), nullptr);
  answer->Fail(absl::InternalError("too late"));
  const grpc::Status status = call.get();
  EXPECT_TRUE(status.ok()) << status.error_message();

  auto refused = Call();
  service_->Wait(2)->Fail(absl::NotFoundError("nobody"));
  EXPECT_EQ(refused.get().error_code(), grpc::StatusCode::NOT_FOUND);
}

TEST_F(AsyncUnary, EndsWhenItsPatienceIsOver) {
  Serve(milliseconds(100));
  auto call = Call();
  const auto answer = service_->Wait(1);
  const grpc::Status status = call.get();
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(status.error_message(), "no outcome yet");
  answer->Reply(A());  // the outcome comes after all
}

TEST_F(AsyncUnary, IsPatientWithWorkThatGoesOn) {
  Serve(seconds(1));
  auto call = Call();
  const auto answer = service_->Wait(1);
  for (int i = 0; i < 12; ++i) {
    std::this_thread::sleep_for(milliseconds(150));
    answer->Progress();
  }
  answer->Reply(A());
  const grpc::Status status = call.get();
  EXPECT_TRUE(status.ok()) << status.error_message();
}

TEST_F(AsyncUnary, TooManyAreRefusedAndMakeRoomWhenTheyAreOver) {
  Serve(seconds(60), 2);
  auto first = Call();
  const auto answer = service_->Wait(1);
  auto second = Call(seconds(2));
  service_->Wait(2);
  const grpc::Status busy = Call().get();
  EXPECT_EQ(busy.error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  EXPECT_EQ(DetailsOf(busy).reason, "SERVER_BUSY");
  EXPECT_TRUE(DetailsOf(busy).retry_delay.has_value());

  answer->Reply(A());
  EXPECT_TRUE(first.get().ok());
  auto third = Call();
  service_->Wait(3)->Reply(A());
  EXPECT_TRUE(third.get().ok());
  EXPECT_EQ(second.get().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
}

TEST_F(AsyncUnary, OneAddressHasNoMoreThanItsShare) {
  Serve(seconds(60), 8);
  std::vector<std::future<grpc::Status>> calls;
  for (std::size_t i = 1; i <= 6; ++i) {
    calls.push_back(Call());
    service_->Wait(i);
  }
  EXPECT_EQ(DetailsOf(Call().get()).reason, "SERVER_BUSY") << "two places are left, for others";
  for (std::size_t i = 1; i <= 6; ++i) service_->Wait(i)->Reply(A());
  for (auto& call : calls) EXPECT_TRUE(call.get().ok());
  auto next = Call();
  service_->Wait(7)->Reply(A());
  EXPECT_TRUE(next.get().ok());
}

TEST_F(AsyncUnary, EndsACallWhoseRequestDoesNotCome) {
  Serve(seconds(60));
  grpc::GenericStub generic(channel_);
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + seconds(60));
  grpc::CompletionQueue queue;
  const auto stream = generic.PrepareCall(&context, "/liveness.v1.AdminService/EvictClient", &queue);
  void* tag = nullptr;
  bool ok = false;
  stream->StartCall(nullptr);
  ASSERT_TRUE(queue.Next(&tag, &ok));
  grpc::Status status;
  stream->Finish(&status, nullptr);
  ASSERT_TRUE(queue.Next(&tag, &ok));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);
  EXPECT_EQ(DetailsOf(status).reason, "REQUEST_TIMEOUT");
  queue.Shutdown();
  while (queue.Next(&tag, &ok)) {
  }
}

TEST_F(AsyncUnary, OutlivesItsCallerAndItsServer) {
  Serve(seconds(60));
  auto given_up = Call(seconds(1));
  const auto first = service_->Wait(1);
  EXPECT_EQ(given_up.get().error_code(), grpc::StatusCode::DEADLINE_EXCEEDED);

  auto cut = Call();
  const auto second = service_->Wait(2);
  engine_->Shutdown(common::Duration::zero());  // does not wait for an outcome
  EXPECT_EQ(cut.get().error_code(), grpc::StatusCode::UNAVAILABLE);
  engine_.reset();
  EXPECT_EQ(first->call(), nullptr);
  EXPECT_EQ(second->call(), nullptr);
  first->Reply(A());
  second->Progress();
  second->Fail(absl::InternalError("nobody hears it"));
}

}  // namespace
}  // namespace liveness::testing
