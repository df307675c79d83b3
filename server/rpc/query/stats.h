// RegistryService.GetStats: counts, in slices where every record has to be looked at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "liveness/v1/registry_service.pb.h"
#include "server/core/filter/filter.h"
#include "server/core/record/client_fields.h"
#include "server/registry/records/types.h"
#include "server/rpc/query/paging.h"

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

// What only the streams know.
struct StreamCounts {
  std::int64_t streams = 0;     // open now
  std::int64_t heartbeats = 0;  // received since this server started
};

// One answer. Without filter and groups nothing is scanned. Whoever does not see every client is told the
// counts of those that it sees, and nothing of the server. Not thread-safe; for a worker.
class StatsQuery {
 public:
  // INVALID_ARGUMENT: what is wrong with the request. `streams` may be null.
  static absl::StatusOr<std::unique_ptr<StatsQuery>> Begin(const ListContext& context,
                                                           const v1::GetStatsRequest& request,
                                                           std::function<StreamCounts()> streams = nullptr);

  // Counts on. True: `response` is complete; else call again.
  absl::StatusOr<bool> Step(v1::GetStatsResponse& response);

 private:
  static constexpr std::size_t kMaxGroups = 1000;

  StatsQuery(const ListContext& context, std::function<StreamCounts()> streams, core::Filter filter,
             std::string label)
      : context_(context),
        streams_(std::move(streams)),
        filter_(std::move(filter)),
        label_(std::move(label)) {}
  // What the server knows of itself.
  void DescribeServer(const registry::Totals& totals, v1::GetStatsResponse& response) const;
  // Of one record.
  void Count(const core::ClientRecord& record, const core::Vitals& vitals);

  const ListContext context_;
  const std::function<StreamCounts()> streams_;
  const core::Filter filter_;
  const std::string label_;
  core::Moment now_;  // when the counting began
  registry::ScanRequest scan_;
  registry::Counts counts_;
  GroupedCounts groups_{kMaxGroups};
};

}  // namespace liveness::rpc
