// The methods as bytes over real gRPC: every declared one is served, and what is
// no call of them ends cleanly.
#include <optional>
#include <string>
#include <vector>

#include <google/protobuf/descriptor.h>
#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include "grpc/reflection/v1alpha/reflection.grpc.pb.h"
#include "tests/integration/server/query_server.h"
#include "tests/support/heartbeat_stream.h"

namespace liveness::testing {
namespace {

using google::protobuf::DescriptorPool;
using google::protobuf::ServiceDescriptor;

std::vector<std::string> DeclaredMethods() {
  std::vector<std::string> paths;
  for (const char* name : {v1::RegistryService::service_full_name(), v1::AdminService::service_full_name(),
                           ::grpc::health::v1::Health::service_full_name(),
                           ::grpc::reflection::v1alpha::ServerReflection::service_full_name()}) {
    const ServiceDescriptor* service = DescriptorPool::generated_pool()->FindServiceByName(name);
    for (int i = 0; i < service->method_count(); ++i) {
      paths.push_back(std::string("/") + name + "/" + service->method(i)->name());
    }
  }
  return paths;
}

class QueryMethodsTest : public ::testing::Test {
 protected:
  ~QueryMethodsTest() override {
    queue_.Shutdown();
    for (void* tag = nullptr; queue_.Next(&tag, &ok_);) {
    }
  }

  // How a call ends that sends `request`, if any, and no more. Gives it up then if told to.
  grpc::Status Call(const std::string& path, const std::optional<std::string>& request,
                    bool give_up = false) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    const auto stream = stub_.PrepareCall(&context, path, &queue_);
    stream->StartCall(this);
    Wait();
    if (request) {
      const grpc::Slice slice(*request);
      stream->Write(grpc::ByteBuffer(&slice, 1), this);
      Wait();
    }
    if (give_up) {
      context.TryCancel();
    } else {
      stream->WritesDone(this);
      Wait();
    }
    grpc::ByteBuffer answer;
    do {
      stream->Read(&answer, this);
    } while (Wait());
    grpc::Status status;
    stream->Finish(&status, this);
    Wait();
    return status;
  }

  QueryServer server_;

 private:
  bool Wait() {
    void* tag = nullptr;
    return queue_.Next(&tag, &ok_) && ok_;
  }

  grpc::GenericStub stub_{server_.Connect()};
  grpc::CompletionQueue queue_;
  bool ok_ = false;
};

TEST_F(QueryMethodsTest, WhatIsNotDeclaredIsUnimplemented) {
  for (const char* path : {"/liveness.v1.RegistryService/Nothing", "/liveness.v1.RegistryService/",
                           "/liveness.v1.Nothing/GetClient", "liveness.v1.RegistryService/GetClient", "/"}) {
    EXPECT_EQ(Call(path, "").error_code(), grpc::StatusCode::UNIMPLEMENTED) << path;
  }
  EXPECT_EQ(Call("/a/B", "").error_message(), "unknown method /a/B");
  EXPECT_EQ(Call("/a/B", std::nullopt).error_code(), grpc::StatusCode::UNIMPLEMENTED);
}

TEST_F(QueryMethodsTest, BytesThatAreNoMessage) {
  for (const std::string& path : DeclaredMethods()) {
    const grpc::Status status = Call(path, "\xff\xff\xff\xff");
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << path << status.error_message();
    EXPECT_EQ(DetailsOf(status).reason, "BAD_MESSAGE") << path;
  }
}

TEST_F(QueryMethodsTest, NoMessageAtAll) {
  for (const std::string& path : DeclaredMethods()) {
    const grpc::Status status = Call(path, std::nullopt);
    if (path.ends_with("/ServerReflectionInfo")) {
      EXPECT_TRUE(status.ok()) << status.error_message();
      continue;
    }
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << path << status.error_message();
    EXPECT_EQ(DetailsOf(status).reason, "BAD_MESSAGE") << path;
  }
}

TEST_F(QueryMethodsTest, MoreThanTheTransportTakes) {
  for (const std::string& path : DeclaredMethods()) {
    EXPECT_EQ(Call(path, std::string(5 << 20, 'x')).error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED)
        << path;
  }
}

TEST_F(QueryMethodsTest, GivenUpBeforeAndAfterTheRequest) {
  for (int round = 0; round < 20; ++round) {
    for (const std::string& path : DeclaredMethods()) {
      Call(path, std::nullopt, /*give_up=*/true);
      Call(path, "", /*give_up=*/true);
    }
  }
  v1::GetStatsResponse stats;
  grpc::ClientContext context;
  const auto stub = v1::RegistryService::NewStub(server_.Connect());
  EXPECT_TRUE(stub->GetStats(&context, v1::GetStatsRequest(), &stats).ok());
}

// Calls whose request never comes must not hold the server up for ever.
TEST(QueryMethodsShutdownTest, EndsCallsThatNeverSaidWhatTheyWant) {
  std::optional<QueryServer> server(std::in_place);
  grpc::GenericStub stub(server->Connect());
  grpc::CompletionQueue queue;
  void* tag = nullptr;
  bool ok = false;
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::GenericClientAsyncReaderWriter>> streams;
  for (const std::string& path : DeclaredMethods()) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    streams.push_back(stub.PrepareCall(contexts.back().get(), path, &queue));
    streams.back()->StartCall(nullptr);
    ASSERT_TRUE(queue.Next(&tag, &ok) && ok);
  }
  server.reset();
  for (const auto& stream : streams) {
    grpc::Status status;
    stream->Finish(&status, nullptr);
    ASSERT_TRUE(queue.Next(&tag, &ok));
    EXPECT_FALSE(status.ok());
  }
  queue.Shutdown();
  EXPECT_FALSE(queue.Next(&tag, &ok));
}

}  // namespace
}  // namespace liveness::testing
