#include "common/status.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace liveness::common {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(StatusTest, CarriesItsReason) {
  const absl::Status status = Error(absl::StatusCode::kAborted, "SUPERSEDED", "a newer instance took over");
  EXPECT_EQ(status.code(), absl::StatusCode::kAborted);
  EXPECT_EQ(status.message(), "a newer instance took over");
  EXPECT_EQ(ReasonOf(status), "SUPERSEDED");
}

TEST(StatusTest, NamesEveryWrongFieldInPayloadAndMessage) {
  const std::vector<FieldViolation> violations = {{"hello.client_id", "is empty"},
                                                  {"hello.labels[\"\\n\"]", "key"}};
  const absl::Status status = BadFields("BAD_HELLO", violations);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ReasonOf(status), "BAD_HELLO");
  EXPECT_EQ(ViolationsOf(status), violations);
  EXPECT_EQ(status.message(), "hello.client_id is empty; hello.labels[\"\\n\"] key");
}

TEST(StatusTest, CarriesARetryDelayBesideItsReason) {
  const absl::Status status = WithRetryDelay(Error(absl::StatusCode::kResourceExhausted, "QUOTA", "full"),
                                             std::chrono::milliseconds(1500));
  EXPECT_EQ(RetryDelayOf(status), std::chrono::milliseconds(1500));
  EXPECT_EQ(ReasonOf(status), "QUOTA");
}

TEST(StatusTest, APlainStatusHasNoneOfIt) {
  const absl::Status status = absl::InternalError("x");
  EXPECT_EQ(ReasonOf(status), "");
  EXPECT_THAT(ViolationsOf(status), IsEmpty());
  EXPECT_EQ(RetryDelayOf(status), std::nullopt);
}

}  // namespace
}  // namespace liveness::common
