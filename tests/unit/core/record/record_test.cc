#include "server/core/record/record.h"

#include <gtest/gtest.h>

#include <set>
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

}  // namespace
}  // namespace liveness::core
