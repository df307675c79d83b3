// One comparison of a filter, bound to a schema and ready to be asked.
// Immutable once bound; thread-safe then.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "server/core/filter/filter_lexer.h"
#include "server/core/filter/filter_schema.h"

namespace liveness::core {

// `path comparator value` as it was written.
struct FilterRestriction {
  std::vector<FilterToken> path;  // labels.zone: two
  std::string comparator;
  FilterToken value;
};

struct FilterPredicate {
  enum class Kind : std::uint8_t { kText, kNumber, kLabel, kHasText, kHasNumber, kHasLabel };
  enum class Comparator : std::uint8_t {
    kEqual,
    kNotEqual,
    kLess,
    kLessEqual,
    kGreater,
    kGreaterEqual,
    kContains
  };

  Kind kind = Kind::kText;
  Comparator comparator = Comparator::kEqual;
  bool prefix = false;  // `text` is only the beginning; with kEqual and kNotEqual
  FieldId field = 0;
  std::int64_t number = 0;
  std::string text;
  std::string label;  // the key, for kLabel and kHasLabel
};

// Resolves names and reads the value as the field's type asks for. `filter` is
// the whole text, for errors: BAD_FILTER with the column.
absl::StatusOr<FilterPredicate> BindRestriction(std::string_view filter, const FilterRestriction& restriction,
                                                const FilterSchema& schema);

// False for what is not there, whatever the comparator.
bool Holds(const FilterPredicate& predicate, const FieldSource& source);

}  // namespace liveness::core
