// How transitions are cut into batches, and what a batch says of itself. Pure: no registry.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/registry/watch/batches_of.h"
#include "server/registry/watch/watch.h"

namespace liveness::registry {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;

core::WallTime At(int second) { return core::WallTime(seconds(second)); }

core::TransitionPtr Of(std::uint64_t revision, core::GroupEvents groups = {}) {
  core::ClientRecord record;
  record.revision = revision;
  auto shared = groups.empty() ? nullptr : std::make_shared<const core::GroupEvents>(std::move(groups));
  return std::make_shared<const core::Transition>(
      core::Transition{nullptr, std::make_shared<const core::ClientRecord>(std::move(record)),
                       At(static_cast<int>(revision)), std::move(shared)});
}
core::GroupEvent Group(std::uint64_t revision) {
  return {.scope = "everyone", .revision = revision, .time = At(static_cast<int>(revision))};
}

std::vector<std::size_t> SizesOf(const std::vector<core::TransitionPtr>& transitions) {
  std::vector<std::size_t> sizes;
  for (const auto& batch : BatchesOf(nullptr, transitions)) sizes.push_back(batch->size());
  return sizes;
}

TEST(Batches, AreFullAtTheirBound) {
  std::vector<core::TransitionPtr> transitions;
  for (std::uint64_t revision = 1; revision <= 2 * kMaxBatch + 1; ++revision) {
    transitions.push_back(Of(revision));
  }
  EXPECT_THAT(SizesOf(transitions), ElementsAre(kMaxBatch, kMaxBatch, 1u));
}

TEST(Batches, WhoTakesNoGroupsHearsOfNone) {
  RecordFilter some = [](const core::ClientRecord& record) { return record.revision == 1; };
  some.takes_groups = false;
  const auto batches = BatchesOf(some, std::vector{Of(1, {Group(1)}), Of(2, {Group(2)})});
  ASSERT_EQ(batches.size(), 1U);
  EXPECT_EQ(batches.front()->transitions().size(), 1U);
  EXPECT_TRUE(batches.front()->groups().empty());
}

TEST(Batches, GroupEventsCountToo) {
  std::vector<core::TransitionPtr> transitions;
  for (std::uint64_t revision = 1; revision <= kMaxBatch; ++revision) {
    transitions.push_back(Of(revision, {Group(revision)}));
  }
  EXPECT_THAT(SizesOf(transitions), ElementsAre(kMaxBatch, kMaxBatch));
}

TEST(Batches, WhatSharesARevisionStaysTogether) {
  std::vector<core::TransitionPtr> transitions;
  for (std::size_t i = 0; i < kMaxBatch + 10; ++i) transitions.push_back(Of(7));
  transitions.push_back(Of(8));
  EXPECT_THAT(SizesOf(transitions), ElementsAre(kMaxBatch + 10, 1u));
}

TEST(Batches, OneOfGroupEventsAloneHasTheirTimeAndRevisions) {
  const Batch batch({}, {Group(3), Group(5)});
  EXPECT_EQ(batch.first_revision(), 3u);
  EXPECT_EQ(batch.last_revision(), 5u);
  EXPECT_EQ(batch.first_time(), At(3));
  const Batch mixed({Of(2), Of(4)}, {Group(3), Group(5)});
  EXPECT_EQ(mixed.first_revision(), 2u);
  EXPECT_EQ(mixed.last_revision(), 5u);
  EXPECT_EQ(mixed.first_time(), At(2));
}

TEST(Batches, EachFormIsMadeOnce) {
  const Batch batch({Of(1)});
  int made = 0;
  const auto count = [&](const Batch& of) {
    ++made;
    return std::to_string(of.size());
  };
  EXPECT_FALSE(batch.IsEncodedAs<std::string>());
  const std::string& text = batch.EncodedAs<std::string>(count);
  EXPECT_EQ(text, "1");
  EXPECT_EQ(&batch.EncodedAs<std::string>(count), &text);
  EXPECT_EQ(made, 1);
  EXPECT_TRUE(batch.IsEncodedAs<std::string>());
  EXPECT_FALSE(batch.IsEncodedAs<std::size_t>());
  EXPECT_EQ(batch.EncodedAs<std::size_t>([](const Batch& of) { return of.size() + 41; }), 42u);
  EXPECT_EQ(batch.EncodedAs<std::string>(count), "1") << "the other form stays";
}

}  // namespace
}  // namespace liveness::registry
