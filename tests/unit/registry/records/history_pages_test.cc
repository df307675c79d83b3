// What is asked of the store beside what memory holds of the past, and how the two become one page. Pure: no
// registry.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "server/registry/queries.h"

namespace liveness::registry {
namespace {

using storage::HistoryPart;
using storage::HistoryQuery;
using ::testing::ElementsAre;
using ::testing::Pair;

// Above it memory has all.
constexpr std::uint64_t kComplete = 100;

std::vector<core::TransitionPtr> Transitions(const std::vector<std::uint64_t>& revisions) {
  std::vector<core::TransitionPtr> transitions;
  for (const std::uint64_t revision : revisions) {
    core::ClientRecord record;
    record.revision = revision;
    transitions.push_back(std::make_shared<const core::Transition>(
        core::Transition{nullptr, std::make_shared<const core::ClientRecord>(std::move(record)), {}}));
  }
  return transitions;
}

HistoryPage Memory(const std::vector<std::uint64_t>& revisions) {
  return {.transitions = Transitions(revisions), .compacted = kComplete, .revision = 110};
}

std::vector<std::uint64_t> Revisions(const HistoryPage& page) {
  std::vector<std::uint64_t> revisions;
  for (const auto& each : page.transitions) revisions.push_back(each->revision());
  return revisions;
}

TEST(HistoryPages, TheStoreIsAskedForNothingThatMemoryHas) {
  const HistoryPage page = Memory({});
  EXPECT_FALSE(Queries::Older({.after = kComplete}, kComplete, page));
  EXPECT_FALSE(Queries::Older({.after = kComplete + 5}, kComplete, page));
  EXPECT_FALSE(Queries::Older({.after = 50, .before = 51}, kComplete, page)) << "there is nothing between";

  const auto older = Queries::Older({.after = kComplete - 1}, kComplete, page);
  ASSERT_TRUE(older);
  EXPECT_EQ(older->after, kComplete - 1);
  EXPECT_EQ(older->before, kComplete + 1);
  const auto between = Queries::Older({.after = 50, .before = 52}, kComplete, page);
  ASSERT_TRUE(between);
  EXPECT_EQ(between->before, 52u);
}

TEST(HistoryPages, NewestFirstTheStoreIsAskedForTheRestAlone) {
  const HistoryQuery newest{.newest_first = true, .limit = 3};
  const auto older = Queries::Older(newest, kComplete, Memory({102, 101}));
  ASSERT_TRUE(older);
  EXPECT_EQ(older->limit, 1u);
  EXPECT_FALSE(Queries::Older(newest, kComplete, Memory({103, 102, 101})));

  const auto oldest = Queries::Older({.limit = 3}, kComplete, Memory({101, 102, 103}));
  ASSERT_TRUE(oldest) << "what is older comes first, however much memory has";
  EXPECT_EQ(oldest->limit, 3u);
}

TEST(HistoryPages, NewestFirstASearchOfMemoryThatStoppedGoesOnThere) {
  HistoryPage page = Memory({105});
  page.stopped_at = 103;
  EXPECT_FALSE(Queries::Older({.newest_first = true, .limit = 10}, kComplete, page));
  EXPECT_TRUE(Queries::Older({.limit = 10}, kComplete, page)) << "the older part was not looked at at all";
}

TEST(HistoryPages, MemorysPartFollowsOnlyWhenTheStoreHasToldAll) {
  const HistoryQuery query{.limit = 3};
  EXPECT_THAT(
      Revisions(Queries::Join(query, kComplete, 3, Memory({101}), {.transitions = Transitions({98, 99})})),
      ElementsAre(98, 99, 101));
  EXPECT_THAT(Revisions(Queries::Join(query, kComplete, 3, Memory({101}),
                                      {.transitions = Transitions({97, 98, 99})})),
              ElementsAre(97, 98, 99));

  HistoryPart stopped{.transitions = Transitions({40}), .stopped_at = 60};
  const HistoryPage page = Queries::Join(query, kComplete, 3, Memory({101}), std::move(stopped));
  EXPECT_THAT(Revisions(page), ElementsAre(40)) << "what lies between 60 and 100 was not looked at";
  EXPECT_EQ(page.stopped_at, 60u);
}

TEST(HistoryPages, NewestFirstTheStoresPartFollows) {
  HistoryPart part{.transitions = Transitions({99, 98}), .stopped_at = 70};
  const HistoryPage page =
      Queries::Join({.newest_first = true}, kComplete, 98, Memory({102, 101}), std::move(part));
  EXPECT_THAT(Revisions(page), ElementsAre(102, 101, 99, 98));
  EXPECT_EQ(page.stopped_at, 70u);
}

TEST(HistoryPages, TheStoresGapsCountUpToWhereMemoryHasAll) {
  HistoryPage memory = Memory({101});
  memory.gaps = {{104, 105}};
  HistoryPart part{.gaps = {{10, 20}, {90, 103}, {kComplete, 102}, {105, 107}}};
  EXPECT_THAT(Queries::Join({}, kComplete, 100, std::move(memory), std::move(part)).gaps,
              ElementsAre(Pair(10, 20), Pair(90, kComplete), Pair(104, 105)));
}

TEST(HistoryPages, WhatIsKeptAtAllIsWhatEitherKeeps) {
  EXPECT_EQ(Queries::Join({}, kComplete, 100, Memory({}), {.compacted = 30}).compacted, 30u);
  EXPECT_EQ(Queries::Join({}, kComplete, 100, Memory({}), {.compacted = 130}).compacted, kComplete);
}

}  // namespace
}  // namespace liveness::registry
