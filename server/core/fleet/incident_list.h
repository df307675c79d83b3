// The last incidents of a server, over its restarts. Pure; not thread-safe.
//
// Bounded, and the bound is fair: when it is full the oldest of the most frequent kind goes, so that a
// thousand short stalls do not push out the one store outage. An incident that goes on is never dropped.
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "server/core/fleet/incident.h"

namespace liveness::core {

class IncidentList {
 public:
  static constexpr std::size_t kMost = 200;

  // Takes what an earlier run left, oldest first. What went on then is ended at
  // `last_sign`, the last moment at which that run is known to have lived; and if
  // it did not stop as it was told to, that is an incident of its own, which ends
  // at `now`. REQUIRES: empty.
  void Restore(std::vector<Incident> earlier, WallTime last_sign, WallTime now);

  // Adds an incident that is over, or has no length.
  void Add(IncidentKind kind, WallTime now, Duration length, std::string_view text);
  // Begins an incident that goes on until End(). If one of the kind goes on already, only its text is
  // replaced, unless `text` is empty.
  void Begin(IncidentKind kind, WallTime now, std::string_view text);
  // No-op if none of the kind goes on.
  void End(IncidentKind kind, WallTime now, Duration length);

  // Oldest first, in the order in which they were noted.
  const std::vector<Incident>& all() const { return all_; }

 private:
  Incident* FindOpen(IncidentKind kind);
  void Push(Incident incident);

  std::vector<Incident> all_;
};

}  // namespace liveness::core
