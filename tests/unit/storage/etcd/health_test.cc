#include "server/storage/etcd/health.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace liveness::storage::etcd {
namespace {

using ::testing::HasSubstr;

common::MonoTime At(double seconds) {
  return common::MonoTime(
      std::chrono::duration_cast<common::Duration>(std::chrono::duration<double>(seconds)));
}

class HealthTest : public ::testing::Test {
 protected:
  std::string Text(double now) const { return std::string(health_.Assess(At(now)).message()); }
  bool Ok(double now) const { return health_.Assess(At(now)).ok(); }

  Health health_{At(100)};
};

TEST_F(HealthTest, IsGoodForAMomentAfterTheStart) {
  EXPECT_TRUE(Ok(101));
  EXPECT_THAT(Text(102.5), HasSubstr("does not answer"));
}

TEST_F(HealthTest, AMomentsSilenceIsNoOutageAndALongerOneEndsWithAnAnswer) {
  health_.Answered(At(110));
  EXPECT_TRUE(Ok(112));
  EXPECT_FALSE(Ok(112.1));
  health_.Answered(At(113));
  EXPECT_TRUE(Ok(113));
}

TEST_F(HealthTest, AConnectionThatStaysAwayIsSaidWithItsReason) {
  health_.Answered(At(110));
  health_.Down(At(110), "10.0.0.1:2379: Connection refused");
  health_.Down(At(111), "10.0.0.2:2379: Connection refused");
  EXPECT_TRUE(Ok(111.9));
  health_.Answered(At(112.5));  // of a member that then failed as well
  EXPECT_THAT(Text(112.6), HasSubstr("10.0.0.2:2379")) << "from the first failure, with the last one's words";
  health_.Up();
  EXPECT_TRUE(Ok(112.7));
}

TEST_F(HealthTest, WritesThatFailAreSaidUntilOneIsDone) {
  health_.Answered(At(110));
  health_.WriteFailed(At(109), "database space exceeded");
  health_.WriteFailed(At(110), "database space exceeded");
  EXPECT_TRUE(health_.writes_fail());
  EXPECT_THAT(Text(111.1), HasSubstr("database space exceeded"));
  health_.Wrote();
  EXPECT_FALSE(health_.writes_fail());
  EXPECT_TRUE(Ok(111.1));
}

TEST_F(HealthTest, ATransactionThatWaitsAndAWatchThatLagsAreSaid) {
  health_.Answered(At(110));
  health_.Pending(At(108), std::nullopt);
  EXPECT_THAT(Text(110.5), HasSubstr("too slow"));
  health_.Pending(std::nullopt, At(108));
  EXPECT_THAT(Text(110.5), HasSubstr("watch lags"));
  health_.Pending(At(110), At(110));
  EXPECT_TRUE(Ok(110.5));
}

TEST_F(HealthTest, OurOwnStandstillIsNobodysSilence) {
  health_.Answered(At(110));
  health_.Down(At(110), "away");
  health_.WriteFailed(At(110), "full");
  health_.Credit(std::chrono::seconds(30));
  EXPECT_TRUE(Ok(142));
  EXPECT_FALSE(Ok(142.1));
}

TEST_F(HealthTest, WhatOnlyAnOperatorCanMendIsSaidAtOnce) {
  health_.Answered(At(110));
  health_.Fatal("another history; restart this server");
  EXPECT_TRUE(health_.fatal());
  EXPECT_THAT(Text(110), HasSubstr("restart this server"));
  health_.Fatal("");
  EXPECT_TRUE(Ok(110));
}

}  // namespace
}  // namespace liveness::storage::etcd
