#include "client/src/session/final_words.h"

#include <gtest/gtest.h>

namespace liveness::internal {
namespace {

const StreamEnd kSuperseded{absl::StatusCode::kAborted, "SUPERSEDED", "", {}};
const StreamEnd kBadHello{absl::StatusCode::kInvalidArgument, "BAD_HELLO", "", {}};
const StreamEnd kOtherPrincipal{absl::StatusCode::kPermissionDenied, "PRINCIPAL_MISMATCH", "", {}};
const StreamEnd kDraining{absl::StatusCode::kUnavailable, "DRAINING", "", {}};

TEST(FinalWords, OfAnInstanceThatIsOverEndsItEverywhere) {
  const FinalWords words({});
  EXPECT_TRUE(words.Ends(kSuperseded, 0, false));
  EXPECT_TRUE(words.Ends(kSuperseded, 0, true));
}

TEST(FinalWords, ARefusedHelloIsNotTheEndWhileAnotherStreamServes) {
  const FinalWords words({});
  EXPECT_TRUE(words.Ends(kBadHello, 0, false));
  EXPECT_FALSE(words.Ends(kBadHello, 0, true));
}

TEST(FinalWords, WhatMayPassEndsOnlyAClientThatWasNeverTakenIn) {
  FinalWords words({});
  EXPECT_TRUE(words.Ends(kOtherPrincipal, 0, false));
  words.OnWelcome(0);
  EXPECT_FALSE(words.Ends(kOtherPrincipal, 0, false));
}

TEST(FinalWords, WhatIsNotFinalEndsNothing) {
  EXPECT_FALSE(FinalWords({}).Ends(kDraining, 0, false));
  EXPECT_FALSE(FinalWords({}).Ends({}, 0, false));
}

TEST(FinalWords, CountFromWhereTheyAreTrustedAsMuchAsTheLastWelcome) {
  FinalWords words({1, 0, 2});
  EXPECT_TRUE(words.Ends(kSuperseded, 1, false)) << "before a welcome any target counts";
  words.OnWelcome(0);
  EXPECT_TRUE(words.Ends(kSuperseded, 0, false));
  EXPECT_FALSE(words.Ends(kSuperseded, 1, false));
  EXPECT_TRUE(words.Ends(kSuperseded, 2, false)) << "more is trusted, too";
  words.OnWelcome(1);
  EXPECT_TRUE(words.Ends(kSuperseded, 1, false)) << "the last welcome counts, not the best";
}

}  // namespace
}  // namespace liveness::internal
