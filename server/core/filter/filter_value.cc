#include "server/core/filter/filter_value.h"

#include <charconv>

#include "absl/time/time.h"
#include "common/duration_text.h"
#include "common/strings.h"

namespace liveness::core {
namespace {

using common::StrCat;

FilterValue ReadEnum(const EnumNames& names, std::string_view text) {
  std::string_view bare = text;
  if (bare.starts_with(names.prefix)) bare.remove_prefix(names.prefix.size());
  std::string known;
  for (std::size_t i = 0; i < names.names.size(); ++i) {
    if (names.names[i] == bare) return {.number = static_cast<std::int64_t>(i)};
    known += StrCat(i == 0 ? "" : ", ", names.names[i]);
  }
  return {.error = StrCat("no value \"", common::Escape(text), "\"; known are ", known)};
}

FilterValue ReadNumber(std::string_view text) {
  FilterValue value;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, value.number);
  if (error == std::errc::result_out_of_range) {
    value.error = StrCat("\"", common::Escape(text), "\" is too large");
  } else if (error != std::errc() || rest != end) {
    value.error = StrCat("\"", common::Escape(text), "\" is no whole number");
  }
  return value;
}

FilterValue ReadDuration(std::string_view text) {
  const absl::StatusOr<common::Duration> duration = common::ParseDuration(text);
  if (!duration.ok()) return {.error = std::string(common::ToStd(duration.status().message()))};
  return {.number = duration->count()};
}

FilterValue ReadTime(std::string_view text) {
  absl::Time time;
  std::string why;
  // ParseTime also knows words such as "infinite-future".
  const bool is_date = !text.empty() && text.front() >= '0' && text.front() <= '9';
  if (!is_date || !absl::ParseTime(absl::RFC3339_full, common::ToAbsl(text), &time, &why)) {
    return {.error =
                StrCat("\"", common::Escape(text), "\" is no time; write for example 2026-01-31T12:00:00Z")};
  }
  return {.number = absl::ToUnixNanos(time)};
}

}  // namespace

FilterValue ReadFilterValue(const FilterField& field, std::string_view text) {
  switch (field.type) {
    case FieldType::kEnum: return ReadEnum(*field.enum_names, text);
    case FieldType::kNumber: return ReadNumber(text);
    case FieldType::kDuration: return ReadDuration(text);
    case FieldType::kTime: return ReadTime(text);
    case FieldType::kText:
    case FieldType::kLabels: break;
  }
  return {.error = "a text"};
}

}  // namespace liveness::core
