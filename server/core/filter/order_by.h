// The order of a list: `FIELD` or `FIELD desc`, for the one field that a list
// is kept in order of. Pure, thread-safe.
#pragma once

#include <string_view>

#include "absl/status/statusor.h"

namespace liveness::core {

struct OrderBy {
  bool descending = false;
  bool operator==(const OrderBy&) const = default;
};

// `field`: "client_id" or "revision". Empty text: ascending. Anything else:
// INVALID_ARGUMENT BAD_ORDER_BY, saying what is allowed.
absl::StatusOr<OrderBy> ParseOrderBy(std::string_view text, std::string_view field);

}  // namespace liveness::core
