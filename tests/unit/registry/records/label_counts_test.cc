#include "server/registry/records/label_counts.h"

#include <gtest/gtest.h>

#include <string>

namespace liveness::registry {
namespace {

using core::State;

core::ClientRecord Of(const std::string& zone, State state = State::kAlive) {
  core::ClientInfo info;
  info.client_id = "c";
  if (!zone.empty()) info.labels = {{"zone", zone}};
  core::ClientRecord record;
  record.info = core::PackedInfo(info);
  record.state = state;
  return record;
}

std::int64_t Count(const LabelCounts& counts, const std::string& zone, State state = State::kAlive) {
  const auto& values = counts.labels().at(0).values;
  const auto at = values.find(zone);
  return at == values.end() ? -1 : at->second[static_cast<std::size_t>(state)];
}

TEST(LabelCounts, ByValueAndStateAndWithoutTheLabel) {
  LabelCounts counts({"zone"});
  counts.Add(Of("a"), +1);
  counts.Add(Of("a", State::kDead), +1);
  counts.Add(Of(""), +1);
  EXPECT_EQ(Count(counts, "a"), 1);
  EXPECT_EQ(Count(counts, "a", State::kDead), 1);
  EXPECT_EQ(Count(counts, ""), 1);
  EXPECT_EQ(Count(counts, "b"), -1) << "nobody had it yet";
}

TEST(LabelCounts, AValueWhoseLastClientWentIsZero) {
  LabelCounts counts({"zone"});
  counts.Add(Of("a"), +1);
  counts.Add(Of("a"), -1);
  EXPECT_EQ(Count(counts, "a"), 0);
}

TEST(LabelCounts, PastTheBoundAllValuesShareOneAndNoneIsLost) {
  LabelCounts counts({"zone"});
  constexpr int kValues = 1'000;
  for (int i = 0; i < kValues; ++i) counts.Add(Of("z" + std::to_string(i)), +1);
  EXPECT_EQ(counts.labels().at(0).values.size(), LabelCounts::kMostValues + 1);
  EXPECT_EQ(Count(counts, "other"), kValues - 100);
  counts.Add(Of("z99"), -1);
  counts.Add(Of("z999"), -1);
  EXPECT_EQ(Count(counts, "z99"), 0);
  EXPECT_EQ(Count(counts, "other"), kValues - 101);
  // The bound stays, and the books balance.
  counts.Add(Of("new"), +1);
  EXPECT_EQ(Count(counts, "new"), -1);
  counts.Add(Of("new"), -1);
  for (int i = 0; i < kValues; ++i) {
    if (i != 99 && i != 999) counts.Add(Of("z" + std::to_string(i)), -1);
  }
  for (const auto& [value, by_state] : counts.labels().at(0).values) {
    EXPECT_EQ(by_state[static_cast<std::size_t>(State::kAlive)], 0) << value;
  }
}

TEST(LabelCounts, AValueThatIsCalledOtherIsAmongTheOthers) {
  LabelCounts counts({"zone"});
  counts.Add(Of("other"), +1);
  for (int i = 0; i < 101; ++i) counts.Add(Of("z" + std::to_string(i)), +1);
  EXPECT_EQ(Count(counts, "other"), 2);
  EXPECT_EQ(counts.labels().at(0).values.size(), LabelCounts::kMostValues + 1);
}

}  // namespace
}  // namespace liveness::registry
