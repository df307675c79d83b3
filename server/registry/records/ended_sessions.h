// Sessions that have ended, and which of them is to be forgotten first when there are too many.
//
// The one whose end lies furthest back. But while one voice (core/fleet/voices.h) has more than half of all,
// its oldest: somebody who lets ids live and die without end pushes out its own dead, not those that others
// want to know of.
//
// Not thread-safe: the registry guards it with its lock.
#pragma once

#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/btree_map.h"
#include "server/core/record/record.h"

namespace liveness::registry {

class EndedSessions {
 public:
  // REQUIRES: the record is DEAD or LEFT; its client_id is viewed until Remove().
  void Add(const core::ClientRecord& record);
  // No-op for a record that was not added.
  void Remove(const core::ClientRecord& record);

  // The client to forget first; empty if none has ended.
  std::string_view First() const;

 private:
  // (revision of the end, client), the oldest first.
  using Ends = std::set<std::pair<std::uint64_t, std::string_view>>;

  Ends all_;
  absl::btree_map<std::string, Ends> by_voice_;
  std::set<std::pair<std::size_t, std::string>> sizes_;  // of by_voice_'s
  void Resize(const std::string& voice, std::size_t before, std::size_t after);
};

}  // namespace liveness::registry
