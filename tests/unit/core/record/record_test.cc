#include "server/core/record/record.h"

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "server/core/detection/verdict.h"

namespace liveness::core {
namespace {

// Each value has a name of its own, and behind the last there is none: filters and random tests end there.
template <typename Enum>
void ExpectNamesUpTo(Enum last) {
  std::set<std::string_view> names;
  for (int value = 0; value <= static_cast<int>(last); ++value) {
    const std::string_view name = Name(static_cast<Enum>(value));
    EXPECT_FALSE(name.empty()) << value;
    EXPECT_TRUE(names.insert(name).second) << name;
  }
  const std::string_view behind = Name(static_cast<Enum>(static_cast<int>(last) + 1));
  EXPECT_TRUE(behind.empty() || names.contains(behind)) << behind << " is behind the last";
}

TEST(Record, TheLastStateHealthAndCauseAreTheLast) {
  ExpectNamesUpTo(kLastState);
  ExpectNamesUpTo(kLastHealth);
  ExpectNamesUpTo(kLastCause);
}

TEST(Record, EachCauseHasASentence) {
  for (int value = 1; value <= static_cast<int>(kLastCause); ++value) {
    EXPECT_NE(Summary(static_cast<Cause>(value), Evidence()), "") << Name(static_cast<Cause>(value));
  }
}

TEST(Record, RemembersTheLastEightThatWereBanned) {
  Annex annex;
  for (int n = 0; n <= 8; ++n) annex.Ban({std::to_string(n), 1, Cause::kEvicted});
  ASSERT_EQ(annex.banned.size(), kRememberedInstances);
  EXPECT_EQ(annex.banned.front().instance_id, "1");
  EXPECT_EQ(annex.banned.back().instance_id, "8");
}

TEST(Record, WhoIsAliveAgainHasNothingToExplainButAStall) {
  ClientRecord record;
  record.state = State::kSuspect;
  record.cause = Cause::kHostUnreachable;
  record.evidence = std::make_shared<const Evidence>();
  BecomeAlive(record);
  EXPECT_EQ(record.state, State::kAlive);
  EXPECT_EQ(record.cause, Cause::kUnspecified);
  EXPECT_EQ(record.evidence, nullptr);
  record.health = Health::kStalled;
  BecomeAlive(record);
  EXPECT_EQ(record.cause, Cause::kApplicationStalled);
}

}  // namespace
}  // namespace liveness::core
