// Lists and counts over real gRPC: pages while clients come and go, bounds,
// bad requests.
#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/server/query_server.h"
#include "tests/support/heartbeat_stream.h"

namespace liveness::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::string Id(const std::string& prefix, int i) {
  std::string digits = std::to_string(i);
  return prefix + std::string(5 - digits.size(), '0') + digits;
}

class QueryListsTest : public ::testing::Test {
 protected:
  grpc::Status List(const v1::ListClientsRequest& request, v1::ListClientsResponse* response) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    response->Clear();
    return stub_->ListClients(&context, request, response);
  }
  grpc::Status List(const v1::ListTransitionsRequest& request, v1::ListTransitionsResponse* response) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    response->Clear();
    return stub_->ListTransitions(&context, request, response);
  }
  // All ids of all pages.
  std::vector<std::string> ListAll(v1::ListClientsRequest request, int* pages = nullptr) {
    std::vector<std::string> ids;
    v1::ListClientsResponse response;
    do {
      const grpc::Status status = List(request, &response);
      EXPECT_TRUE(status.ok()) << status.error_message();
      for (const auto& client : response.clients()) ids.push_back(client.client_id());
      request.set_page_token(response.next_page_token());
      if (pages != nullptr) ++*pages;
    } while (!response.next_page_token().empty());
    return ids;
  }
  template <typename Request>
  std::string ReasonFor(const Request& request) {
    std::conditional_t<std::is_same_v<Request, v1::ListClientsRequest>, v1::ListClientsResponse,
                       v1::ListTransitionsResponse>
        response;
    const grpc::Status status = List(request, &response);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << status.error_message();
    const ErrorDetails details = DetailsOf(status);
    EXPECT_EQ(details.domain, "liveness");
    EXPECT_EQ(details.bad_request.field_violations_size(), 1);
    return details.reason;
  }

  QueryServer server_;
  std::unique_ptr<v1::RegistryService::Stub> stub_ = v1::RegistryService::NewStub(server_.Connect());
};

TEST_F(QueryListsTest, ClientsThatStayAppearExactlyOnceWhileOthersComeAndGo) {
  constexpr int kStaying = 2'000;
  for (int i = 0; i < kStaying; ++i) server_.Join(Id("stay-", i));
  std::atomic<bool> stop{false};
  std::thread churn([&] {
    for (int i = 0; !stop; ++i) {
      // Before, between and after those that stay, in id order.
      server_.Leave(server_.Join(Id("aaa-", i % 1000)));
      server_.Leave(server_.Join(Id("stay-", i % kStaying) + "-guest"));
      server_.Leave(server_.Join(Id("zzz-", i % 1000)));
    }
  });
  for (const char* order : {"client_id", "client_id desc"}) {
    v1::ListClientsRequest request;
    request.set_page_size(37);
    request.set_order_by(order);
    const std::vector<std::string> ids = ListAll(request);
    std::map<std::string, int> seen;
    for (const std::string& id : ids) ++seen[id];
    for (int i = 0; i < kStaying; ++i) EXPECT_EQ(seen[Id("stay-", i)], 1) << order << " " << i;
    for (const auto& [id, times] : seen) EXPECT_LE(times, 1) << id;
    EXPECT_TRUE(std::is_sorted(ids.begin(), ids.end()) || std::is_sorted(ids.rbegin(), ids.rend()));
    EXPECT_EQ(order == std::string("client_id"), ids.front() < ids.back());
  }
  stop = true;
  churn.join();
}

