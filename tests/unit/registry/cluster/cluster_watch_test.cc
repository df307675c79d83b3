// Watchers that come from another server of the cluster.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/status.h"
#include "tests/support/registry/cluster_harness.h"

namespace liveness::registry {
namespace {

using testing::Cluster;
using testing::Peer;

class ClusterWatch : public Cluster {
 protected:
  // "a" at the first server; the second is cut off, and has not seen the last change.
  ClusterWatch() {
    a_ = s(1).Welcomed("a");
    Settle();
    Cut(2, true);
    s(1).Labels(a_, "eu");
    s(1).Settle();
    ahead_ = h(1).registry.revision();
  }
  // The second server follows again.
  void Heal() {
    Cut(2, false);
    Settle();
  }
  void Publish() {
    while (h(2).registry.PublishPending()) {
    }
  }

  Peer a_;
  std::uint64_t ahead_ = 0;
};

TEST_F(ClusterWatch, WhoIsAheadOfThisServerIsAwaited) {
  const auto watch = h(2).registry.StartWatch({.start_revision = ahead_});
  ASSERT_TRUE(watch.ok()) << watch.status();
  EXPECT_EQ(common::ReasonOf((*watch)->Reached()), "REVISION_IN_FUTURE");
  Heal();
  EXPECT_TRUE((*watch)->Reached().ok());
}

TEST_F(ClusterWatch, WhoWasAheadIsToldWhatIsNewToIt) {
  const auto watch = h(2).registry.StartWatch({.start_revision = ahead_});
  ASSERT_TRUE(watch.ok()) << watch.status();
  Heal();
  s(1).Labels(a_, "us");
  Settle();
  Publish();
  const WatchItem item = (*watch)->Next();
  ASSERT_EQ(item.batches.size(), 1u);
  ASSERT_EQ(item.batches[0]->transitions().size(), 1u);
  EXPECT_EQ(item.batches[0]->transitions()[0]->after->info.FindLabel("zone"), "us");
  EXPECT_GT(item.revision, ahead_);
}

}  // namespace
}  // namespace liveness::registry
