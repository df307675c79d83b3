#include "server/app/tls_watch.h"

#include <gtest/gtest.h>

#include <vector>

namespace liveness::app {
namespace {

using std::chrono::hours;

TEST(TlsWatchTest, TheEndComesNearerInStages) {
  constexpr common::WallTime kNow{std::chrono::seconds(1'700'000'000)};
  const std::vector<std::pair<hours, int>> expected = {
      {hours(24 * 31), 0},  {hours(24 * 30), 1},  {hours(24 * 15), 1}, {hours(24 * 14), 2},
      {hours(24 * 7), 3},   {hours(25), 3},       {hours(24), 4},      {hours(1), 4},
      {hours(0), kExpired}, {hours(-9), kExpired}};
  for (const auto& [left, stage] : expected) EXPECT_EQ(ExpiryStage(kNow + left, kNow), stage) << left.count();
}

}  // namespace
}  // namespace liveness::app
