// Up, down or away: how a client counts when falls are counted.
//
// Only what this server found, or a failed process told of itself, is a fall. A client that said goodbye, was
// evicted, superseded or revoked, is in maintenance, or lost the server that held it, has not fallen: it is
// away.
#pragma once

#include <cstdint>

#include "server/core/record/record.h"

namespace liveness::core {

enum class Standing : std::uint8_t { kAway, kUp, kDown };

// Null: the client is not known.
inline Standing StandingOf(const ClientRecord* record) {
  if (record == nullptr || record->health == Health::kMaintenance) return Standing::kAway;
  switch (record->state) {
    case State::kAlive: return Standing::kUp;
    case State::kSuspect:
      return record->cause == Cause::kServerLost || IsIntended(record->cause) ? Standing::kAway
                                                                              : Standing::kDown;
    case State::kDead: return IsIntended(record->cause) ? Standing::kAway : Standing::kDown;
    case State::kLeft:
    case State::kForgotten:
    case State::kUnspecified: break;
  }
  return Standing::kAway;
}

// True if the client falls with this change. `before` may be null.
inline bool IsFall(const ClientRecord* before, const ClientRecord& after) {
  return StandingOf(before) == Standing::kUp && StandingOf(&after) == Standing::kDown;
}

}  // namespace liveness::core
