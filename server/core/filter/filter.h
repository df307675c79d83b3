// A filter over records, as clients of the API write it (AIP-160):
//
//   state = ALIVE AND labels.zone = "eu-*"
//   state = DEAD OR state = LEFT  labels.tier = db      (a OR b) AND c
//   NOT labels:drain  last_heartbeat_age > 5s
//
// - OR binds tighter than AND; a space is AND; NOT and - negate.
// - Text: = != < <= > >= byte by byte; `*` at the end of a value matches any
//   rest (`\*` in quotes is the star itself); `:` means contains.
// - Enums: = and !=, with or without their prefix: ALIVE, STATE_ALIVE.
// - Numbers, durations (5m, 1.5s) and times ("2026-01-31T12:00:00Z"): all six.
// - Labels: labels.KEY and labels."odd key" are texts, labels:KEY asks whether
//   the label is there. `field:*` is true if a field is there and not empty.
// - What is not there equals nothing and differs from nothing: without the
//   label, labels.zone = "x" and labels.zone != "x" are both false, and
//   NOT labels.zone = "x" is true.
// - A field or value that is not known is an error, and so is a word alone.
//
// Parsed once, asked often: asking allocates nothing and recurses nowhere.
// Immutable; thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/core/filter/filter_predicate.h"
#include "server/core/filter/filter_schema.h"

namespace liveness::core {

struct FilterExpression;

class Filter {
 public:
  // Matches everything, as the empty text does.
  Filter() = default;

  // Errors: INVALID_ARGUMENT BAD_FILTER, the violation being "column N: ..."; FILTER_TOO_COSTLY if it costs
  // more than kMaxFilterCost.
  static absl::StatusOr<Filter> Parse(std::string_view text, const FilterSchema& schema);

  // Matches what both match. Costs what both cost, and may so cost more than one that is parsed.
  static Filter And(const Filter& first, const Filter& second);

  bool matches_all() const { return steps_.empty(); }
  bool Matches(const FieldSource& source) const;
  // False: nothing whose text `field` is `text` matches, whatever else it says of itself.
  bool MayMatch(FieldId field, std::string_view text) const;

  // What it costs to ask, in the units of filter_cost.h. 0 for what matches all.
  std::int64_t cost() const { return cost_; }

  // Predicates that hold of everything that matches: the operands of the outermost AND, in no order. Not all
  // that those records have in common: for a caller that can search by some of it.
  std::vector<FilterPredicate> Required() const;

  // As it was given to Parse; of And() `(first) AND (second)`.
  const std::string& text() const { return text_; }

 private:
  // The tree, flattened to a walk: each predicate says where to go next.
  struct Step {
    FilterPredicate predicate;
    std::int32_t if_true;
    std::int32_t if_false;
    bool required;
  };
  std::int32_t Flatten(FilterExpression&& expression, std::int32_t if_true, std::int32_t if_false,
                       bool required);

  std::string text_;
  std::vector<Step> steps_;
  std::int32_t first_ = 0;
  std::int64_t cost_ = 0;
};

}  // namespace liveness::core
