#include "server/http/error_response.h"

#include <string>
#include <utility>

#include "common/duration_text.h"
#include "common/status.h"
#include "server/http/json.h"

namespace liveness::http {

int HttpStatusOf(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk: return 200;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange: return 400;
    case absl::StatusCode::kUnauthenticated: return 401;
    case absl::StatusCode::kPermissionDenied: return 403;
    case absl::StatusCode::kNotFound: return 404;
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kAlreadyExists: return 409;
    case absl::StatusCode::kResourceExhausted: return 429;
    case absl::StatusCode::kCancelled: return 499;
    case absl::StatusCode::kUnimplemented: return 501;
    case absl::StatusCode::kUnavailable: return 503;
    case absl::StatusCode::kDeadlineExceeded: return 504;
    default: return 500;
  }
}

absl::Status ServerBusyError() {
  return common::WithRetryDelay(
      common::Error(absl::StatusCode::kUnavailable, "SERVER_BUSY", "too many requests wait; try again"),
      std::chrono::seconds(1));
}

Response ErrorResponse(const absl::Status& status) {
  return ErrorResponse(HttpStatusOf(status.code()), status);
}

Response ErrorResponse(int http_status, const absl::Status& status) {
  JsonObject error;
  error.Add("code", absl::StatusCodeToString(status.code()));
  error.Add("reason", common::ReasonOf(status));
  error.Add("message", std::string_view(status.message().data(), status.message().size()));
  std::string details;
  const auto add = [&details](const JsonObject& detail) {
    if (!details.empty()) details += ',';
    details += detail.Text();
  };
  for (const common::FieldViolation& violation : common::ViolationsOf(status)) {
    JsonObject detail;
    detail.Add("field", violation.field);
    detail.Add("description", violation.description);
    add(detail);
  }
  Response response;
  if (const auto delay = common::RetryDelayOf(status)) {
    JsonObject detail;
    detail.Add("retry_delay", common::FormatDuration(*delay));
    add(detail);
    const auto seconds = std::chrono::ceil<std::chrono::seconds>(*delay).count();
    response.headers.emplace_back("Retry-After", std::to_string(seconds));
  }
  error.AddRaw("details", "[" + details + "]");
  response.status = http_status;
  response.body = std::make_shared<const std::string>(error.Text() + "\n");
  return response;
}

}  // namespace liveness::http
