// ListTransitions over real gRPC: pages in both orders, and filters that are pushed
// down to where history lies.
#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/time/time.h"
#include "tests/integration/server/query_lists.h"

namespace liveness::testing {
namespace {

class QueryTransitionsTest : public QueryListsTest {
 protected:
  // All revisions of all pages.
  std::vector<std::uint64_t> RevisionsOf(const std::string& filter, bool descending, int page_size,
                                         int* pages = nullptr) {
    v1::ListTransitionsRequest request;
    request.set_filter(filter);
    request.set_page_size(page_size);
    if (descending) request.set_order_by("revision desc");
    std::vector<std::uint64_t> revisions;
    v1::ListTransitionsResponse response;
    do {
      const grpc::Status status = List(request, &response);
      EXPECT_TRUE(status.ok()) << status.error_message() << filter;
      for (const auto& transition : response.transitions()) revisions.push_back(transition.revision());
      request.set_page_token(response.next_page_token());
      if (pages != nullptr) ++*pages;
    } while (!response.next_page_token().empty());
    return revisions;
  }
};

TEST_F(QueryTransitionsTest, TransitionsComeInPagesInBothOrders) {
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

// More than one look at history takes in: the answer is found in turns, and is whole.
TEST_F(QueryTransitionsTest, WhoIsRareIsFoundInALongPast) {
  constexpr int kMany = 30'000;
  const auto rare = server_.Join("rare"), loud = server_.Join("loud");
  for (int i = 0; i < kMany; ++i) server_.SetLabels(loud, {{"n", std::to_string(i)}});
  server_.SetLabels(rare, {{"n", "1"}});
  for (int i = 0; i < kMany; ++i) server_.SetLabels(loud, {{"m", std::to_string(i)}});
  server_.SetLabels(rare, {{"n", "2"}});
  for (const bool descending : {false, true}) {
    for (const int page_size : {1, 2, 1'000}) {
      EXPECT_EQ(RevisionsOf("client_id = rare", descending, page_size).size(), 3u);
    }
    EXPECT_EQ(RevisionsOf("client_id = nobody", descending, 10).size(), 0u);
  }
}

// What a filter says of client, time and revision is searched by; behind a double
// negation it is asked of every transition. Both ways must tell the same.
TEST_F(QueryTransitionsTest, WhatIsPushedDownChangesNoAnswer) {
  constexpr int kClients = 150;
  std::vector<registry::Attached> clients;
  for (int i = 0; i < kClients; ++i) clients.push_back(server_.Join(Id("c-", i)));
  const std::string middle =
      "\"" + absl::FormatTime(absl::RFC3339_full, absl::Now(), absl::UTCTimeZone()) + "\"";
  const std::uint64_t revision = server_.registry().revision();
  for (int round = 0; round < 3; ++round) {
    for (const auto& client : clients) server_.SetLabels(client, {{"round", std::to_string(round)}});
  }
  for (const std::string& pushed :
       {std::string("client_id = c-00007"), "time < " + middle, "time >= " + middle, std::string("age < 1h"),
        std::string("age > 1h"), "revision > " + std::to_string(revision),
        "client_id = c-00007 time >= " + middle, std::string("client_id = nobody")}) {
    for (const bool descending : {false, true}) {
      const auto plain = RevisionsOf("NOT (NOT (" + pushed + "))", descending, 50);
      int pages = 0;
      EXPECT_EQ(RevisionsOf(pushed, descending, 50, &pages), plain) << pushed;
      EXPECT_LE(pages, static_cast<int>(plain.size()) / 50 + 1) << pushed;
      // The rest of the filter is asked all the same.
      EXPECT_EQ(RevisionsOf(pushed + " labels.round = 1", descending, 7),
                RevisionsOf("NOT (NOT (" + pushed + ")) labels.round = 1", descending, 7))
          << pushed;
    }
  }
  EXPECT_EQ(RevisionsOf("client_id = c-00007", false, 2).size(), 4u);
  EXPECT_EQ(RevisionsOf("time >= " + middle, false, 100).size(), 3u * kClients);
}

// A hole lies behind the tenth of twenty: the pages that cover it say so, and no other.
TEST_F(QueryTransitionsTest, APageTellsOfTheGapsThatItCovers) {
  for (int i = 0; i < 10; ++i) server_.Join(Id("c-", i));
  const std::uint64_t hole = server_.registry().revision();
  server_.registry().OnGap(hole, hole + 1);
  server_.registry().OnGapTold(hole + 1);
  for (int i = 10; i < 20; ++i) server_.Join(Id("c-", i));
  for (const std::string filter : {"", "client_id = c-00007"}) {
    for (const bool descending : {false, true}) {
      v1::ListTransitionsRequest request;
      request.set_filter(filter);
      request.set_page_size(4);
      if (descending) request.set_order_by("revision desc");
      v1::ListTransitionsResponse page;
      int with_gap = 0;
      std::uint64_t last = descending ? std::numeric_limits<std::uint64_t>::max() : 0;
      do {
        ASSERT_TRUE(List(request, &page).ok());
        const bool more = !page.next_page_token().empty();
        const std::uint64_t first = last;
        if (page.transitions_size() > 0) last = page.transitions(page.transitions_size() - 1).revision();
        const bool covers = descending ? first > hole && (!more || last <= hole + 1)
                                       : first <= hole && (!more || last > hole);
        EXPECT_EQ(page.gaps_size(), covers ? 1 : 0) << first << " to " << last << " of '" << filter << "'";
        if (page.gaps_size() == 1) {
          ++with_gap;
          EXPECT_EQ(page.gaps(0).after_revision(), hole);
          EXPECT_EQ(page.gaps(0).resumes_at_revision(), hole + 1);
        }
        request.set_page_token(page.next_page_token());
      } while (!request.page_token().empty());
      EXPECT_GE(with_gap, 1);
    }
  }
}

}  // namespace
}  // namespace liveness::testing
