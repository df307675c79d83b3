// Queries and watches that are wrong, and what each gets. Queries are a client's
// own business: they leave no line in the server's log.
#include <limits>

#include <gmock/gmock.h>

#include "grpc/health/v1/health.grpc.pb.h"
#include "tests/integration/contract/contract_fixture.h"
#include "tests/integration/server/query_watcher.h"

namespace liveness::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class BadQueryTest : public ContractTest {
 protected:
  grpc::Status List(const v1::ListClientsRequest& request, v1::ListClientsResponse* response) {
    grpc::ClientContext context;
    SetPatience(context);
    response->Clear();
    return registry_->ListClients(&context, request, response);
  }
  grpc::Status List(const v1::ListClientsRequest& request) {
    v1::ListClientsResponse response;
    return List(request, &response);
  }
  grpc::Status Filter(const std::string& filter) {
    v1::ListClientsRequest request;
    request.set_filter(filter);
    return List(request);
  }
  void ExpectBad(const grpc::Status& status, const std::string& reason, const std::string& field) {
    ExpectError(status, grpc::StatusCode::INVALID_ARGUMENT, reason);
    EXPECT_THAT(FieldsOf(status), ElementsAre(field)) << status.error_message();
  }
  // Starts `count` clients that stay until the test's end.
  void Join(int count) {
    for (int i = 0; i < count; ++i) {
      streams_.push_back(std::make_unique<HeartbeatStream>(address()));
      ASSERT_TRUE(streams_.back()->Join(
          HeartbeatStream::Hello("client-" + std::to_string(i), "1", seconds(60), seconds(120))));
    }
  }
  std::vector<std::unique_ptr<HeartbeatStream>> streams_;
};

TEST_F(BadQueryTest, FiltersNameTheColumn) {
  StartServer();
  for (const auto& [filter, column] : std::vector<std::pair<std::string, int>>{{"state = ", 9},
                                                                               {"= ALIVE", 1},
                                                                               {"(state = ALIVE", 1},
                                                                               {"state = ALIVE)", 14},
                                                                               {"state ! ALIVE", 7},
                                                                               {"client_id = \"abc", 13},
                                                                               {"state = ALIVE AND", 18}}) {
    const grpc::Status status = Filter(filter);
    ExpectBad(status, "BAD_FILTER", "filter");
    EXPECT_THAT(status.error_message(), HasSubstr("column " + std::to_string(column))) << filter;
  }
  ExpectBad(Filter("colour = red"), "BAD_FILTER", "filter");
  EXPECT_THAT(Filter("colour = red").error_message(), HasSubstr("colour"));
  ExpectBad(Filter("state = HALF_DEAD"), "BAD_FILTER", "filter");
  ExpectBad(Filter("pid = many"), "BAD_FILTER", "filter");
  ExpectBad(Filter(std::string(1000, '(') + "state = ALIVE" + std::string(1000, ')')), "BAD_FILTER",
            "filter");
  std::string nots;
  for (int i = 0; i < 1000; ++i) nots += "NOT ";
  ExpectBad(Filter(nots + "state = ALIVE"), "BAD_FILTER", "filter");
  ExpectBad(Filter("client_id = \"" + std::string(5000, 'x') + "\""), "BAD_FILTER", "filter");
  EXPECT_TRUE(Filter("state = STATE_ALIVE").ok());
}

TEST_F(BadQueryTest, EveryMethodRefusesABadFilter) {
  StartServer();
  const std::string bad = "state = ";
  {
    grpc::ClientContext context;
    v1::ListTransitionsRequest request;
    request.set_filter(bad);
    v1::ListTransitionsResponse response;
    ExpectBad(registry_->ListTransitions(&context, request, &response), "BAD_FILTER", "filter");
  }
  {
    grpc::ClientContext context;
    v1::GetStatsRequest request;
    request.set_filter(bad);
    v1::GetStatsResponse response;
    ExpectBad(registry_->GetStats(&context, request, &response), "BAD_FILTER", "filter");
  }
  v1::WatchClientsRequest request;
  request.set_filter(bad);
  Watcher watcher(channel_, request);
  EXPECT_FALSE(watcher.Next());
  ExpectBad(watcher.Finish(), "BAD_FILTER", "filter");
}

