#include "common/random.h"

#include <gtest/gtest.h>

#include <array>
#include <set>
#include <vector>

namespace liveness::common {
namespace {

TEST(RandomTest, FillsEveryByteOfABufferLargerThanOneChunk) {
  // A byte that is never written stays 0 in all rounds; by chance that happens
  // once in 256^8 / 1000.
  std::vector<bool> written(1000, false);
  for (int round = 0; round < 8; ++round) {
    std::vector<std::uint8_t> bytes(written.size(), 0);
    RandomBytes(bytes);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      if (bytes[i] != 0) written[i] = true;
    }
  }
  for (std::size_t i = 0; i < written.size(); ++i) EXPECT_TRUE(written[i]) << i;
}

TEST(RandomTest, AnEmptyBufferIsFine) { RandomBytes({}); }

TEST(RandomTest, IdsAre32HexDigitsAndDiffer) {
  std::set<std::string> ids;
  std::set<char> digits;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = RandomHexId();
    ASSERT_EQ(id.size(), 32u);
    ASSERT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos) << id;
    digits.insert(id.begin(), id.end());
    ids.insert(id);
  }
  EXPECT_EQ(ids.size(), 1000u);
  EXPECT_EQ(digits.size(), 16u);
}

TEST(RandomTest, UniformStaysBelowOneAndReachesEveryTenth) {
  std::array<int, 10> buckets{};
  for (int i = 0; i < 10'000; ++i) {
    const double value = RandomUniform();
    ASSERT_GE(value, 0.0);
    ASSERT_LT(value, 1.0);
    ++buckets[static_cast<std::size_t>(value * 10)];
  }
  // 1000 expected, standard deviation 30: ten of them are never exceeded.
  for (const int bucket : buckets) EXPECT_NEAR(bucket, 1000, 300);
}

}  // namespace
}  // namespace liveness::common
