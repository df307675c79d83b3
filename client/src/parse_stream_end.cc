#include "client/src/parse_stream_end.h"

#include <string_view>

#include <grpcpp/support/status.h>

#include "client/src/messages.h"
#include "liveness/details/v1/error_details.pb.h"

namespace liveness::internal {
namespace {

// Not Any::UnpackTo(), because UnpackTo() asks for our own type's name, and the wire has the public name.
template <typename T>
bool Unpack(const google::protobuf::Any& any, std::string_view name, T* message) {
  const std::string_view url = any.type_url();
  return url.ends_with(name) && message->ParseFromString(any.value());
}

}  // namespace

StreamEnd ParseStreamEnd(const grpc::Status& status) {
  StreamEnd end;
  end.code = static_cast<absl::StatusCode>(status.error_code());
  end.message = status.error_message();
  details::v1::Status details;
  if (!details.ParseFromString(status.error_details())) return end;
  for (const auto& any : details.details()) {
    details::v1::ErrorInfo info;
    details::v1::RetryInfo retry;
    if (Unpack(any, "/google.rpc.ErrorInfo", &info) && info.domain() == "liveness") {
      end.reason = info.reason();
    } else if (Unpack(any, "/google.rpc.RetryInfo", &retry)) {
      end.retry_delay = FromProto(retry.retry_delay());  // RetryDelay() bounds it
    }
  }
  return end;
}

}  // namespace liveness::internal
