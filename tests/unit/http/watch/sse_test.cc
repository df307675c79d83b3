#include "server/http/watch/sse.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/status.h"

namespace liveness::http {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

core::TransitionPtr Transition(std::uint64_t revision, std::size_t padding = 0) {
  core::ClientInfo info;
  info.client_id = "client-" + std::to_string(revision);
  info.host = std::string(padding, 'h');
  auto record = std::make_shared<core::ClientRecord>();
  record->info = core::PackedInfo(info);
  record->revision = revision;
  record->state = core::State::kAlive;
  return std::make_shared<const core::Transition>(core::Transition{nullptr, record, core::WallTime{}});
}

std::shared_ptr<const registry::Batch> Batch(const std::vector<std::uint64_t>& revisions,
                                             std::size_t padding = 0) {
  std::vector<core::TransitionPtr> transitions;
  for (const std::uint64_t revision : revisions) transitions.push_back(Transition(revision, padding));
  return std::make_shared<const registry::Batch>(std::move(transitions));
}

std::string Text(const std::vector<SharedText>& parts) {
  std::string text;
  for (const SharedText& part : parts) text += *part;
  return text;
}

// Lines that begin with `word`, in order.
std::vector<std::string> Lines(const std::string& text, const std::string& word) {
  std::vector<std::string> lines;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = text.find('\n', at);
    if (text.compare(at, word.size(), word) == 0)
      lines.push_back(text.substr(at + word.size(), end - at - word.size()));
    at = end + 1;
  }
  return lines;
}

std::string PackAll(registry::WatchItem item) {
  SsePacker packer("h");
  packer.Load(std::move(item), {});
  std::string text;
  while (!packer.empty()) text += Text(packer.Next());
  return text;
}

TEST(Sse, OnlyTheLastOfARevisionCanBeResumedFrom) {
  registry::WatchItem item;
  item.batches.push_back(Batch({3, 4, 4, 5}));
  item.revision = 5;
  const std::string text = PackAll(std::move(item));
  EXPECT_EQ(Lines(text, "event: "),
            (std::vector<std::string>{"transition", "transition", "transition", "transition"}));
  EXPECT_EQ(Lines(text, "id: "), (std::vector<std::string>{"h:3", "h:4", "h:5"}));
  EXPECT_THAT(Lines(text, "data: ").at(1), HasSubstr("client-4"));
  EXPECT_LT(text.find("id: h:4"), text.find("client-5"));
  EXPECT_GT(text.find("id: h:4"), text.find("client-4")) << "the second of the two has it";
}

TEST(Sse, AGroupComesBeforeItsTransition) {
  core::GroupEvent group;
  group.revision = 4;
  registry::WatchItem item;
  item.batches.push_back(std::make_shared<const registry::Batch>(
      std::vector<core::TransitionPtr>{Transition(3), Transition(4)}, core::GroupEvents{group}));
  item.revision = 4;
  const std::string text = PackAll(std::move(item));
  EXPECT_EQ(Lines(text, "event: "), (std::vector<std::string>{"transition", "group", "transition"}));
  EXPECT_EQ(Lines(text, "id: "), (std::vector<std::string>{"h:3", "h:4"}));
}

TEST(Sse, NobodyResumesAmidASnapshot) {
  registry::WatchItem item;
  item.gap = registry::WatchGap{2, 9};
  item.clients.resize(1);
  item.clients[0].record = Transition(7)->after;
  item.batches.push_back(Batch({8}));
  item.snapshot_done = true;
  item.revision = 9;
  const std::string text = PackAll(std::move(item));
  EXPECT_EQ(Lines(text, "event: "),
            (std::vector<std::string>{"gap", "client", "transition", "snapshot_done"}));
  EXPECT_EQ(Lines(text, "id: "), (std::vector<std::string>{"h:9"}));
  EXPECT_THAT(text,
              HasSubstr("{\"after_revision\":\"2\",\"resumes_at_revision\":\"9\",\"history_id\":\"h\"}"));
}

TEST(Sse, ABatchIsMadeOnceForAll) {
  const auto batch = Batch({1, 2});
  std::vector<std::vector<SharedText>> sent;
  for (int i = 0; i < 2; ++i) {
    SsePacker packer("h");
    registry::WatchItem item;
    item.batches.push_back(batch);
    item.revision = 2;
    packer.Load(std::move(item), {});
    sent.push_back(packer.Next());
    EXPECT_TRUE(packer.empty());
  }
  ASSERT_EQ(sent[0].size(), 1U);
  EXPECT_EQ(sent[0][0], sent[1][0]) << "the same bytes";
}

TEST(Sse, LargeBatchesGoOutInWrites) {
  std::vector<std::uint64_t> revisions;
  for (std::uint64_t i = 1; i <= 200; ++i) revisions.push_back(i);
  SsePacker packer("h");
  registry::WatchItem item;
  item.batches.push_back(Batch(revisions, 4000));
  item.revision = 200;
  packer.Load(std::move(item), {});
  EXPECT_TRUE(packer.heavy());
  std::string text;
  int writes = 0;
  for (; !packer.empty(); ++writes) {
    const std::string part = Text(packer.Next());
    EXPECT_LT(part.size(), 2 * SsePacker::kWriteBytes);
    text += part;
  }
  EXPECT_GT(writes, 2);
  EXPECT_EQ(Lines(text, "id: ").size(), 200U);
}

// What concerns nobody is no write: whoever pulls goes on to the next at once.
TEST(Sse, AnItemWithoutContentIsNothingToSend) {
  SsePacker packer("h");
  registry::WatchItem item;
  item.more = true;
  packer.Load(std::move(item), {});
  EXPECT_TRUE(packer.empty());
}

TEST(Sse, IdsComeBack) {
  v1::WatchClientsRequest request;
  ASSERT_TRUE(ParseEventId("a:b:18446744073709551615", request).ok());
  EXPECT_EQ(request.history_id(), "a:b");
  EXPECT_EQ(request.start_revision(), 18446744073709551615U);
  for (const char* bad : {"", "7", ":7", "h:", "h:+7", "h: 7", "h:7 ", "h:18446744073709551616"}) {
    EXPECT_EQ(common::ReasonOf(ParseEventId(bad, request)), "BAD_EVENT_ID") << bad;
  }
}

}  // namespace
}  // namespace liveness::http
