// From a filter's text to a tree. Pure, thread-safe.
//
//   expression : sequence { AND sequence }
//   sequence   : factor { factor }            a space is AND
//   factor     : term { OR term }             OR binds tighter than AND
//   term       : [ NOT | - ] simple
//   simple     : restriction | ( expression )
//   restriction: NAME { . NAME } comparator value
//
// This is AIP-160 without functions, groups of values, and bare words: a word
// without a comparator is refused, for a forgotten `=` would otherwise quietly
// match nothing, and somebody's alert hangs on it.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/core/filter/filter_predicate.h"
#include "server/core/filter/filter_schema.h"

namespace liveness::core {

// Parentheses within parentheses.
inline constexpr int kMaxFilterDepth = 64;

struct FilterExpression {
  enum class Kind : std::uint8_t { kPredicate, kNot, kAnd, kOr };

  Kind kind = Kind::kPredicate;
  std::vector<FilterExpression> operands;  // kNot: 1; kAnd, kOr: 2 or more
  FilterPredicate predicate;               // kPredicate
};

// REQUIRES: `filter` is not blank. Errors: BAD_FILTER with the column.
absl::StatusOr<FilterExpression> ParseFilterExpression(std::string_view filter, const FilterSchema& schema);

}  // namespace liveness::core
