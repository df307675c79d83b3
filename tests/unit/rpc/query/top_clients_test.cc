#include "server/rpc/query/top_clients.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "tests/support/registry/registry_harness.h"

namespace liveness::rpc {
namespace {

using std::chrono::nanoseconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// `rtt` 0: none.
core::ClientView View(const std::string& id, std::int64_t rtt, std::int64_t state_time = 0) {
  auto record = std::make_shared<core::ClientRecord>();
  core::ClientInfo info;
  info.client_id = id;
  record->info = core::PackedInfo(info);
  record->state_time = core::WallTime(nanoseconds(state_time));
  return {record, {.rtt = nanoseconds(rtt)}};
}

std::vector<std::string> Ids(TopClients& top) {
  std::vector<std::string> ids;
  for (const auto& entry : top.Take()) ids.emplace_back(entry.view.record->client_id());
  return ids;
}

TEST(TopClientsTest, KeepsTheFirstOfAllAndOneMore) {
  TopClients top("rtt", true, 2, std::nullopt, {});
  for (const auto& [id, rtt] : {std::pair{"a", 5}, {"b", 9}, {"c", 0}, {"d", 7}, {"e", 1}, {"f", 9}}) {
    top.Offer(View(id, rtt));
  }
  EXPECT_THAT(Ids(top), ElementsAre("b", "f", "d"));
}

TEST(TopClientsTest, WhoHasNoValueComesLastEitherWay) {
  for (const bool descending : {false, true}) {
    TopClients top("rtt", descending, 9, std::nullopt, {});
    for (const auto& [id, rtt] : {std::pair{"z", 0}, {"b", 9}, {"c", 0}, {"d", 7}}) top.Offer(View(id, rtt));
    if (descending) {
      EXPECT_THAT(Ids(top), ElementsAre("b", "d", "c", "z"));
    } else {
      EXPECT_THAT(Ids(top), ElementsAre("d", "b", "c", "z"));
    }
  }
}

TEST(TopClientsTest, WantsOnlyWhatItWouldKeep) {
  TopClients top("state_time", false, 1, core::OrderPosition{.value = 10, .client_id = "m"}, {});
  const auto wants = [&](const core::ClientView& view) { return top.Wants(*view.record, view.vitals); };
  EXPECT_FALSE(wants(View("a", 0, 9)));
  EXPECT_FALSE(wants(View("m", 0, 10)));
  EXPECT_TRUE(wants(View("n", 0, 10)));
  top.Offer(View("a", 0, 9));
  EXPECT_THAT(top.Take(), IsEmpty());
  top.Offer(View("n", 0, 12));
  top.Offer(View("o", 0, 12));
  EXPECT_FALSE(wants(View("p", 0, 12)));
  EXPECT_TRUE(wants(View("b", 0, 12)));
}

// Any page of any order is that part of what sorting all would give.
TEST(TopClientsTest, PagesAreThoseOfASort) {
  std::mt19937 random(11);
  std::vector<core::ClientView> views;
  for (int i = 0; i < 5'000; ++i) views.push_back(View("c" + std::to_string(random()), random() % 900));
  for (const bool descending : {false, true}) {
    const auto key = [](const core::ClientView& view) {
      const std::int64_t rtt = view.vitals.rtt.count();
      return core::OrderKey{rtt == 0 ? std::nullopt : std::optional(rtt), view.record->client_id()};
    };
    std::vector<core::ClientView> sorted = views;
    std::sort(sorted.begin(), sorted.end(),
              [&](const auto& a, const auto& b) { return core::ComesBefore(key(a), key(b), descending); });
    std::optional<core::OrderPosition> after;
    for (std::size_t at = 0; at < sorted.size();) {
      std::shuffle(views.begin(), views.end(), random);
      TopClients top("rtt", descending, 700, after, {});
      for (const auto& view : views) top.Offer(view);
      const std::vector<TopClients::Entry> entries = top.Take();
      ASSERT_EQ(entries.size(), std::min<std::size_t>(701, sorted.size() - at));
      const std::size_t shown = std::min<std::size_t>(700, entries.size());
      for (std::size_t i = 0; i < shown; ++i) ASSERT_EQ(entries[i].view.record, sorted[at + i].record);
      at += shown;
      after = core::OrderPosition{.value = entries[shown - 1].value,
                                  .client_id = std::string(entries[shown - 1].view.record->client_id())};
    }
  }
}

}  // namespace
}  // namespace liveness::rpc
