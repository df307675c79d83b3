// A schema with a field of each type, and a thing that has them. Header only.
#pragma once

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/status.h"
#include "server/core/filter/filter.h"

namespace liveness::core::filter_testing {

enum : FieldId { kName, kColor, kSize, kSpan, kWhen, kMap, kAbsent, kA, kB, kC, kD };

inline constexpr std::array<std::string_view, 3> kColorNames = {"UNSPECIFIED", "RED", "BLUE"};
inline constexpr EnumNames kColors{"COLOR_", kColorNames};
inline constexpr FilterField kFields[] = {
    {"name", kName},
    {"color", kColor, FieldType::kEnum, &kColors},
    {"size", kSize, FieldType::kNumber},
    {"span", kSpan, FieldType::kDuration},
    {"when", kWhen, FieldType::kTime},
    {"labels", kMap, FieldType::kLabels},
    {"absent", kAbsent, FieldType::kNumber},
    {"a", kA, FieldType::kNumber},
    {"b", kB, FieldType::kNumber},
    {"c", kC, FieldType::kNumber},
    {"d", kD, FieldType::kNumber},
};
inline constexpr FilterSchema kSchema{kFields};

// name = db-1, color RED, size 7, span 90 s, when 2026-01-31T12:00:00Z.
struct Thing final : FieldSource {
  std::string_view Text(FieldId) const override { return name; }
  std::optional<std::int64_t> Number(FieldId field) const override {
    switch (field) {
      case kColor: return 1;
      case kSize: return 7;
      case kSpan: return 90'000'000'000;
      case kWhen: return 1'769'860'800'000'000'000;
      case kA:
      case kB:
      case kC:
      case kD: return (bits >> (field - kA)) & 1;
      default: return std::nullopt;
    }
  }
  std::optional<std::string_view> Label(std::string_view key) const override {
    const auto it = labels.find(std::string(key));
    if (it == labels.end()) return std::nullopt;
    return it->second;
  }

  std::string name = "db-1";
  unsigned bits = 0;
  std::map<std::string, std::string> labels = {{"zone", "eu-west"},
                                               {"odd key", "x"},
                                               {"app.kubernetes.io/name", "web"},
                                               {"empty", ""},
                                               {"star", "a*"}};
};

inline bool Matches(std::string_view text, const Thing& thing = {}) {
  const absl::StatusOr<Filter> filter = Filter::Parse(text, kSchema);
  EXPECT_TRUE(filter.ok()) << text << ": " << filter.status();
  return filter.ok() && filter->Matches(thing);
}

// "column 8: ..."
inline std::string ErrorOf(std::string_view text) {
  const absl::StatusOr<Filter> filter = Filter::Parse(text, kSchema);
  if (filter.ok()) return "understood";
  EXPECT_EQ(filter.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(common::ReasonOf(filter.status()), "BAD_FILTER");
  const auto violations = common::ViolationsOf(filter.status());
  EXPECT_EQ(violations.size(), 1u);
  EXPECT_EQ(violations[0].field, "filter");
  return violations[0].description;
}

}  // namespace liveness::core::filter_testing
