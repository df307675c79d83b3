#include "server/storage/frequent.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/strings.h"

namespace liveness::storage {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(Frequent, FindsWhoComesOften) {
  Frequent frequent;
  for (int n = 0; n < 10; ++n) frequent.Add("loud");
  frequent.Add("quiet");
  EXPECT_THAT(frequent.AtLeast(2, 9), ElementsAre("loud"));
  EXPECT_THAT(frequent.AtLeast(11, 9), IsEmpty());
  frequent.Forget("loud");
  EXPECT_THAT(frequent.AtLeast(2, 9), IsEmpty());
  frequent.Add("seen before", 5);
  EXPECT_THAT(frequent.AtLeast(5, 9), ElementsAre("seen before"));
}

TEST(Frequent, AmongMoreNamesThanItCanCountToo) {
  Frequent frequent;
  constexpr int kNames = 100'000;
  for (int n = 0; n < kNames; ++n) {
    frequent.Add(common::StrCat("client-", n));
    if (n % 100 == 0) frequent.Add("loud");  // 1 % of all
  }
  const auto found = frequent.AtLeast(kNames / 100 - 2 * kNames / Frequent::kCounters, 9);
  EXPECT_THAT(found, ElementsAre("loud"));
  EXPECT_LE(frequent.AtLeast(1, 1'000'000).size(), Frequent::kCounters);
}

}  // namespace
}  // namespace liveness::storage
