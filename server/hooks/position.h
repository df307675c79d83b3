// How far a hook has come in history: what is kept of it in the store's notes.
//
// A value. Whole revisions only: if a crash comes between two events that share one, the first is sent again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace liveness::hooks {

struct Position {
  std::string history_id;
  std::uint64_t revision = 0;  // all up to it was taken, given up or not wanted
  std::uint64_t gap_told = 0;  // of gaps that end here or before, the receiver knows
  bool operator==(const Position&) const = default;
};

// The key of a hook's note.
std::string PositionKey(std::string_view hook);
std::string EncodePosition(const Position& position);
std::optional<Position> DecodePosition(std::string_view text);

}  // namespace liveness::hooks
