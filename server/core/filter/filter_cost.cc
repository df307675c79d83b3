#include "server/core/filter/filter_cost.h"

namespace liveness::core {
namespace {

using Kind = FilterPredicate::Kind;

constexpr std::int64_t kNumber = 2;
constexpr std::int64_t kText = 2;
constexpr std::int64_t kSearch = 6;
constexpr std::int64_t kFindLabel = 4;

std::int64_t TextCost(const FilterPredicate& predicate) {
  const bool searches = predicate.comparator == FilterPredicate::Comparator::kContains && !predicate.prefix;
  return searches ? kSearch + static_cast<std::int64_t>(predicate.text.size()) : kText;
}

}  // namespace

std::int64_t CostOf(const FilterPredicate& predicate) {
  switch (predicate.kind) {
    case Kind::kNumber:
    case Kind::kHasNumber: return kNumber;
    case Kind::kText: return TextCost(predicate);
    case Kind::kHasText: return kText;
    case Kind::kLabel: return kFindLabel + TextCost(predicate);
    case Kind::kHasLabel: return kFindLabel + kText;
  }
  return kNumber;
}

}  // namespace liveness::core
