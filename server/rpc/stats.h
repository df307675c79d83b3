// RegistryService.GetStats. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "common/clock.h"
#include "liveness/v1/registry_service.pb.h"
#include "server/registry/registry.h"

namespace liveness::rpc {

// Counts per value of a label, by value, bounded: of more than `max_groups`
// values the first stay and the rest is summed. Not thread-safe.
class GroupedCounts {
 public:
  explicit GroupedCounts(std::size_t max_groups) : max_groups_(max_groups) {}
  // One value's clients.
  struct Group {
    registry::Counts counts;
    core::Mistakes mistakes;
    core::SpanHistogram detection_times;  // of the last death of each that was found
    double known_seconds = 0;             // the sum of their time as live clients

    void Add(const core::ClientRecord& record, const core::Vitals& vitals, common::WallTime now);
  };

  void Add(std::string_view value, const core::ClientRecord& record, const core::Vitals& vitals,
           common::WallTime now);
  const std::map<std::string, Group, std::less<>>& groups() const { return groups_; }
  const registry::Counts& rest() const { return rest_; }

 private:
  const std::size_t max_groups_;
  std::map<std::string, Group, std::less<>> groups_;
  registry::Counts rest_;
};

// Without filter and groups nothing is scanned. DEADLINE_EXCEEDED if `deadline`
// passes meanwhile. What only the streams know (stream_count, heartbeat_count)
// is left to the caller.
absl::Status GetStats(const registry::Registry& registry, const common::Clock& clock,
                      common::WallTime deadline, const v1::GetStatsRequest& request,
                      v1::GetStatsResponse& response);

}  // namespace liveness::rpc
