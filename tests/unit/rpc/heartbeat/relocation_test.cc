#include "server/rpc/heartbeat/relocation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace liveness::rpc {
namespace {

using Streams = Relocation<int>;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;

absl::btree_set<int> Open(int count) {
  absl::btree_set<int> open;
  for (int n = 0; n < count; ++n) open.insert(n);
  return open;
}

TEST(Relocation, AFewAreAskedFirst) {
  Streams streams;
  EXPECT_THAT(streams.Begin(Open(1000)), SizeIs(Streams::kScouts));
}

TEST(Relocation, ScoutsComeFromEverywhere) {
  Streams streams;
  const std::vector<int> scouts = streams.Begin(Open(1000));
  EXPECT_LT(*std::min_element(scouts.begin(), scouts.end()), 100);
  EXPECT_GE(*std::max_element(scouts.begin(), scouts.end()), 900);
}

TEST(Relocation, OfFewAllAreAsked) {
  Streams streams;
  EXPECT_THAT(streams.Begin(Open(3)), UnorderedElementsAre(0, 1, 2));
}

TEST(Relocation, TheOthersFollowOnceWhenScoutsHaveLeft) {
  Streams streams;
  const std::vector<int> scouts = streams.Begin(Open(1000));
  EXPECT_FALSE(streams.Left(scouts[0])) << "it may have died";
  EXPECT_TRUE(streams.Left(scouts[1]));
  EXPECT_FALSE(streams.Left(scouts[2]));
  EXPECT_FALSE(streams.Left(scouts[3]));
}

TEST(Relocation, WhoeverElseLeavesProvesNothing) {
  Streams streams;
  const std::vector<int> scouts = streams.Begin(Open(100));
  const absl::btree_set<int> asked(scouts.begin(), scouts.end());
  for (int n = 0; n < 100; ++n) {
    if (asked.contains(n)) continue;
    EXPECT_FALSE(streams.Left(n));
  }
  EXPECT_FALSE(streams.Left(scouts[0]));
  EXPECT_FALSE(streams.Left(scouts[0])) << "the same stream";
}

TEST(Relocation, OfOneScoutItsLeavingIsProof) {
  Streams streams;
  ASSERT_THAT(streams.Begin(Open(1)), SizeIs(1));
  EXPECT_TRUE(streams.Left(0));
}

TEST(Relocation, BeginsOnceAnOutage) {
  Streams streams;
  const std::vector<int> scouts = streams.Begin(Open(100));
  EXPECT_THAT(streams.Begin(Open(100)), IsEmpty());
  streams.End();
  EXPECT_FALSE(streams.Left(scouts[0]));
  EXPECT_FALSE(streams.Left(scouts[1])) << "it is seen again: who leaves now leaves for other reasons";
  EXPECT_THAT(streams.Begin(Open(100)), SizeIs(Streams::kScouts));
}

TEST(Relocation, NobodyIsThereToAsk) {
  Streams streams;
  EXPECT_THAT(streams.Begin({}), IsEmpty());
  EXPECT_FALSE(streams.Left(0));
}

}  // namespace
}  // namespace liveness::rpc
