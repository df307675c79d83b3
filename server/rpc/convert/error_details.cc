#include "server/rpc/convert/error_details.h"

#include <string>

#include "common/status.h"
#include "liveness/details/v1/error_details.pb.h"
#include "server/rpc/convert/convert.h"

namespace liveness::rpc {
namespace {

namespace details = ::liveness::details::v1;

constexpr char kDomain[] = "liveness";

// Under the type URL by which every stock client knows the message.
void Pack(details::Status& status, const char* name, const google::protobuf::MessageLite& detail) {
  google::protobuf::Any& any = *status.add_details();
  any.set_type_url(std::string("type.googleapis.com/google.rpc.") + name);
  detail.SerializeToString(any.mutable_value());
}

}  // namespace

grpc::Status ToGrpcStatus(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  const auto code = static_cast<grpc::StatusCode>(status.code());
  const std::string message(status.message());
  const std::string reason = common::ReasonOf(status);
  if (reason.empty()) return {code, message};

  details::Status packed;
  packed.set_code(static_cast<int>(code));
  packed.set_message(message);

  details::ErrorInfo info;
  info.set_reason(reason);
  info.set_domain(kDomain);
  Pack(packed, "ErrorInfo", info);

  if (const auto violations = common::ViolationsOf(status); !violations.empty()) {
    details::BadRequest bad_request;
    for (const common::FieldViolation& violation : violations) {
      auto& field = *bad_request.add_field_violations();
      field.set_field(violation.field);
      field.set_description(violation.description);
    }
    Pack(packed, "BadRequest", bad_request);
  }
  if (const auto delay = common::RetryDelayOf(status)) {
    details::RetryInfo retry;
    ToProto(*delay, *retry.mutable_retry_delay());
    Pack(packed, "RetryInfo", retry);
  }
  return {code, message, packed.SerializeAsString()};
}

}  // namespace liveness::rpc
