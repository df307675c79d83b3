// Where a filter's transitions must lie: what a store may search history by.
//
// Taken from the operands of the filter's outermost AND that say something of
// `client_id` (=), `time`, `age` or `revision`. Wider than the filter, which still has
// to be asked of each transition.
//
//   client_id = "web-1" AND age < 1h AND to_state = DEAD     web-1's, from an hour ago on
//   client_id = "web-1" OR client_id = "web-2"               all
//   client_id = "web-1" AND client_id = "db-*"               none: `before` is 0
//
// The last is what somebody asks who sees db-* alone: how much history web-1 has must not tell, by the time
// that it takes to read, that there is such a client.
//
// Pure, thread-safe.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>

#include "common/clock.h"
#include "server/core/filter/filter.h"

namespace liveness::core {

struct TransitionBounds {
  std::string client_id;                                             // empty: of all
  std::uint64_t after = 0;                                           // revisions above
  std::uint64_t before = std::numeric_limits<std::uint64_t>::max();  // and below
  std::optional<common::WallTime> from;                              // not before
  std::optional<common::WallTime> until;                             // before
};

// Ages count from `now`. REQUIRES: `filter` was parsed with TransitionSchema.
TransitionBounds BoundsOf(const Filter& filter, common::WallTime now);

}  // namespace liveness::core
