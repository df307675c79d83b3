// Reads a filter's value as the type of its field asks for. Pure, thread-safe.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "server/core/filter/filter_schema.h"

namespace liveness::core {

struct FilterValue {
  std::int64_t number = 0;
  std::string error;  // empty if the value was understood
};

// Enums by name, whole numbers, durations as `5m`, times as RFC 3339.
// REQUIRES: the field is neither text nor labels.
FilterValue ReadFilterValue(const FilterField& field, std::string_view text);

}  // namespace liveness::core
