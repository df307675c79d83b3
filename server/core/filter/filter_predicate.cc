#include "server/core/filter/filter_predicate.h"

#include <array>

#include "common/strings.h"
#include "server/core/filter/filter_value.h"

namespace liveness::core {
namespace {

using common::StrCat;
using Comparator = FilterPredicate::Comparator;
using Kind = FilterPredicate::Kind;

Comparator ComparatorOf(std::string_view text) {
  if (text == "=") return Comparator::kEqual;
  if (text == "!=") return Comparator::kNotEqual;
  if (text == "<") return Comparator::kLess;
  if (text == "<=") return Comparator::kLessEqual;
  if (text == ">") return Comparator::kGreater;
  if (text == ">=") return Comparator::kGreaterEqual;
  return Comparator::kContains;
}

bool IsEquality(Comparator comparator) {
  return comparator == Comparator::kEqual || comparator == Comparator::kNotEqual;
}

const FilterField* Find(const FilterSchema& schema, std::string_view name) {
  for (const FilterField& field : schema.fields) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

std::string UnknownField(const FilterSchema& schema, std::string_view name) {
  std::string known;
  for (const FilterField& field : schema.fields) known += StrCat(known.empty() ? "" : ", ", field.name);
  return StrCat("no field \"", common::Escape(name), "\"; known are ", known);
}

// All after the first dot: a key may hold dots without being quoted.
std::string LabelKey(const std::vector<FilterToken>& path) {
  std::string key;
  for (std::size_t i = 1; i < path.size(); ++i) key += StrCat(i == 1 ? "" : ".", path[i].text);
  return key;
}

template <typename T>
bool Compare(Comparator comparator, const T& left, const T& right) {
  switch (comparator) {
    case Comparator::kEqual:
    case Comparator::kContains: return left == right;
    case Comparator::kNotEqual: return left != right;
    case Comparator::kLess: return left < right;
    case Comparator::kLessEqual: return left <= right;
    case Comparator::kGreater: return left > right;
    case Comparator::kGreaterEqual: return left >= right;
  }
  return false;
}

bool CompareText(const FilterPredicate& predicate, std::string_view value) {
  if (predicate.prefix) {
    return value.starts_with(predicate.text) == (predicate.comparator != Comparator::kNotEqual);
  }
  if (predicate.comparator == Comparator::kContains) {
    return value.find(predicate.text) != std::string_view::npos;
  }
  return Compare(predicate.comparator, value, std::string_view(predicate.text));
}

// Checks which comparators go with the field's type and reads the value.
absl::Status BindValue(std::string_view filter, const FilterRestriction& restriction,
                       const FilterField& field, FilterPredicate& predicate) {
  const FilterToken& value = restriction.value;
  if (value.prefix && field.type != FieldType::kText && field.type != FieldType::kLabels) {
    return FilterError(filter, value.offset, StrCat(field.name, " is no text: * cannot stand for its end"));
  }
  if (value.prefix && !IsEquality(predicate.comparator) && predicate.comparator != Comparator::kContains) {
    return FilterError(filter, value.offset, "* goes with =, != and : only");
  }
  if (field.type == FieldType::kEnum && !IsEquality(predicate.comparator) &&
      predicate.comparator != Comparator::kContains) {
    return FilterError(filter, value.offset, StrCat(field.name, " has no order: compare it with = or !="));
  }
  if (field.type == FieldType::kText || field.type == FieldType::kLabels) {
    predicate.text = value.text;
    predicate.prefix = value.prefix;
    return absl::OkStatus();
  }
  const FilterValue read = ReadFilterValue(field, value.text);
  if (!read.error.empty()) return FilterError(filter, value.offset, read.error);
  predicate.number = read.number;
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<FilterPredicate> BindRestriction(std::string_view filter, const FilterRestriction& restriction,
                                                const FilterSchema& schema) {
  const FilterToken& name = restriction.path.front();
  const FilterField* field = Find(schema, name.text);
  if (field == nullptr) return FilterError(filter, name.offset, UnknownField(schema, name.text));

  FilterPredicate predicate{.comparator = ComparatorOf(restriction.comparator), .field = field->id};
  const bool is_labels = field->type == FieldType::kLabels;
  const bool is_path = restriction.path.size() > 1;
  const bool is_has = predicate.comparator == Comparator::kContains;
  const bool is_any = is_has && restriction.value.prefix && restriction.value.text.empty();
  if (is_path && !is_labels) {
    return FilterError(filter, restriction.path[1].offset, StrCat(field->name, " has no fields of its own"));
  }
  if (is_labels && !is_path) {
    if (!is_has || restriction.value.prefix) {
      return FilterError(filter, name.offset,
                         StrCat("write ", field->name, ".KEY = VALUE, or ", field->name, ":KEY"));
    }
    predicate.kind = Kind::kHasLabel;
    predicate.label = restriction.value.text;
    return predicate;
  }
  if (is_labels) predicate.label = LabelKey(restriction.path);
  const bool is_text = field->type == FieldType::kText;
  if (is_any) {
    predicate.kind = is_labels ? Kind::kHasLabel : is_text ? Kind::kHasText : Kind::kHasNumber;
    return predicate;
  }
  predicate.kind = is_labels ? Kind::kLabel : is_text ? Kind::kText : Kind::kNumber;
  if (absl::Status status = BindValue(filter, restriction, *field, predicate); !status.ok()) return status;
  return predicate;
}

bool Holds(const FilterPredicate& predicate, const FieldSource& source) {
  switch (predicate.kind) {
    case Kind::kText: return CompareText(predicate, source.Text(predicate.field));
    case Kind::kNumber: {
      const std::optional<std::int64_t> value = source.Number(predicate.field);
      return value && Compare(predicate.comparator, *value, predicate.number);
    }
    case Kind::kLabel: {
      const std::optional<std::string_view> value = source.Label(predicate.label);
      return value && CompareText(predicate, *value);
    }
    case Kind::kHasText: return !source.Text(predicate.field).empty();
    case Kind::kHasNumber: return source.Number(predicate.field).value_or(0) != 0;
    case Kind::kHasLabel: return source.Label(predicate.label).has_value();
  }
  return false;
}

}  // namespace liveness::core
