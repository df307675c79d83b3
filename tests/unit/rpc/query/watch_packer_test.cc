#include "server/rpc/query/watch_packer.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "liveness/v1/registry_service.pb.h"

namespace liveness::rpc {
namespace {

core::RecordPtr Record(std::uint64_t revision, std::size_t padding = 0) {
  core::ClientInfo info;
  info.client_id = "client-" + std::to_string(revision);
  info.host = std::string(padding, 'h');
  auto record = std::make_shared<core::ClientRecord>();
  record->info = core::PackedInfo(info);
  record->revision = revision;
  record->state = core::State::kAlive;
  return record;
}

std::shared_ptr<const registry::Batch> Batch(const std::vector<std::uint64_t>& revisions,
                                             std::size_t padding = 0) {
  std::vector<core::TransitionPtr> transitions;
  for (const std::uint64_t revision : revisions) {
    transitions.push_back(std::make_shared<const core::Transition>(
        core::Transition{nullptr, Record(revision, padding), core::WallTime{}}));
  }
  return std::make_shared<const registry::Batch>(std::move(transitions));
}

std::vector<std::uint64_t> Range(std::uint64_t from, std::uint64_t count) {
  std::vector<std::uint64_t> revisions;
  for (std::uint64_t i = 0; i < count; ++i) revisions.push_back(from + i);
  return revisions;
}

v1::WatchClientsResponse Parse(const grpc::ByteBuffer& buffer) {
  std::vector<grpc::Slice> slices;
  EXPECT_TRUE(buffer.Dump(&slices).ok());
  std::string bytes;
  for (const grpc::Slice& slice : slices) {
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  }
  v1::WatchClientsResponse message;
  EXPECT_TRUE(message.ParseFromString(bytes));
  return message;
}

std::vector<v1::WatchClientsResponse> PackAll(WatchPacker& packer, registry::WatchItem item) {
  packer.Load(std::move(item), {});
  std::vector<v1::WatchClientsResponse> messages;
  while (!packer.empty()) messages.push_back(Parse(packer.Next()));
  return messages;
}

TEST(WatchPackerTest, WaitingBatchesShareOneMessageInOrder) {
  WatchPacker packer("history");
  registry::WatchItem item;
  item.batches = {Batch({1, 2}), Batch({3}), Batch({4, 5})};
  item.revision = 6;
  const auto messages = PackAll(packer, std::move(item));
  ASSERT_EQ(messages.size(), 1u);
  ASSERT_EQ(messages[0].transitions_size(), 5);
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(messages[0].transitions(i).revision(), static_cast<std::uint64_t>(i + 1));
    EXPECT_EQ(messages[0].transitions(i).client().client_id(), "client-" + std::to_string(i + 1));
  }
  EXPECT_EQ(messages[0].revision(), 6u);
  EXPECT_EQ(messages[0].history_id(), "history");  // the first message
  EXPECT_FALSE(messages[0].bookmark());
}

TEST(WatchPackerTest, OnlyTheFirstMessageGapsAndBookmarksNameTheHistory) {
  WatchPacker packer("history");
  const auto item = [] {
    registry::WatchItem item;
    item.batches = {Batch({1})};
    item.revision = 1;
    return item;
  };
  EXPECT_EQ(PackAll(packer, item())[0].history_id(), "history");
  EXPECT_EQ(PackAll(packer, item())[0].history_id(), "");
  registry::WatchItem gap;
  gap.gap = registry::WatchGap{3, 8};
  const auto messages = PackAll(packer, std::move(gap));
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].history_id(), "history");
  EXPECT_EQ(messages[0].gap().after_revision(), 3u);
  EXPECT_EQ(messages[0].gap().resumes_at_revision(), 8u);
  const auto bookmark = Parse(packer.Bookmark(9));
  EXPECT_TRUE(bookmark.bookmark());
  EXPECT_EQ(bookmark.revision(), 9u);
  EXPECT_EQ(bookmark.history_id(), "history");
}

