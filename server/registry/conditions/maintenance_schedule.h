// When the maintenance of clients ends, on the wall clock: an operator names a moment for people.
//
// Not thread-safe: guarded by the registry's lock.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/btree_map.h"
#include "common/clock.h"

namespace liveness::registry {

class MaintenanceSchedule {
 public:
  // The client's maintenance ends then, whatever was set before; nothing: it has none. WallTime::max() is
  // for ever.
  void Set(std::string_view client_id, std::optional<common::WallTime> ends);

  // True if a client's maintenance has ended by `now`.
  bool HasDue(common::WallTime now) const;
  // Takes out the client whose maintenance ends first, and returns its id. REQUIRES: HasDue for some moment.
  std::string PopFirst();

  std::size_t size() const { return ends_.size(); }

 private:
  std::set<std::pair<common::WallTime, std::string>> order_;
  absl::btree_map<std::string, common::WallTime, std::less<>> ends_;  // the same, by client
};

}  // namespace liveness::registry
