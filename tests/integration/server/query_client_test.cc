// One client, over real gRPC: what is told of it, and what an operator does to it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/server/query_lists.h"

namespace liveness::testing {
namespace {

using ::testing::HasSubstr;

class QueryClientTest : public QueryListsTest {};

TEST_F(QueryClientTest, GetsOneClient) {
  server_.Join("a/b", {{"zone", "eu-1"}});
  v1::GetClientRequest request;
  request.set_name("clients/a/b");
  v1::Client client;
  {
    grpc::ClientContext context;
    ASSERT_TRUE(stub_->GetClient(&context, request, &client).ok());
    EXPECT_EQ(client.name(), "clients/a/b");
    EXPECT_EQ(client.client_id(), "a/b");
    EXPECT_EQ(client.state(), v1::STATE_ALIVE);
    EXPECT_EQ(client.labels().at("zone"), "eu-1");
    EXPECT_EQ(client.server_id(), "test-server");
    // Two hours are left, give or take what this test took.
    EXPECT_NEAR(client.deadline_time().seconds() - client.last_heartbeat_time().seconds(), 7200, 60);
  }
  {
    grpc::ClientContext context;
    request.set_name("clients/nobody");
    const grpc::Status status = stub_->GetClient(&context, request, &client);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
    EXPECT_EQ(DetailsOf(status).reason, "CLIENT_NOT_FOUND");
  }
  {
    grpc::ClientContext context;
    request.set_name("servers/nobody");
    const grpc::Status status = stub_->GetClient(&context, request, &client);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_EQ(DetailsOf(status).reason, "BAD_NAME");
    EXPECT_EQ(DetailsOf(status).bad_request.field_violations(0).field(), "name");
  }
}

TEST_F(QueryClientTest, AnEvictedClientIsDeadWithTheReasonInItsEvidence) {
  server_.Join("victim");
  const auto admin = v1::AdminService::NewStub(server_.Connect());
  v1::EvictClientRequest request;
  request.set_name("clients/victim");
  request.set_reason("broken disk");
  v1::Client client;
  {
    grpc::ClientContext context;
    ASSERT_TRUE(admin->EvictClient(&context, request, &client).ok());
    EXPECT_EQ(client.state(), v1::STATE_DEAD);
    EXPECT_EQ(client.cause(), v1::CAUSE_EVICTED);
    EXPECT_THAT(client.evidence().summary(), HasSubstr("broken disk"));
  }
  {
    grpc::ClientContext context;
    v1::SetMaintenanceResponse response;
    v1::SetMaintenanceRequest nobody;
    nobody.set_name("clients/nobody");
    EXPECT_EQ(admin->SetMaintenance(&context, nobody, &response).error_code(), grpc::StatusCode::NOT_FOUND);
  }
  {
    grpc::ClientContext context;
    v1::SetMaintenanceResponse response;
    const grpc::Status status = admin->SetMaintenance(&context, v1::SetMaintenanceRequest(), &response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  }
  {
    grpc::ClientContext context;
    v1::SetMaintenanceResponse response;
    v1::SetMaintenanceRequest marks;
    marks.set_filter("client_id = victim");
    marks.mutable_until_time()->set_seconds(4'000'000'000);
    const grpc::Status status = admin->SetMaintenance(&context, marks, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    EXPECT_EQ(response.changed_count(), 1);
  }
}

}  // namespace
}  // namespace liveness::testing
