// What a hook tells: one CloudEvent 1.0, written once and shared by all hooks that send it.
//
//   id        HISTORY-REVISION-HASH: the same whoever sends it and however often. HASH is of the client or
//   the
//             scope, because in a cluster several clients may share one revision; it does not depend on a
//             hook's filter
//   type      the name of the message in `data`: liveness.v1.Transition, .GroupEvent or .Gap
//   source    /liveness/HISTORY
//   subject   clients/ID/STATE[/CAUSE], groups/SCOPE, or history; ID and SCOPE are percent-encoded
//   time      when it happened; a gap has none
//   data      the message as JSON, as /api/v1 has it
//
// Pure, thread-safe; an Event never changes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "server/core/fleet/group_event.h"
#include "server/core/record/record.h"

namespace liveness::hooks {

enum class EventKind : std::uint8_t { kTransition, kGroup, kGap };

struct Event {
  EventKind kind = EventKind::kTransition;
  std::uint64_t revision = 0;
  std::string id, type, source, subject;
  std::string time;  // RFC 3339; empty: none
  std::string body;  // the whole event as structured JSON
  // For a command: NAME=VALUE, LIVENESS_EVENT first. Without NUL.
  std::vector<std::string> environment;
};
using EventPtr = std::shared_ptr<const Event>;

// `history_id`: of the line of revisions that the event belongs to.
EventPtr TransitionEvent(std::string_view history_id, const core::Transition& transition);
EventPtr GroupEvent(std::string_view history_id, const core::GroupEvent& group);
// Transitions above `after_revision` and up to `resumes_at_revision` are not kept any more, or those of
// another history were not told: the receiver may ask for the clients as they are.
EventPtr GapEvent(std::string_view history_id, std::uint64_t after_revision,
                  std::uint64_t resumes_at_revision);

}  // namespace liveness::hooks
