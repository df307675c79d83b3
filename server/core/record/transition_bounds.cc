#include "server/core/record/transition_bounds.h"

#include <algorithm>
#include <string_view>

#include "server/core/record/client_fields.h"

namespace liveness::core {
namespace {

using common::WallTime;
using Comparator = FilterPredicate::Comparator;
using Kind = FilterPredicate::Kind;
using Limits = std::numeric_limits<std::int64_t>;

FieldId IdOf(std::string_view name) {
  const auto& fields = TransitionSchema().fields;
  return std::find_if(fields.begin(), fields.end(),
                      [&](const FilterField& each) { return each.name == name; })
      ->id;
}

// The numbers that a predicate lets through, both ends included; as if unbounded where an end cannot be said.
struct Span {
  std::int64_t least = Limits::min();
  std::int64_t most = Limits::max();
};

Span SpanOf(const FilterPredicate& predicate) {
  const std::int64_t number = predicate.number;
  switch (predicate.comparator) {
    case Comparator::kEqual:
    case Comparator::kContains: return {number, number};
    case Comparator::kNotEqual: return {};
    case Comparator::kLess: return {Limits::min(), number == Limits::min() ? number : number - 1};
    case Comparator::kLessEqual: return {Limits::min(), number};
    case Comparator::kGreater: return {number == Limits::max() ? number : number + 1, Limits::max()};
    case Comparator::kGreaterEqual: return {number, Limits::max()};
  }
  return {};
}

WallTime At(std::int64_t nanos) { return WallTime(common::Duration(nanos)); }

void NotBefore(TransitionBounds& bounds, std::int64_t nanos) {
  bounds.from = std::max(bounds.from.value_or(At(Limits::min())), At(nanos));
}

void NotAfter(TransitionBounds& bounds, std::int64_t nanos) {
  if (nanos == Limits::max()) return;
  bounds.until = std::min(bounds.until.value_or(At(Limits::max())), At(nanos + 1));
}

void BoundAge(TransitionBounds& bounds, const Span& age, WallTime now) {
  const std::int64_t nanos = now.time_since_epoch().count();
  if (nanos < 0) return;  // before 1970: the sums below might not fit
  // What a stepped clock dates after `now` has an age of 0: only an age above it bounds from above.
  if (age.least > 0) NotAfter(bounds, nanos - age.least);
  if (age.most >= 0 && age.most != Limits::max()) NotBefore(bounds, nanos - age.most);
}

void BoundRevision(TransitionBounds& bounds, const Span& revision) {
  if (revision.least > 0) {
    bounds.after = std::max(bounds.after, static_cast<std::uint64_t>(revision.least) - 1);
  }
  if (revision.most >= 0 && revision.most != Limits::max()) {
    bounds.before = std::min(bounds.before, static_cast<std::uint64_t>(revision.most) + 1);
  }
}

}  // namespace

TransitionBounds BoundsOf(const Filter& filter, WallTime now) {
  static const FieldId client_id = IdOf("client_id"), time = IdOf("time"), age = IdOf("age"),
                       revision = IdOf("revision");
  TransitionBounds bounds;
  for (const FilterPredicate& predicate : filter.Required()) {
    if (predicate.kind == Kind::kText) {
      const bool exact = predicate.comparator == Comparator::kEqual && !predicate.prefix;
      if (predicate.field == client_id && exact) bounds.client_id = predicate.text;
    } else if (predicate.kind == Kind::kNumber) {
      const Span span = SpanOf(predicate);
      if (predicate.field == time && span.least != Limits::min()) NotBefore(bounds, span.least);
      if (predicate.field == time) NotAfter(bounds, span.most);
      if (predicate.field == age) BoundAge(bounds, span, now);
      if (predicate.field == revision) BoundRevision(bounds, span);
    }
  }
  if (!bounds.client_id.empty() && !filter.MayMatch(client_id, bounds.client_id)) bounds.before = 0;
  return bounds;
}

}  // namespace liveness::core
