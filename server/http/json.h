// Requests from JSON and from queries; messages as JSON are rpc/convert/json.h's. Pure, thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <google/protobuf/message.h>

#include "absl/status/status.h"
#include "server/rpc/convert/json.h"

namespace liveness::http {

using rpc::JsonObject;
using rpc::JsonString;
using rpc::ToJson;

// The body of a request; empty is an empty message. INVALID_ARGUMENT BAD_JSON, with line and column.
absl::Status FromJson(std::string_view body, google::protobuf::Message& message);

// The query of a request: parameters by the names of the message's fields. INVALID_ARGUMENT BAD_PARAMETER for
// an unknown name, one that comes twice, and a value that does not fit.
absl::Status FromQuery(const std::vector<std::pair<std::string, std::string>>& query,
                       google::protobuf::Message& message);

}  // namespace liveness::http
