#include "server/registry/records/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace liveness::registry {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

core::TransitionPtr At(std::uint64_t revision) {
  auto record = std::make_shared<core::ClientRecord>();
  record->info = core::PackedInfo(core::ClientInfo());
  record->revision = revision;
  return std::make_shared<core::Transition>(core::Transition{nullptr, record, {}});
}

std::vector<std::uint64_t> Revisions(const storage::TransitionLog::Slice& slice) {
  std::vector<std::uint64_t> revisions;
  for (const auto& each : slice.transitions) revisions.push_back(each->revision());
  return revisions;
}

TEST(History, ReadsBothWaysAcrossHoles) {
  History history(100, 10);
  for (std::uint64_t revision : {103, 105, 110}) history.Append(At(revision));
  EXPECT_THAT(Revisions(history.Read({.after = 100, .limit = 10})), ElementsAre(103, 105, 110));
  EXPECT_THAT(Revisions(history.Read({.after = 104, .limit = 1})), ElementsAre(105));
  EXPECT_THAT(Revisions(history.Read({.after = 110, .limit = 10})), IsEmpty());
  EXPECT_THAT(Revisions(history.Read({.before = 110, .newest_first = true, .limit = 1})), ElementsAre(105));
  EXPECT_THAT(Revisions(history.Read({.before = UINT64_MAX, .newest_first = true, .limit = 10})),
              ElementsAre(110, 105, 103));
  EXPECT_EQ(history.compacted(), 100u);
}

TEST(History, NeverSplitsARevision) {
  History history(0, 10);
  for (std::uint64_t revision : {1, 2, 2, 2, 3}) history.Append(At(revision));
  EXPECT_THAT(Revisions(history.Read({.after = 0, .limit = 2})), ElementsAre(1, 2, 2, 2));
  EXPECT_THAT(Revisions(history.Read({.before = 4, .newest_first = true, .limit = 2})),
              ElementsAre(3, 2, 2, 2));
}

TEST(History, ForgetsTheOldestAndSaysSo) {
  History history(0, 3);
  for (std::uint64_t revision = 1; revision <= 5; ++revision) history.Append(At(revision));
  EXPECT_EQ(history.compacted(), 2u);
  EXPECT_EQ(history.last(), 5u);
  EXPECT_THAT(Revisions(history.Read({.after = 0, .limit = 10})), ElementsAre(3, 4, 5));
}

TEST(History, ForgetsARevisionAsAWhole) {
  History history(0, 3);
  for (std::uint64_t revision : {1, 1, 2, 3}) history.Append(At(revision));
  EXPECT_EQ(history.compacted(), 1u);
  EXPECT_THAT(Revisions(history.Read({})), ElementsAre(2, 3));
  for (int n = 0; n < 5; ++n) history.Append(At(4));
  EXPECT_EQ(history.compacted(), 3u);
  EXPECT_THAT(Revisions(history.Read({})), ElementsAre(4, 4, 4, 4, 4)) << "not the one that is being told";
}

TEST(History, AGapIsOpenFromTheFirstThatIsMissing) {
  History history(10, 10);
  EXPECT_EQ(history.open_gap(), std::nullopt);
  history.BeginGap(20, 30);
  EXPECT_EQ(history.open_gap(), 20u);
  history.BeginGap(25, 40);
  EXPECT_EQ(history.open_gap(), 20u);
  history.EndGap(40);
  EXPECT_EQ(history.open_gap(), std::nullopt);
  EXPECT_EQ(history.last(), 40u);
  history.BeginGap(50, 60);
  EXPECT_EQ(history.open_gap(), 50u) << "the one before has ended";
}

}  // namespace
}  // namespace liveness::registry
