// ListClients in orders that the registry does not keep: the first of all, page by page, while clients
// change.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/status.h"
#include "server/rpc/query/list_clients.h"
#include "tests/support/registry/registry_harness.h"

namespace liveness::rpc {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::Peer;
using testing::RegistryHarness;

const core::MacFunction kMac = [](std::string_view message) {
  core::Mac mac{};
  std::uint64_t hash = 1469598103934665603u;
  for (const char c : message) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  for (std::size_t i = 0; i < mac.size(); ++i) mac[i] = static_cast<std::uint8_t>(hash >> (i % 8 * 8));
  return mac;
};

std::string Name(int i) { return "c" + std::to_string(10'000 + i); }

class OrderedListTest : public ::testing::Test {
 protected:
  absl::StatusOr<v1::ListClientsResponse> Page(const v1::ListClientsRequest& request,
                                               const std::function<void()>& between_steps = nullptr) {
    return PageOf(harness_, request, between_steps);
  }
  static absl::StatusOr<v1::ListClientsResponse> PageOf(
      RegistryHarness& harness, const v1::ListClientsRequest& request,
      const std::function<void()>& between_steps = nullptr) {
    auto list = ClientList::Begin({harness.registry, harness.clock, kMac}, request);
    if (!list.ok()) return list.status();
    v1::ListClientsResponse response;
    for (;;) {
      const absl::StatusOr<bool> done = (*list)->Step(response);
      if (!done.ok()) return done.status();
      if (*done) return response;
      if (between_steps) between_steps();
    }
  }
  std::vector<std::string> AllPages(v1::ListClientsRequest request, bool* truncated = nullptr) {
    std::vector<std::string> ids;
    do {
      const auto page = Page(request);
      EXPECT_TRUE(page.ok()) << page.status();
      for (const auto& client : page->clients()) ids.push_back(client.client_id());
      if (truncated != nullptr) *truncated = page->truncated();
      EXPECT_TRUE(page->next_page_token().empty() || !page->truncated());
      request.set_page_token(page->next_page_token());
    } while (!request.page_token().empty());
    return ids;
  }
  static v1::ListClientsRequest By(const std::string& order, int page_size = 1'000) {
    v1::ListClientsRequest request;
    request.set_order_by(order);
    request.set_page_size(page_size);
    return request;
  }
  static std::vector<std::string> IdsOf(const v1::ListClientsResponse& page) {
    std::vector<std::string> ids;
    for (const auto& client : page.clients()) ids.push_back(client.client_id());
    return ids;
  }

  RegistryHarness harness_;
};

TEST_F(OrderedListTest, EachOrderBothWays) {
  const Peer a = harness_.Attach("a");
  harness_.clock.Advance(milliseconds(5));
  const Peer b = harness_.Attach("b");
  harness_.clock.Advance(milliseconds(5));
  const Peer c = harness_.Attach("c");
  harness_.clock.Advance(milliseconds(5));
  harness_.Beat(a);
  a.attached.session->SetRtt(milliseconds(2));
  c.attached.session->SetRtt(milliseconds(1));
  EXPECT_THAT(AllPages(By("state_time", 2)), ElementsAre("a", "b", "c"));
  EXPECT_THAT(AllPages(By("state_time desc", 2)), ElementsAre("c", "b", "a"));
  EXPECT_THAT(AllPages(By("last_heartbeat_time", 1)), ElementsAre("b", "c", "a"));
  EXPECT_THAT(AllPages(By("last_heartbeat_time desc", 1)), ElementsAre("a", "c", "b"));
  EXPECT_THAT(AllPages(By("rtt")), ElementsAre("c", "a", "b"));
  EXPECT_THAT(AllPages(By("rtt desc", 1)), ElementsAre("a", "c", "b"));
}

// The clients with the largest round trips have the last ids, and joined last.
TEST_F(OrderedListTest, TheFirstOfAllNotOfASample) {
  for (int i = 0; i < 4'000; ++i) harness_.Attach(Name(i)).attached.session->SetRtt(milliseconds(1 + i));
  bool truncated = false;
  const std::vector<std::string> slowest = AllPages(By("rtt desc", 300), &truncated);
  ASSERT_EQ(slowest.size(), kMostOrdered);
  for (int i = 0; i < 1'000; ++i) ASSERT_EQ(slowest[static_cast<std::size_t>(i)], Name(3'999 - i));
  EXPECT_TRUE(truncated);

  v1::ListClientsRequest request = By("rtt desc", 400);
  request.set_filter("rtt <= 1s");
  EXPECT_EQ(AllPages(request, &truncated).front(), Name(999));
  EXPECT_FALSE(truncated) << "exactly as many as are shown";
  request.set_filter("rtt <= 1001ms");
  EXPECT_EQ(AllPages(request, &truncated).size(), kMostOrdered);
  EXPECT_TRUE(truncated);
}

TEST_F(OrderedListTest, ClientsComeGoAndChangeMeanwhile) {
  std::vector<Peer> peers;
  for (int i = 0; i < 3'000; ++i) {
    peers.push_back(harness_.Attach(Name(i)));
    peers.back().attached.session->SetRtt(milliseconds(1 + i));
  }
  int step = 0;
  v1::ListClientsRequest request = By("rtt desc", 500);
  const auto page = Page(request, [&] {
    // Behind the scan and before it: one goes, one comes.
    const Peer& gone = peers[static_cast<std::size_t>(2'999 - step)];
    harness_.registry.SayGoodbye(gone.attached.session, gone.attached.attachment, {});
    harness_.Attach("a" + Name(step)).attached.session->SetRtt(seconds(100));
    harness_.Attach("d" + Name(step)).attached.session->SetRtt(seconds(100));
    ++step;
  });
  ASSERT_TRUE(page.ok()) << page.status();
  EXPECT_GT(step, 2) << "in slices";
  const std::vector<std::string> ids = IdsOf(*page);
  ASSERT_EQ(ids.size(), 500u);
  for (int i = 0; i < step; ++i) {
    EXPECT_EQ(std::count(ids.begin(), ids.end(), "a" + Name(i)), 0) << "the scan was past it";
    EXPECT_EQ(std::count(ids.begin(), ids.end(), "d" + Name(i)), 1);
  }
  for (int i = 2'600; i < 2'990; ++i) EXPECT_EQ(std::count(ids.begin(), ids.end(), Name(i)), 1) << i;
  // Whoever watches from here is told of all that.
  EXPECT_EQ(harness_.registry.HistoryAfter(page->revision(), 10'000).transitions.size(),
            static_cast<std::size_t>(3 * step));
}

// So it is in the order that the registry keeps, which is read in parts too.
TEST_F(OrderedListTest, WhoWatchesFromAPageOfIdsMissesNoChangeMadeWhileItWasRead) {
  std::vector<Peer> peers;
  for (int i = 0; i < 1'000; ++i) peers.push_back(harness_.Attach(Name(i)));
  std::size_t step = 0;
  const auto page = Page(By("client_id"), [&] {
    // Of one that the scan is past.
    const Peer& gone = peers[step++];
    harness_.registry.SayGoodbye(gone.attached.session, gone.attached.attachment, {});
  });
  ASSERT_TRUE(page.ok()) << page.status();
  ASSERT_GT(step, 2u) << "in parts";
  ASSERT_EQ(page->clients_size(), 1'000);
  EXPECT_EQ(page->clients(0).state(), v1::STATE_ALIVE);
  EXPECT_EQ(harness_.registry.HistoryAfter(page->revision(), 10'000).transitions.size(), step);
}

TEST_F(OrderedListTest, PagesGoOnWhereTheLastEndedThoughTheClocksDrift) {
  for (int i = 0; i < 300; ++i) {
    harness_.Attach(Name(i));
    harness_.clock.Advance(std::chrono::nanoseconds(1));
  }
  v1::ListClientsRequest request = By("last_heartbeat_time", 7);
  std::vector<std::string> ids;
  do {
    const auto page = Page(request);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const auto& client : page->clients()) ids.push_back(client.client_id());
    request.set_page_token(page->next_page_token());
    harness_.clock.StepWall(milliseconds(ids.size() % 2 == 0 ? -3 : 2));
  } while (!request.page_token().empty());
  ASSERT_EQ(ids.size(), 300u);
  for (int i = 0; i < 300; ++i) EXPECT_EQ(ids[static_cast<std::size_t>(i)], Name(i));
}

TEST_F(OrderedListTest, TokensHoldOnAnotherServerAndForNothingElse) {
  // Knows the same clients, and booted at another time.
  RegistryHarness other;
  other.clock.Advance(std::chrono::hours(9));
  other.clock.StepWall(-std::chrono::hours(9));
  for (RegistryHarness* server : {&harness_, &other}) {
    for (int i = 0; i < 20; ++i) {
      server->Attach(Name(i));
      server->clock.Advance(milliseconds(1));
    }
  }
  v1::ListClientsRequest request = By("last_heartbeat_time desc", 5);
  const auto first = Page(request);
  ASSERT_TRUE(first.ok()) << first.status();
  request.set_page_token(first->next_page_token());

  const auto second = PageOf(other, request);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_THAT(IdsOf(*second), ElementsAre(Name(14), Name(13), Name(12), Name(11), Name(10)));

  const auto refusal = [&](v1::ListClientsRequest wrong) {
    return std::string(common::ReasonOf(Page(wrong).status()));
  };
  for (const char* order : {"last_heartbeat_time", "rtt desc", "state_time desc", "client_id desc", ""}) {
    v1::ListClientsRequest wrong = request;
    wrong.set_order_by(order);
    EXPECT_EQ(refusal(wrong), "PAGE_TOKEN_MISMATCH") << order;
  }
  v1::ListClientsRequest wrong = request;
  wrong.set_filter("state = ALIVE");
  EXPECT_EQ(refusal(wrong), "PAGE_TOKEN_MISMATCH");
  wrong = request;
  wrong.mutable_page_token()->front() ^= 1;
  EXPECT_EQ(refusal(wrong), "BAD_PAGE_TOKEN");
}

TEST_F(OrderedListTest, LargeClientsMakeSmallerPagesAndNoneIsLeftOut) {
  core::Labels labels;
  for (int i = 0; i < 32; ++i) labels.emplace_back(Name(i) + std::string(50, 'k'), std::string(256, 'v'));
  for (int i = 0; i < 700; ++i) harness_.Attach(Name(i), "i1", std::nullopt, labels);
  const auto page = Page(By("state_time", 1'000));
  ASSERT_TRUE(page.ok());
  EXPECT_LT(page->ByteSizeLong(), 3u * 1024 * 1024);
  EXPECT_FALSE(page->next_page_token().empty());
  EXPECT_EQ(AllPages(By("state_time")).size(), 700u);
}

TEST_F(OrderedListTest, ARefusedOrderNamesThoseThatThereAre) {
  const absl::Status status = Page(By("host")).status();
  EXPECT_EQ(common::ReasonOf(status), "BAD_ORDER_BY");
  EXPECT_THAT(common::ViolationsOf(status)[0].description,
              HasSubstr("client_id, state_time, rtt or last_heartbeat_time, each also with \" desc\""));
}

}  // namespace
}  // namespace liveness::rpc
