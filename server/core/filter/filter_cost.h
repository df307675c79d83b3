// What it costs to ask a filter of one record, so that it can be bounded. Pure.
//
// The unit is about 10 ns. Each comparison counts as if it were always asked, though a
// filter stops at the first that decides; NOT, AND, OR and parentheses are free, for a
// filter is flattened to a walk over its comparisons.
//
//   number, enum, time, duration          2
//   text: = != < <= > >=, a prefix        2
//   text: contains (`:`)                  6 + the length of what is searched for; a text that
//                                         nearly matches everywhere may take some times that
//   a label                               4 more, to find it among 32
//   has (`:*`, labels:KEY)                as its field's other comparisons
#pragma once

#include <cstdint>

#include "server/core/filter/filter_predicate.h"

namespace liveness::core {

// Of one filter, wherever filters are taken: 500 ids, or 160 values of a label. It takes some 10 us a record.
inline constexpr std::int64_t kMaxFilterCost = 1'000;

// A watch's filter is asked of every change for as long as the watch stays. One up to this cost is small: it
// is always let in, so that the watchers with dear filters cannot shut out the others.
inline constexpr std::int64_t kSmallFilterCost = 100;
// Of all distinct dearer filters of watches together.
inline constexpr std::int64_t kMaxDearWatchFilters = 50'000;

std::int64_t CostOf(const FilterPredicate& predicate);

}  // namespace liveness::core
