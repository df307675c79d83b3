// Changes that the store did not see one by one, or that nobody keeps any more: whoever follows is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/registry/cluster_harness.h"
#include "tests/unit/registry/watch/watching.h"

namespace liveness::registry {
namespace {

using core::State;
using testing::Cluster;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Peer;
using testing::Publish;

using RevisionGap = std::pair<std::uint64_t, std::uint64_t>;

// "a" is served by the first server and dies and is born again while the second hears nothing.
class MissedChanges : public Cluster {
 protected:
  MissedChanges() {
    a_ = s(1).Welcomed("a");
    Settle();
    Publish(h(2));
    before_ = h(2).registry.revision();
  }
  // What etcd's store does after a compaction: it tells how things stand, and no more.
  void MissADeathAndABirth() {
    s(2).store.listener().OnGap(before_, before_ + 10);
    MissedTold();
    s(2).store.listener().OnGapTold(before_ + 10);
  }
  void MissedTold() {
    core::ClientRecord reborn = *h(2).Record("a");
    reborn.incarnation = before_ + 5;
    reborn.revision = before_ + 6;
    s(2).store.listener().OnCommitted({{0, std::make_shared<const core::ClientRecord>(reborn), {}}});
  }
  // All that can be had now.
  std::vector<WatchItem> Drain(Watch& watch) {
    std::vector<WatchItem> items;
    for (WatchItem item = watch.Next(); !item.empty(); item = watch.Next()) items.push_back(std::move(item));
    return items;
  }

  Peer a_;
  std::uint64_t before_ = 0;
};

TEST_F(MissedChanges, ALiveWatcherIsToldOfAGapAndGetsASnapshot) {
  const auto watch = testing::Start(h(2), {});
  Publish(h(2));
  (void)Drain(*watch);
  MissADeathAndABirth();
  Publish(h(2));
  const auto items = Drain(*watch);
  ASSERT_FALSE(items.empty());
  ASSERT_TRUE(items[0].gap.has_value());
  EXPECT_EQ(items[0].gap->after_revision, before_);
  EXPECT_EQ(items[0].gap->resumes_at_revision, before_ + 10);
  std::size_t shown = 0;
  for (const WatchItem& item : items) {
    EXPECT_THAT(item.batches, IsEmpty()) << "a death and a birth are not a change from ALIVE to ALIVE";
    shown += item.clients.size();
  }
  EXPECT_EQ(shown, 1u);
  EXPECT_TRUE(items.back().snapshot_done);
  EXPECT_EQ(items.back().revision, before_ + 10);
}

TEST_F(MissedChanges, NothingIsToldBeforeTheGapIsComplete) {
  const auto watch = testing::Start(h(2), {});
  Publish(h(2));
  (void)Drain(*watch);
  s(2).store.listener().OnGap(before_, before_ + 10);
  MissedTold();
  Publish(h(2));
  EXPECT_THAT(Drain(*watch), IsEmpty());
  s(2).store.listener().OnGapTold(before_ + 10);
  Publish(h(2));
  EXPECT_TRUE(Drain(*watch).at(0).gap.has_value());
}

TEST_F(MissedChanges, OneThatResumesFromBeforeItOrWithinIsTooAndOneFromBehindItIsNot) {
  MissADeathAndABirth();
  Publish(h(2));
  for (const std::uint64_t start : {before_ - 1, before_, before_ + 5, before_ + 9}) {
    const auto watch = testing::Start(h(2), {.start_revision = start});
    const auto items = Drain(*watch);
    ASSERT_FALSE(items.empty()) << start;
    EXPECT_TRUE(items[0].gap.has_value()) << start;
  }
  const auto behind = testing::Start(h(2), {.start_revision = before_ + 10});
  EXPECT_THAT(Drain(*behind), IsEmpty());
}

TEST_F(MissedChanges, AGapInWhichNothingIsLeftToSeeIsOneAllTheSame) {
  const auto watch = testing::Start(h(2), {});
  Publish(h(2));
  (void)Drain(*watch);
  s(2).store.listener().OnGap(before_, before_ + 10);
  s(2).store.listener().OnGapTold(before_ + 10);
  Publish(h(2));
  EXPECT_EQ(h(2).registry.revision(), before_ + 10);
  EXPECT_TRUE(Drain(*watch).at(0).gap.has_value());
}

TEST_F(MissedChanges, HistoryShowsItInBothOrders) {
  MissADeathAndABirth();
  Registry& registry = h(2).registry;
  EXPECT_THAT(registry.ReadHistory({}).gaps, ElementsAre(RevisionGap(before_, before_ + 10)));
  EXPECT_THAT(registry.ReadHistory({.newest_first = true, .limit = 1}).gaps,
              ElementsAre(RevisionGap(before_, before_ + 10)));
  EXPECT_THAT(registry.ReadHistory({.after = before_ + 10}).gaps, IsEmpty());
  EXPECT_THAT(registry.ReadHistory({.before = before_ + 1}).gaps, IsEmpty());
}

}  // namespace
}  // namespace liveness::registry
