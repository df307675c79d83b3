#include "server/rpc/canary/canary.h"

#include <gtest/gtest.h>

#include "server/rpc/canary/canary_report.h"
#include "server/rpc/canary/canary_service.h"

namespace liveness::rpc {
namespace {

TEST(CanaryTest, DialsTheListenerFromThisMachine) {
  EXPECT_EQ(CanaryTarget("127.0.0.1:7700"), "ipv4:127.0.0.1:7700");
  EXPECT_EQ(CanaryTarget("10.1.2.3:80"), "ipv4:10.1.2.3:80");
  EXPECT_EQ(CanaryTarget("[::1]:7700"), "ipv6:[::1]:7700");
  EXPECT_EQ(CanaryTarget("liveness.example:7700"), "dns:///liveness.example:7700");
}

TEST(CanaryTest, AWildcardIsReachedThroughLoopback) {
  EXPECT_EQ(CanaryTarget("0.0.0.0:7700"), "ipv4:127.0.0.1:7700");
  EXPECT_EQ(CanaryTarget("[::]:7700"), "ipv4:127.0.0.1:7700");
}

TEST(CanaryTest, ADoubtCountsMoreThanWhatIsWatched) {
  using core::CanaryDoubt;
  EXPECT_EQ(CanaryStateOf(true, CanaryDoubt::kNone, 2, 2), v1::CANARY_STATE_WATCHING);
  EXPECT_EQ(CanaryStateOf(true, CanaryDoubt::kNone, 1, 2), v1::CANARY_STATE_PARTIAL);
  EXPECT_EQ(CanaryStateOf(true, CanaryDoubt::kCredited, 1, 2), v1::CANARY_STATE_DOUBT);
  EXPECT_EQ(CanaryStateOf(true, CanaryDoubt::kSpent, 2, 2), v1::CANARY_STATE_SPENT);
  EXPECT_EQ(CanaryStateOf(false, CanaryDoubt::kNone, 0, 2), v1::CANARY_STATE_OFF);
}

TEST(CanaryTest, ItsSecretIs32BytesAndNewEachTime) {
  EXPECT_EQ(NewCanarySecret().size(), 64U) << "in hexadecimal";
  EXPECT_NE(NewCanarySecret(), NewCanarySecret());
}

}  // namespace
}  // namespace liveness::rpc