TEST_F(QueryListsTest, PagesAreFullAndTheLastOneHasNoToken) {
  for (int i = 0; i < 300; ++i) server_.Join(Id("c-", i), {{"parity", i % 2 == 0 ? "even" : "odd"}});
  v1::ListClientsRequest request;
  int pages = 0;
  EXPECT_EQ(ListAll(request, &pages).size(), 300u);
  EXPECT_EQ(pages, 3);  // 0 is 100
  v1::ListClientsResponse response;
  request.set_page_size(5'000);
  ASSERT_TRUE(List(request, &response).ok());
  EXPECT_EQ(response.clients_size(), 300);
  EXPECT_GT(response.revision(), 0u);
  EXPECT_TRUE(response.has_as_of());
  request.set_filter("labels.parity = even");
  request.set_page_size(100);
  ASSERT_TRUE(List(request, &response).ok());
  EXPECT_EQ(response.clients_size(), 100);
  EXPECT_EQ(response.clients(99).client_id(), "c-00198");
}

TEST_F(QueryListsTest, LargeClientsMakeSmallerPages) {
  core::Labels labels;
  for (int i = 0; i < 32; ++i)
    labels.emplace_back(Id("key-", i) + std::string(50, 'k'), std::string(256, 'v'));
  for (int i = 0; i < 700; ++i) server_.Join(Id("large-", i), labels);
  v1::ListClientsRequest request;
  request.set_page_size(1000);
  v1::ListClientsResponse response;
  ASSERT_TRUE(List(request, &response).ok());  // gRPC's own limit of 4 MiB would refuse it
  EXPECT_LT(response.ByteSizeLong(), 3u * 1024 * 1024);
  EXPECT_FALSE(response.next_page_token().empty());
  EXPECT_EQ(ListAll(request).size(), 700u);
}

TEST_F(QueryListsTest, BasicLeavesOutWhatFullTells) {
  server_.Leave(server_.Join("gone"));
  v1::ListClientsRequest request;
  v1::ListClientsResponse response;
  ASSERT_TRUE(List(request, &response).ok());
  EXPECT_FALSE(response.clients(0).has_evidence());
  request.set_view(v1::CLIENT_VIEW_FULL);
  ASSERT_TRUE(List(request, &response).ok());
  EXPECT_TRUE(response.clients(0).evidence().has_goodbye());
}

TEST_F(QueryListsTest, RefusesBadRequests) {
  for (int i = 0; i < 3; ++i) server_.Join(Id("c-", i));
  v1::ListClientsRequest request;
  request.set_page_size(-1);
  EXPECT_EQ(ReasonFor(request), "BAD_PAGE_SIZE");
  request.set_page_size(1);
  request.set_order_by("state");
  EXPECT_EQ(ReasonFor(request), "BAD_ORDER_BY");
  request.clear_order_by();
  request.set_filter("state = = ALIVE");
  EXPECT_EQ(ReasonFor(request), "BAD_FILTER");
  request.set_filter("state = ALIVE");
  request.set_page_token("made up");
  EXPECT_EQ(ReasonFor(request), "BAD_PAGE_TOKEN");

  request.clear_page_token();
  v1::ListClientsResponse response;
  ASSERT_TRUE(List(request, &response).ok());
  std::string token = response.next_page_token();
  request.set_filter("state = DEAD");
  request.set_page_token(token);
  EXPECT_EQ(ReasonFor(request), "PAGE_TOKEN_MISMATCH");
  request.set_filter("state = ALIVE");
  request.set_order_by("client_id desc");
  EXPECT_EQ(ReasonFor(request), "PAGE_TOKEN_MISMATCH");
  request.clear_order_by();
  token[token.size() / 2] = token[token.size() / 2] == 'A' ? 'B' : 'A';
  request.set_page_token(token);
  EXPECT_EQ(ReasonFor(request), "BAD_PAGE_TOKEN");
}

TEST_F(QueryListsTest, GetsOneClient) {
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

TEST_F(QueryListsTest, TransitionsComeInPagesInBothOrders) {
  constexpr int kClients = 400;
  for (int i = 0; i < kClients; ++i) server_.Leave(server_.Join(Id("c-", i)));
  for (const bool descending : {false, true}) {
    v1::ListTransitionsRequest request;
    request.set_page_size(33);
    if (descending) request.set_order_by("revision desc");
    std::vector<std::uint64_t> revisions;
    v1::ListTransitionsResponse response;
    do {
      ASSERT_TRUE(List(request, &response).ok());
      for (const auto& transition : response.transitions()) revisions.push_back(transition.revision());
      request.set_page_token(response.next_page_token());
    } while (!response.next_page_token().empty());
    ASSERT_EQ(revisions.size(), 2u * kClients);
    EXPECT_TRUE(descending ? std::is_sorted(revisions.rbegin(), revisions.rend())
                           : std::is_sorted(revisions.begin(), revisions.end()));
    EXPECT_EQ(std::adjacent_find(revisions.begin(), revisions.end()), revisions.end());
  }
  v1::ListTransitionsRequest request;
  v1::ListTransitionsResponse response;
  request.set_filter("client_id = c-00007 to_state = LEFT");
  ASSERT_TRUE(List(request, &response).ok());
  ASSERT_EQ(response.transitions_size(), 1);
  EXPECT_EQ(response.transitions(0).from_state(), v1::STATE_ALIVE);
  EXPECT_EQ(response.transitions(0).cause(), v1::CAUSE_SAID_GOODBYE);
  EXPECT_FALSE(response.history_id().empty());
  request.set_order_by("client_id");
  EXPECT_EQ(ReasonFor(request), "BAD_ORDER_BY");
}

TEST_F(QueryListsTest, StatsCountByStateAndByLabel) {
  for (int i = 0; i < 10; ++i) {
    const auto client =
        server_.Join(Id("c-", i), i == 9 ? core::Labels{} : core::Labels{{"zone", i < 6 ? "eu" : "us"}});
    if (i % 3 == 0) server_.Leave(client);
  }
  v1::GetStatsRequest request;
  v1::GetStatsResponse response;
  {
    grpc::ClientContext context;
    ASSERT_TRUE(stub_->GetStats(&context, request, &response).ok());
    EXPECT_EQ(response.counts().alive(), 6);
    EXPECT_EQ(response.counts().left(), 4);
    EXPECT_EQ(response.groups_size(), 0);
  }
  {
    grpc::ClientContext context;
    request.set_group_by_label("zone");
    request.set_filter("state = ALIVE");
    ASSERT_TRUE(stub_->GetStats(&context, request, &response).ok());
    EXPECT_EQ(response.counts().alive(), 6);
    EXPECT_EQ(response.counts().left(), 0);
    ASSERT_EQ(response.groups_size(), 2);  // c-00009, without the label, has left
    EXPECT_EQ(response.groups(0).value(), "eu");
    EXPECT_EQ(response.groups(0).counts().alive(), 4);
    EXPECT_EQ(response.groups(1).value(), "us");
    EXPECT_EQ(response.groups(1).counts().alive(), 2);
  }
}

TEST_F(QueryListsTest, AnEvictedClientIsDeadWithTheReasonInItsEvidence) {
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
