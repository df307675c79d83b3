#include "common/grpc/grpc_status.h"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/status.h"
#include "liveness/details/v1/error_details.pb.h"

namespace liveness::common {
namespace {

// Nobody waits longer, and more would not fit a Duration.
constexpr std::int64_t kMostSeconds = 30 * 24 * 3600;

// Unpacks `any` if it is the google.rpc message called `name`.
template <typename Message>
bool Unpack(const google::protobuf::Any& any, std::string_view name, Message& message) {
  const std::string_view url = any.type_url();
  return url.substr(url.rfind('/') + 1) == name && message.ParseFromString(any.value());
}

}  // namespace

absl::Status FromGrpc(const grpc::Status& status) {
  if (status.ok()) return absl::OkStatus();
  std::string reason;
  std::vector<FieldViolation> violations;
  Duration retry_delay{};
  details::v1::Status packed;
  if (packed.ParseFromString(status.error_details())) {
    for (const google::protobuf::Any& any : packed.details()) {
      details::v1::ErrorInfo info;
      details::v1::BadRequest bad_request;
      details::v1::RetryInfo retry;
      if (Unpack(any, "google.rpc.ErrorInfo", info)) {
        reason = info.reason();
      } else if (Unpack(any, "google.rpc.BadRequest", bad_request)) {
        for (const auto& violation : bad_request.field_violations()) {
          violations.push_back({violation.field(), violation.description()});
        }
      } else if (Unpack(any, "google.rpc.RetryInfo", retry)) {
        retry_delay =
            std::chrono::seconds(std::clamp<std::int64_t>(retry.retry_delay().seconds(), 0, kMostSeconds)) +
            std::chrono::nanoseconds(retry.retry_delay().nanos());
      }
    }
  }
  const auto code = static_cast<absl::StatusCode>(status.error_code());
  absl::Status result = violations.empty() || code != absl::StatusCode::kInvalidArgument
                            ? Error(code, reason, status.error_message())
                            : BadFields(reason, violations);
  return retry_delay > Duration::zero() ? WithRetryDelay(result, retry_delay) : result;
}

}  // namespace liveness::common
