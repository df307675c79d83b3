// The group events that hooks may still have to send, kept in the store's notes: the history of a shared
// store does not hold them (see core/fleet/group_event.h), and a restart forgets what the registry's memory
// knows.
//
// An event is written as soon as it is published, some milliseconds after its fall was committed. If the
// server is killed between the two, the next one to lead has it in its own registry's memory, if it ran then.
//
// Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <utility>

#include "server/core/fleet/group_event.h"
#include "server/storage/notes/notes.h"

namespace liveness::hooks {

class KeptGroups {
 public:
  // Beyond this the oldest goes: hooks that are so far behind miss it.
  static constexpr std::size_t kMost = 256;

  // `notes` outlives it. `history_id`: of the present history; what others left is dropped.
  KeptGroups(storage::Notes& notes, std::string history_id)
      : notes_(notes), history_id_(std::move(history_id)) {}

  // This server leads by that term, or (0) does not: then nothing is kept.
  void Begin(std::uint64_t term);
  void Keep(const core::GroupEvent& group);
  // Those of a revision, in the order in which they were kept.
  core::GroupEvents Find(std::uint64_t revision) const;
  // No hook will ask for these again.
  void DropUpTo(std::uint64_t revision);

 private:
  struct Kept {
    std::string key;  // of its note
    core::GroupEvent group;
  };
  void DropFirst();

  storage::Notes& notes_;
  const std::string history_id_;
  std::uint64_t term_ = 0;
  std::multimap<std::uint64_t, Kept> kept_;  // by revision
};

}  // namespace liveness::hooks
