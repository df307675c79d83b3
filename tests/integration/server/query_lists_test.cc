// Lists and counts of clients over real gRPC: pages while clients come and go,
// bounds, bad requests.
#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/integration/server/query_lists.h"

namespace liveness::testing {
namespace {

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

}  // namespace
}  // namespace liveness::testing
