// The order of a list: `FIELD` or `FIELD desc`, for one of the fields that the
// list can be put in order of. Pure, thread-safe.
#pragma once

#include <initializer_list>
#include <string_view>

#include "absl/status/statusor.h"

namespace liveness::core {

struct OrderBy {
  std::string_view field;
  bool descending = false;
  bool operator==(const OrderBy&) const = default;
};

// `fields` are constants: the answer's field is one of them. Empty text: the first of them, ascending.
// Anything else: INVALID_ARGUMENT BAD_ORDER_BY, saying what is allowed.
absl::StatusOr<OrderBy> ParseOrderBy(std::string_view text, std::initializer_list<std::string_view> fields);

}  // namespace liveness::core
