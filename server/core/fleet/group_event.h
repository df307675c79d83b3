// "Many members of one scope fell within one window", as plain values.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/clock.h"

namespace liveness::core {

// It is told with the fall by which the share was passed, under its revision and
// time: a place in history of its own would cost a store a write that is no
// client's. Nor is it stored with that fall, which is committed before it is counted:
// a restart forgets it.
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
