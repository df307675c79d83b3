// What a filter may speak of: the names and types of the fields, and where
// their values come from. One parser thereby serves clients and transitions.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace liveness::core {

enum class FieldType : std::uint8_t {
  kText,
  kEnum,
  kNumber,
  kDuration,  // as nanoseconds
  kTime,      // as nanoseconds since 1970
  kLabels,    // a map from text to text
};

// The values of an enum are the indices of `names`. A filter may write a name
// with or without `prefix`: `ALIVE` and `STATE_ALIVE`.
struct EnumNames {
  std::string_view prefix;
  std::span<const std::string_view> names;
};

// Chosen by whoever makes the schema.
using FieldId = std::uint16_t;

struct FilterField {
  std::string_view name;
  FieldId id = 0;
  FieldType type = FieldType::kText;
  const EnumNames* enum_names = nullptr;  // for kEnum
};

// Refers to constants that live for ever.
struct FilterSchema {
  std::span<const FilterField> fields;
};

// The values of one record. Called with ids of the schema only, and for each
// only the function that its type needs. Must not allocate: it is called for
// every record of a scan.
class FieldSource {
 public:
  // kText. A text that is not there is empty.
  virtual std::string_view Text(FieldId field) const = 0;
  // kEnum, kNumber, kDuration, kTime. nullopt: not there, equals nothing.
  virtual std::optional<std::int64_t> Number(FieldId field) const = 0;
  // kLabels. nullptr: not there, equals nothing.
  virtual std::optional<std::string_view> Label(std::string_view key) const = 0;

 protected:
  ~FieldSource() = default;
};

}  // namespace liveness::core
