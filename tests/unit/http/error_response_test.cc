#include "server/http/error_response.h"

#include <gtest/gtest.h>

#include "common/status.h"

namespace liveness::http {
namespace {

TEST(ErrorResponse, SaysCodeReasonMessageAndFields) {
  const Response response =
      ErrorResponse(common::BadFields("BAD_FILTER", {{"filter", "column 3: no <value>"}}));
  EXPECT_EQ(response.status, 400);
  EXPECT_EQ(*response.body,
            "{\"code\":\"INVALID_ARGUMENT\",\"reason\":\"BAD_FILTER\","
            "\"message\":\"filter column 3: no \\u003cvalue\\u003e\","
            "\"details\":[{\"field\":\"filter\",\"description\":\"column 3: no \\u003cvalue\\u003e\"}]}\n");
}

TEST(ErrorResponse, SaysWhenToComeBack) {
  const Response response = ErrorResponse(common::WithRetryDelay(
      common::Error(absl::StatusCode::kResourceExhausted, "BUSY", "wait"), std::chrono::milliseconds(1500)));
  EXPECT_EQ(response.status, 429);
  ASSERT_EQ(response.headers.size(), 1U);
  EXPECT_EQ(response.headers[0], (std::pair<std::string, std::string>("Retry-After", "2")));
}

TEST(ErrorResponse, EveryCodeHasItsStatus) {
  EXPECT_EQ(HttpStatusOf(absl::StatusCode::kNotFound), 404);
  EXPECT_EQ(HttpStatusOf(absl::StatusCode::kPermissionDenied), 403);
  EXPECT_EQ(HttpStatusOf(absl::StatusCode::kUnauthenticated), 401);
  EXPECT_EQ(HttpStatusOf(absl::StatusCode::kUnavailable), 503);
  EXPECT_EQ(HttpStatusOf(absl::StatusCode::kDeadlineExceeded), 504);
  EXPECT_EQ(HttpStatusOf(absl::StatusCode::kAborted), 409);
  EXPECT_EQ(HttpStatusOf(absl::StatusCode::kInternal), 500);
  EXPECT_EQ(ErrorResponse(421, absl::InvalidArgumentError("no")).status, 421);
}

}  // namespace
}  // namespace liveness::http
