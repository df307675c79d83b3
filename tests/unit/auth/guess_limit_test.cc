#include "server/auth/guess_limit.h"

#include <chrono>

#include <gtest/gtest.h>

#include "common/status.h"
#include "server/auth/access.h"
#include "tests/support/manual_clock.h"

namespace liveness::auth {
namespace {

using std::chrono::seconds;

constexpr common::MonoTime kStart{std::chrono::hours(1)};
constexpr common::Duration kNone = common::Duration::zero();

TEST(GuessLimit, SoManyAMinuteOfOneAddress) {
  GuessLimit limit(20);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(limit.Count("10.0.0.1", kStart), kNone);
  EXPECT_EQ(limit.Count("10.0.0.1", kStart), seconds(3));
  EXPECT_EQ(limit.Count("10.0.0.2", kStart), kNone) << "another has its own";
  EXPECT_EQ(limit.Count("10.0.0.1", kStart + seconds(3)), kNone);
  EXPECT_NE(limit.Count("10.0.0.1", kStart + seconds(3)), kNone);
  EXPECT_EQ(limit.figures().refused, 22U);
  EXPECT_EQ(limit.figures().limited, 2U);
}

TEST(GuessLimit, ANetworkCountsAsOne) {
  GuessLimit limit(1);
  EXPECT_EQ(limit.Count("2001:db8::1", kStart), kNone);
  EXPECT_NE(limit.Count("2001:db8::2", kStart), kNone);
  EXPECT_EQ(limit.Count("2001:db8:0:1::1", kStart), kNone);
}

TEST(GuessLimit, NoneIfItIsOff) {
  GuessLimit limit(0);
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(limit.Count("10.0.0.1", kStart), kNone);
  EXPECT_EQ(limit.figures().refused, 1000U);
}

// --- As the gate has it ---

class GuessTest : public ::testing::Test {
 protected:
  absl::Status Refuse(const absl::Status& why) {
    return access_.Refuse({.address = "10.0.0.1", .action = Action::kView, .why = why});
  }
  absl::Status Guess() {
    const auto identified = access_.Identify({.authorization = "Bearer lvt_guess"}, "10.0.0.1");
    EXPECT_EQ(common::ReasonOf(identified.status()), "BAD_TOKEN");
    return LetIn(access_, identified, "10.0.0.1", Action::kView).status();
  }

  testing::ManualClock clock_;
  const std::shared_ptr<AuditLog> audit_ = std::make_shared<AuditLog>(clock_, 1000);
  Access access_{clock_, {}, {.audit = audit_, .max_bad_tokens = 3}};
};

TEST_F(GuessTest, WrongTokensThatComeTooFastAreToldToWait) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(common::ReasonOf(Guess()), "BAD_TOKEN");
  const absl::Status limited = Guess();
  EXPECT_EQ(limited.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(common::ReasonOf(limited), "TOO_MANY_BAD_TOKENS");
  EXPECT_EQ(common::RetryDelayOf(limited), seconds(20));
  const auto all = audit_->Read();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0]->reason, "BAD_TOKEN");
  EXPECT_EQ(all[0]->count, 3U);
  EXPECT_EQ(all[1]->reason, "TOO_MANY_BAD_TOKENS");
}

TEST_F(GuessTest, NothingElseThatIsRefusedCounts) {
  for (int i = 0; i < 10; ++i) {
    const absl::Status expired =
        common::Error(absl::StatusCode::kUnauthenticated, "TOKEN_EXPIRED", "the token x has expired");
    EXPECT_EQ(Refuse(expired), expired);
  }
  EXPECT_EQ(common::ReasonOf(Guess()), "BAD_TOKEN");
}

// A check of health is answered to whoever shows what it likes.
TEST_F(GuessTest, WhatEverybodyMayIsNoGuess) {
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(LetIn(access_, access_.Identify({.authorization = "Bearer lvt_guess"}, "10.0.0.1"),
                      "10.0.0.1", Action::kNone)
                    .ok());
  }
  EXPECT_TRUE(audit_->Read().empty());
}

}  // namespace
}  // namespace liveness::auth
