// What a client tells of itself beside being alive: its application's progress,
// and the load notes of its last minute, read after its death.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"

namespace liveness::core {

// One progress token of a ping.
struct Progress {
  std::string name;
  common::Duration age{};
  common::Duration deadline{};

  bool stale() const { return age > deadline; }
  bool operator==(const Progress&) const = default;
};

inline bool IsAnyStale(const std::vector<Progress>& progress) {
  return std::any_of(progress.begin(), progress.end(), [](const Progress& each) { return each.stale(); });
}

// Keeps `count` of them, those that are most behind what they promised: which of them is stale is not lost,
// unless `count` is 0. Returns how many were left out; with none the order stays.
std::size_t KeepMostBehind(std::vector<Progress>& progress, std::size_t count);

// Those of one ping; null: it had none.
using ProgressTokens = std::shared_ptr<const std::vector<Progress>>;

// How busy a client's process is, in its own words.
struct Load {
  common::Duration scheduling_delay{};
  double cpu_usage = 0;  // processors in use
  std::int64_t memory_bytes = 0;
};

// A client at one moment.
struct Note {
  common::WallTime time{};
  common::Duration rtt{};  // zero: unknown
  Load load;
  ProgressTokens progress;  // as TokensOfNote() keeps them
};

// At most this many notes are kept, and at least kNoteSpacing lies between two.
inline constexpr std::size_t kMaxNotes = 12;
inline constexpr common::Duration kNoteSpacing = std::chrono::seconds(5);

// What a note keeps of a ping's tokens: all, while their names have kMaxNoteNameBytes at most, or those of
// them that are most behind. Every note of every client of a fleet may be as large as that.
inline constexpr std::size_t kMaxNoteNameBytes = 512;
ProgressTokens TokensOfNote(ProgressTokens tokens);

struct LastWords {
  std::string will;
  std::vector<Note> notes;  // the oldest first
};

}  // namespace liveness::core