TEST_F(BadQueryTest, EveryMethodRefusesALargeRequest) {
  StartServer();
  const std::string large(80 << 10, 'x');
  const auto expect_refused = [this](const grpc::Status& status) {
    ExpectError(status, grpc::StatusCode::RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE");
  };
  expect_refused(Filter(large));
  {
    grpc::ClientContext context;
    v1::GetClientRequest request;
    request.set_name(large);
    v1::Client response;
    expect_refused(registry_->GetClient(&context, request, &response));
  }
  {
    grpc::ClientContext context;
    v1::GetStatsRequest request;
    request.set_group_by_label(large);
    v1::GetStatsResponse response;
    expect_refused(registry_->GetStats(&context, request, &response));
  }
  {
    grpc::ClientContext context;
    grpc::health::v1::HealthCheckRequest request;
    request.set_service(large);
    grpc::health::v1::HealthCheckResponse response;
    expect_refused(grpc::health::v1::Health::NewStub(channel_)->Check(&context, request, &response));
  }
  v1::WatchClientsRequest request;
  request.set_filter(large);
  Watcher watcher(channel_, request);
  EXPECT_FALSE(watcher.Next());
  expect_refused(watcher.Finish());
}

TEST_F(BadQueryTest, PageSizesAndTokens) {
  StartServer();
  Join(120);
  v1::ListClientsRequest request;
  v1::ListClientsResponse response;
  request.set_page_size(-1);
  ExpectBad(List(request), "BAD_PAGE_SIZE", "page_size");
  request.set_page_size(std::numeric_limits<int>::min());
  ExpectBad(List(request), "BAD_PAGE_SIZE", "page_size");
  request.set_page_size(5000);
  ASSERT_TRUE(List(request, &response).ok());
  EXPECT_EQ(response.clients_size(), 121);  // with the bystander
  request.set_page_size(0);
  ASSERT_TRUE(List(request, &response).ok());
  EXPECT_EQ(response.clients_size(), 100);
  const std::string token = response.next_page_token();
  ASSERT_FALSE(token.empty());

  request.set_page_token(token);
  request.set_page_size(7);  // may change from page to page
  EXPECT_TRUE(List(request).ok());
  request.set_filter("state = ALIVE");
  ExpectBad(List(request), "PAGE_TOKEN_MISMATCH", "page_token");
  request.clear_filter();
  request.set_order_by("client_id desc");
  ExpectBad(List(request), "PAGE_TOKEN_MISMATCH", "page_token");
  request.clear_order_by();
  for (std::size_t i = 0; i < token.size(); ++i) {
    std::string edited = token;
    edited[i] = edited[i] == 'A' ? 'B' : 'A';
    if (edited == token) continue;
    request.set_page_token(edited);
    const grpc::Status status = List(request);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << "byte " << i << " of " << token;
  }
  request.set_page_token(token.substr(0, token.size() / 2));
  ExpectBad(List(request), "BAD_PAGE_TOKEN", "page_token");
  request.set_page_token("nonsense");
  ExpectBad(List(request), "BAD_PAGE_TOKEN", "page_token");

  // Of another method.
  grpc::ClientContext context;
  v1::ListTransitionsRequest transitions;
  transitions.set_page_token(token);
  v1::ListTransitionsResponse page;
  ExpectBad(registry_->ListTransitions(&context, transitions, &page), "PAGE_TOKEN_MISMATCH", "page_token");
}

TEST_F(BadQueryTest, OrdersAndNames) {
  StartServer();
  v1::ListClientsRequest request;
  for (const char* bad : {"pid", "client_id up", "client_id, pid", "client_id desc desc"}) {
    request.set_order_by(bad);
    ExpectBad(List(request), "BAD_ORDER_BY", "order_by");
  }
  for (const auto& [name, code, reason] :
       {std::tuple{"", grpc::StatusCode::INVALID_ARGUMENT, "BAD_NAME"},
        std::tuple{"bystander", grpc::StatusCode::INVALID_ARGUMENT, "BAD_NAME"},
        std::tuple{"clients/", grpc::StatusCode::INVALID_ARGUMENT, "BAD_NAME"},
        std::tuple{"clients/nobody", grpc::StatusCode::NOT_FOUND, "CLIENT_NOT_FOUND"},
        std::tuple{"clients/bystander/", grpc::StatusCode::NOT_FOUND, "CLIENT_NOT_FOUND"}}) {
    grpc::ClientContext context;
    v1::GetClientRequest get;
    get.set_name(name);
    v1::Client client;
    ExpectError(registry_->GetClient(&context, get, &client), code, reason);
  }
}

TEST_F(BadQueryTest, RevisionsOfTheFutureAndOfAnotherHistory) {
  StartServer();
  v1::WatchClientsRequest request;
  Watcher first(channel_, request);
  ASSERT_TRUE(first.CatchUp(1));
  {
    request.set_start_revision(first.revision + 1'000'000'000);
    Watcher future(channel_, request);
    EXPECT_FALSE(future.Next());
    ExpectError(future.Finish(), grpc::StatusCode::OUT_OF_RANGE, "REVISION_IN_FUTURE");
  }
  // Another history: whatever its revision, a gap and then all there is.
  for (const std::uint64_t revision : {std::uint64_t{1}, first.revision, first.revision + 1'000'000'000}) {
    request.set_start_revision(revision);
    request.set_history_id("another-history");
    Watcher other(channel_, request);
    ASSERT_TRUE(other.Next());
    EXPECT_TRUE(other.last.has_gap());
    EXPECT_EQ(other.history_id, first.history_id);
    ASSERT_TRUE(other.CatchUp(1));
    EXPECT_EQ(other.gaps, 1);
    EXPECT_TRUE(other.clients.contains(kBystander));
  }
  // Its own, as told: nothing was missed, and it is told so at once.
  request.set_start_revision(first.revision);
  request.set_history_id(first.history_id);
  Watcher resumed(channel_, request);
  ASSERT_TRUE(resumed.Next());
  EXPECT_EQ(resumed.gaps, 0);
  EXPECT_EQ(resumed.transitions, 0);
  EXPECT_EQ(resumed.revision, first.revision);

  request.mutable_bookmark_interval()->set_seconds(-1);
  Watcher backwards(channel_, request);
  EXPECT_FALSE(backwards.Next());
  ExpectBad(backwards.Finish(), "BAD_BOOKMARK_INTERVAL", "bookmark_interval");
}

}  // namespace
}  // namespace liveness::testing
