#include "common/toml/table_reader.h"

#include <algorithm>
#include <utility>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "common/duration_text.h"
#include "common/flags/nearest.h"
#include "common/strings.h"

namespace liveness::common {
namespace {

constexpr std::string_view kText = "a string";
constexpr std::string_view kDuration = "a string such as \"250ms\" or \"2m\"";
constexpr std::string_view kTime = "a time with its zone such as 2027-01-31T00:00:00Z";
constexpr std::string_view kTexts = "a string or an array of strings";

std::optional<WallTime> ToTime(const toml::date_time& time) {
  if (!time.offset) return std::nullopt;
  const absl::CivilSecond civil(time.date.year, time.date.month, time.date.day, time.time.hour,
                                time.time.minute, time.time.second);
  const absl::Time moment = absl::FromCivil(civil, absl::UTCTimeZone()) +
                            absl::Nanoseconds(time.time.nanosecond) - absl::Minutes(time.offset->minutes);
  return WallTime(Duration(absl::ToUnixNanos(moment)));
}

}  // namespace

std::string_view TypeInWords(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table: return "a table";
    case toml::node_type::array: return "an array";
    case toml::node_type::string: return kText;
    case toml::node_type::integer: return "an integer";
    case toml::node_type::floating_point: return "a float";
    case toml::node_type::boolean: return "a boolean";
    case toml::node_type::date: return "a date";
    case toml::node_type::time: return "a time";
    case toml::node_type::date_time: return "a date-time";
    case toml::node_type::none: break;
  }
  return "nothing";
}

TableReader::TableReader(const toml::table& table, std::vector<TomlError>& errors)
    : table_(table), errors_(errors) {}

std::optional<std::string> TableReader::Text(std::string_view key) {
  const toml::node* const node = Find(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* const text = node->as_string()) return text->get();
  RefuseType(key, kText, *node);
  return std::nullopt;
}

std::optional<bool> TableReader::Boolean(std::string_view key) {
  const toml::node* const node = Find(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* const boolean = node->as_boolean()) return boolean->get();
  RefuseType(key, "true or false", *node);
  return std::nullopt;
}

std::optional<std::int64_t> TableReader::Integer(std::string_view key, std::int64_t least,
                                                 std::int64_t most) {
  const toml::node* const node = Find(key);
  if (node == nullptr) return std::nullopt;
  const auto* const integer = node->as_integer();
  if (integer == nullptr) {
    RefuseType(key, "an integer", *node);
  } else if (integer->get() < least || integer->get() > most) {
    Refuse(key, StrCat("must be between ", least, " and ", most));
  } else {
    return integer->get();
  }
  return std::nullopt;
}

std::optional<Duration> TableReader::DurationOf(std::string_view key) {
  const toml::node* const node = Find(key);
  if (node == nullptr) return std::nullopt;
  const auto* const text = node->as_string();
  if (text == nullptr) {
    RefuseType(key, kDuration, *node);
    return std::nullopt;
  }
  const auto duration = ParseDuration(text->get());
  if (duration.ok()) return *duration;
  Refuse(key, StrCat("is no duration: ", ToStd(duration.status().message())));
  return std::nullopt;
}

std::optional<WallTime> TableReader::TimeOf(std::string_view key) {
  const toml::node* const node = Find(key);
  if (node == nullptr) return std::nullopt;
  const auto* const value = node->as_date_time();
  const auto time = value == nullptr ? std::nullopt : ToTime(value->get());
  if (!time) RefuseType(key, kTime, *node);
  return time;
}

std::optional<std::vector<std::string>> TableReader::Texts(std::string_view key) {
  const toml::node* const node = Find(key);
  if (node == nullptr) return std::nullopt;
  if (const auto* const text = node->as_string()) return std::vector<std::string>{text->get()};
  const auto* const array = node->as_array();
  if (array == nullptr) {
    RefuseType(key, kTexts, *node);
    return std::nullopt;
  }
  std::vector<std::string> texts;
  for (const toml::node& each : *array) {
    const auto* const text = each.as_string();
    if (text == nullptr) {
      Add(each.source(), StrCat("key '", Escape(key), "' takes strings, not ", TypeInWords(each)));
      return std::nullopt;
    }
    texts.push_back(text->get());
  }
  return texts;
}

std::vector<const toml::table*> TableReader::Tables(std::string_view key, std::size_t most) {
  std::vector<const toml::table*> tables;
  const toml::node* const node = Find(key);
  if (node == nullptr) return tables;
  const auto* const array = node->as_array();
  if (array == nullptr || !array->is_homogeneous(toml::node_type::table)) {
    RefuseType(key, StrCat("tables, each under [[", key, "]]"), *node);
  } else if (array->size() > most) {
    Refuse(key, StrCat("has more than ", most, " tables"));
  } else {
    for (const toml::node& each : *array) tables.push_back(each.as_table());
  }
  return tables;
}

const toml::node* TableReader::Find(std::string_view key) {
  known_.emplace_back(key);
  return table_.get(key);
}

void TableReader::Refuse(std::string_view key, std::string_view text) {
  const toml::node* const node = table_.get(key);
  Add(node != nullptr ? node->source() : table_.source(), StrCat("key '", Escape(key), "' ", text));
}

void TableReader::RefuseType(std::string_view key, std::string_view wanted, const toml::node& found) {
  Refuse(key, StrCat("takes ", wanted, ", not ", TypeInWords(found)));
}

void TableReader::RefuseOthers() {
  for (const auto& [key, value] : table_) {
    if (std::find(known_.begin(), known_.end(), key.str()) != known_.end()) continue;
    const std::string_view nearest = Nearest(key.str(), known_);
    Add(key.source(), StrCat("key '", Escape(key.str()), "' is not known",
                             nearest.empty() ? "" : StrCat("; did you mean '", nearest, "'?")));
  }
}

void TableReader::Add(const toml::source_region& where, std::string text) {
  errors_.push_back({where.begin.line, where.begin.column, std::move(text)});
}

}  // namespace liveness::common
