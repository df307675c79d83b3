// The names that resources go by in the API. Pure, thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace liveness::common {

// `clients/{client_id}`. The id is all after the first slash, further slashes
// included: nothing in it is escaped.
std::string ClientName(std::string_view client_id);

// The id in a client's name. INVALID_ARGUMENT BAD_NAME that names `field` if
// the collection is another or the id is none (common/validation.h).
absl::StatusOr<std::string> ClientIdFromName(std::string_view name, std::string_view field = "name");

// `client/{client_id}`: a client as a service of grpc.health.v1.
std::string HealthServiceName(std::string_view client_id);

// The id in it; nothing if it is the name of something else.
std::optional<std::string_view> ClientIdFromHealthService(std::string_view service);

}  // namespace liveness::common