TEST(WatchPackerTest, ManyTransitionsBecomeBoundedMessagesEachOfWhichCanBeResumedFrom) {
  WatchPacker packer("history");
  registry::WatchItem item;
  for (std::uint64_t i = 0; i < 40; ++i) item.batches.push_back(Batch(Range(i * 100 + 1, 100), 4'000));
  item.revision = 4'000;
  const auto messages = PackAll(packer, std::move(item));
  EXPECT_GT(messages.size(), 15u);
  std::uint64_t last = 0;
  for (const auto& message : messages) {
    EXPECT_LE(message.transitions_size(), 256);
    EXPECT_LT(message.ByteSizeLong(), 2 * WatchPacker::kMessageBytes);
    for (const auto& transition : message.transitions()) EXPECT_EQ(transition.revision(), ++last);
    EXPECT_EQ(message.revision(), last);
  }
  EXPECT_EQ(last, 4'000u);
}

TEST(WatchPackerTest, TransitionsOfOneRevisionAreNeverSplit) {
  WatchPacker packer("history");
  std::vector<std::uint64_t> revisions(300, 5);  // more than a message takes, and more than a chunk
  revisions.push_back(6);
  registry::WatchItem item;
  item.batches = {Batch(Range(1, 4)), Batch(revisions, 1'000)};
  item.revision = 6;
  const auto messages = PackAll(packer, std::move(item));
  int with_five = 0;
  for (const auto& message : messages) {
    int fives = 0;
    for (const auto& transition : message.transitions()) fives += transition.revision() == 5;
    with_five += fives > 0;
    EXPECT_TRUE(fives == 0 || fives == 300) << fives;
  }
  EXPECT_EQ(with_five, 1);
}

TEST(WatchPackerTest, ASnapshotPartIsBoundedByBytesAndTellsNoRevisionBeforeItsEnd) {
  WatchPacker packer("history");
  registry::WatchItem item;
  for (std::uint64_t i = 1; i <= 256; ++i) item.clients.push_back({Record(i, 11'000), {}});
  item.batches = {Batch({300})};
  item.snapshot_done = true;
  item.revision = 300;
  const auto messages = PackAll(packer, std::move(item));
  ASSERT_GE(messages.size(), 3u);
  std::size_t clients = 0;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const bool last = i + 1 == messages.size();
    EXPECT_LT(messages[i].ByteSizeLong(), 2 * WatchPacker::kMessageBytes);
    EXPECT_EQ(messages[i].snapshot_done(), last);
    EXPECT_EQ(messages[i].revision(), last ? 300u : 0u);
    EXPECT_EQ(messages[i].transitions_size(), last ? 1 : 0);
    clients += messages[i].clients_size();
  }
  EXPECT_EQ(clients, 256u);
}

TEST(WatchPackerTest, GroupEventsTravelWithTheirRevision) {
  WatchPacker packer("history");
  const core::WallTime time{std::chrono::seconds(1'700'000'000)};
  std::vector<core::TransitionPtr> transitions;
  for (const std::uint64_t revision : {1, 3}) {
    transitions.push_back(std::make_shared<const core::Transition>(
        core::Transition{nullptr, Record(revision), core::WallTime{}}));
  }
  registry::WatchItem item;
  item.batches = {
      std::make_shared<const registry::Batch>(
          transitions, core::GroupEvents{{"host=db-7", 7, 12, 3, time}, {"everyone", 12, 12, 5, time}}),
      std::make_shared<const registry::Batch>(std::vector<core::TransitionPtr>(),
                                              core::GroupEvents{{"subnet=10.1.2.0/24", 6, 10, 7, time}})};
  item.revision = 7;
  const auto messages = PackAll(packer, std::move(item));
  ASSERT_EQ(messages.size(), 1u);
  EXPECT_EQ(messages[0].transitions_size(), 2);
  ASSERT_EQ(messages[0].groups_size(), 3);
  EXPECT_EQ(messages[0].groups(0).scope(), "host=db-7");
  EXPECT_EQ(messages[0].groups(0).revision(), 3u);
  EXPECT_EQ(messages[0].groups(0).affected_count(), 7);
  EXPECT_EQ(messages[0].groups(0).member_count(), 12);
  EXPECT_EQ(messages[0].groups(0).time().seconds(), 1'700'000'000);
  EXPECT_EQ(messages[0].groups(2).scope(), "subnet=10.1.2.0/24");
  EXPECT_EQ(messages[0].revision(), 7u);
}

TEST(WatchPackerTest, WhatSharesARevisionIsNotParted) {
  // Each as large as a chunk, so that each revision makes its own.
  std::vector<core::TransitionPtr> transitions;
  for (const std::uint64_t revision : {1, 2}) {
    transitions.push_back(std::make_shared<const core::Transition>(
        core::Transition{nullptr, Record(revision, 60'000), core::WallTime{}}));
  }
  const std::string large(130 * 1024, 's');
  const registry::Batch batch(transitions, {{large, 7, 12, 2, {}}});
  const EncodedBatch encoded = EncodeBatch(batch);
  ASSERT_EQ(encoded.size(), 1u) << "the group event came to revision 1's chunk, and 2 must follow";
}

TEST(WatchPackerTest, ABatchIsSerialisedOnceForAllItsWatchers) {
  const auto batch = Batch({1, 2, 3});
  const EncodedBatch* first = &batch->EncodedAs<EncodedBatch>(EncodeBatch);
  const EncodedBatch* second = &batch->EncodedAs<EncodedBatch>([](const auto&) -> EncodedBatch {
    ADD_FAILURE() << "encoded a second time";
    return {};
  });
  EXPECT_EQ(first, second);
}

}  // namespace
}  // namespace liveness::rpc
