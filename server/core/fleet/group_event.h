// "Many members of one scope fell within one window", as plain values.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "common/clock.h"

namespace liveness::core {

// A group event is told with the fall by which the share was passed, under that fall's revision and time,
// because a place of its own in history would cost the store a write that is no client's. A store of one
// server keeps it with that fall. Of a shared one each server counts what it is told, after the commit: what
// it has counted, a restart forgets.
struct GroupEvent {
  std::string scope;          // `host=db-7`, `everyone` (scopes.h)
  std::int64_t affected = 0;  // members that fell within the window and are not back
  std::int64_t members = 0;   // those that are live, and those of `affected` that died since
  std::uint64_t revision = 0;
  common::WallTime time{};
  bool operator==(const GroupEvent&) const = default;
};

using GroupEvents = std::vector<GroupEvent>;
using GroupEventsPtr = std::shared_ptr<const GroupEvents>;

// The same under that revision. Null stays null.
inline GroupEventsPtr UnderRevision(const GroupEventsPtr& events, std::uint64_t revision) {
  if (events == nullptr || events->front().revision == revision) return events;
  auto moved = std::make_shared<GroupEvents>(*events);
  for (GroupEvent& event : *moved) event.revision = revision;
  return moved;
}

}  // namespace liveness::core
