// "Many members of one scope fell within one window", as plain values.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/clock.h"

namespace liveness::core {

// A group event is told with the fall by which the share was passed, under that fall's revision and time,
// because a place of its own in history would cost the store a write that is no client's. Nor is the event
// stored with that fall, because a fall is counted after it is committed: a restart forgets the event.
struct GroupEvent {
  std::string scope;          // `host=db-7`, `everyone` (scopes.h)
  std::int64_t affected = 0;  // members that fell within the window and are not back
  std::int64_t members = 0;   // those that are live, and those of `affected` that died since
  std::uint64_t revision = 0;
  common::WallTime time{};
};

using GroupEvents = std::vector<GroupEvent>;
using GroupEventsPtr = std::shared_ptr<const GroupEvents>;

}  // namespace liveness::core
