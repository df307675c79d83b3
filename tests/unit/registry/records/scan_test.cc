// Paging: stable under churn, bounded per call.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>

#include "tests/support/registry/registry_harness.h"

namespace liveness::registry {
namespace {

using ::testing::ElementsAre;
using testing::Peer;
using testing::RegistryHarness;

std::vector<std::string> Ids(const ScanResult& result) {
  std::vector<std::string> ids;
  for (const auto& view : result.views) ids.emplace_back(view.record->client_id());
  return ids;
}

TEST(Scan, InOrderBothWays) {
  RegistryHarness h;
  for (const char* id : {"b", "a", "d", "c"}) h.Attach(id);
  ScanResult first = h.registry.Scan({.limit = 3});
  EXPECT_THAT(Ids(first), ElementsAre("a", "b", "c"));
  EXPECT_FALSE(first.done);
  ScanResult rest = h.registry.Scan({.after = first.cursor, .limit = 3});
  EXPECT_THAT(Ids(rest), ElementsAre("d"));
  EXPECT_TRUE(rest.done);
  ScanResult down = h.registry.Scan({.descending = true, .limit = 3});
  EXPECT_THAT(Ids(down), ElementsAre("d", "c", "b"));
  EXPECT_THAT(Ids(h.registry.Scan({.after = down.cursor, .descending = true, .limit = 3})), ElementsAre("a"));
}

TEST(Scan, LooksAtABoundedNumberAndGoesOn) {
  RegistryHarness h;
  for (int i = 0; i < 5'000; ++i) h.Attach("c" + std::to_string(10'000 + i));
  ScanRequest request{.limit = 10, .matches = [](const core::ClientRecord& record, const core::Vitals&) {
                        return record.client_id() == "c14999";
                      }};
  int calls = 0;
  ScanResult result;
  do {
    result = h.registry.Scan(request);
    request.after = result.cursor;
    ++calls;
  } while (!result.done && result.views.empty());
  EXPECT_THAT(Ids(result), ElementsAre("c14999"));
  EXPECT_GT(calls, 1);
}

TEST(Scan, AFilterIsAskedWithoutTheLockAndADearOneOfFewer) {
  RegistryHarness h;
  for (int i = 0; i < 3'000; ++i) h.Attach("c" + std::to_string(10'000 + i));
  for (const auto& [cost, most] : {std::pair{1, 1'000}, std::pair{1'000, 100}}) {
    int asked = 0;
    const ScanResult part = h.registry.Scan({.limit = 10,
                                             .matches =
                                                 [&](const core::ClientRecord& record, const core::Vitals&) {
                                                   // With the lock held this would never return.
                                                   EXPECT_TRUE(h.registry.Get(record.client_id()));
                                                   ++asked;
                                                   return false;
                                                 },
                                             .filter_cost = cost});
    EXPECT_GT(asked, 50);
    EXPECT_LE(asked, most);
    EXPECT_FALSE(part.done);
  }
}

TEST(Scan, WhoIsThereThroughoutAppearsExactlyOnce) {
  RegistryHarness h({.max_ended = 0});  // who leaves is gone at once
  std::mt19937 random(7);
  std::map<std::string, Peer> steady;
  std::map<std::string, Peer> churning;
  for (int i = 0; i < 500; ++i) steady["s" + std::to_string(i)] = h.Attach("s" + std::to_string(i));
  for (bool descending : {false, true}) {
    std::map<std::string, int> seen;
    ScanRequest request{.descending = descending, .limit = 7};
    for (bool done = false; !done;) {
      for (int i = 0; i < 5; ++i) {
        const std::string id = "s" + std::to_string(random() % 500) + "x" + std::to_string(random() % 3);
        if (const auto at = churning.find(id); at != churning.end()) {
          h.registry.SayGoodbye(at->second.attached.session, at->second.attached.attachment, {});
          churning.erase(at);
        } else {
          churning[id] = h.Attach(id);
        }
      }
      ScanResult page = h.registry.Scan(request);
      for (const auto& id : Ids(page)) ++seen[id];
      request.after = page.cursor;
      done = page.done;
    }
    for (const auto& [id, peer] : steady) EXPECT_EQ(seen[id], 1) << id;
    for (const auto& [id, times] : seen) EXPECT_EQ(times, 1) << id;
  }
}

TEST(Scan, ThatFiltersEndsWithTheLastThatWasWanted) {
  RegistryHarness h;
  for (const char* id : {"a", "b", "c", "d", "e"}) h.Attach(id);
  const auto not_a = [](const core::ClientRecord& record, const core::Vitals&) {
    return record.client_id() != "a";
  };
  const ScanResult first = h.registry.Scan({.limit = 2, .matches = not_a});
  EXPECT_THAT(Ids(first), ElementsAre("b", "c"));
  EXPECT_FALSE(first.done);
  EXPECT_THAT(Ids(h.registry.Scan({.after = first.cursor, .limit = 2, .matches = not_a})),
              ElementsAre("d", "e"));
}

TEST(Scan, OnlyAMeasuredPathIsShown) {
  RegistryHarness h;
  EXPECT_FALSE(h.registry.PathOf("nobody", ""));
  const Peer a = h.Attach("a");
  EXPECT_FALSE(h.registry.PathOf("a", ""));
  (void)h.registry.BoardOf(a.attached.session);
  EXPECT_FALSE(h.registry.PathOf("a", "")) << "it tells of its work, and its path is not measured";
  HelloRequest hello = RegistryHarness::Hello("b");
  hello.accrual_threshold = 8;
  h.Attach(std::move(hello));
  EXPECT_TRUE(h.registry.PathOf("b", ""));
}

TEST(Scan, APathIsShownToItsOwnerAlone) {
  RegistryHarness h;
  HelloRequest hello = RegistryHarness::Hello("a");
  hello.info.principal = "spiffe://prod/orders";
  hello.accrual_threshold = 8;
  h.Attach(std::move(hello));
  EXPECT_TRUE(h.registry.PathOf("a", "spiffe://prod/orders"));
  EXPECT_FALSE(h.registry.PathOf("a", "spiffe://prod/evil"));
  EXPECT_FALSE(h.registry.PathOf("a", ""));
}

}  // namespace
}  // namespace liveness::registry
