#include "server/rpc/stats.h"

#include <iterator>
#include <utility>

#include "common/limits.h"
#include "common/status.h"
#include "server/core/client_fields.h"
#include "server/core/filter.h"
#include "server/rpc/convert.h"

namespace liveness::rpc {
namespace {

constexpr std::size_t kMaxGroups = 1000;

void Accumulate(registry::Counts& to, const registry::Counts& from) {
  to.alive += from.alive;
  to.suspect += from.suspect;
  to.dead += from.dead;
  to.left += from.left;
  to.stalled += from.stalled;
  to.maintenance += from.maintenance;
}

void ToProto(const registry::Counts& counts, v1::StateCounts& proto) {
  proto.set_alive(counts.alive);
  proto.set_suspect(counts.suspect);
  proto.set_dead(counts.dead);
  proto.set_left(counts.left);
  proto.set_stalled(counts.stalled);
  proto.set_maintenance(counts.maintenance);
}

struct Scanned {
  registry::Counts counts;
  GroupedCounts groups{kMaxGroups};
  std::uint64_t revision = 0;
};

absl::Status Scan(const registry::Registry& registry, const common::Clock& clock, common::WallTime deadline,
                  const core::Filter& filter, const std::string& label, Scanned& scanned) {
  const core::Moment now{clock.Mono(), clock.Wall()};
  registry::ScanRequest scan;
  scan.limit = 1;
  // Counts where it looks and wants none of it, so that nothing is copied.
  scan.matches = [&](const core::ClientRecord& record, const core::Vitals& vitals) {
    if (!filter.matches_all() && !filter.Matches(core::ClientFields(record, vitals, now))) return false;
    scanned.counts.Add(record, 1);
    if (!label.empty()) {
      scanned.groups.Add(record.info.FindLabel(label).value_or(std::string_view()), record);
    }
    return false;
  };
  while (true) {
    registry::ScanResult part = registry.Scan(scan);
    scanned.revision = part.revision;
    if (part.done) return absl::OkStatus();
    scan.after = std::move(part.cursor);
    if (clock.Wall() >= deadline)
      return absl::DeadlineExceededError("the deadline passed while clients were counted");
  }
}

}  // namespace

void GroupedCounts::Add(std::string_view value, const core::ClientRecord& record) {
  const auto at = groups_.lower_bound(value);
  if (at != groups_.end() && at->first == value) {
    at->second.Add(record, 1);
  } else if (groups_.size() < max_groups_) {
    groups_.emplace_hint(at, value, registry::Counts())->second.Add(record, 1);
  } else if (at == groups_.end()) {
    rest_.Add(record, 1);
  } else {
    // It comes before a value that is kept: that one makes room, for good.
    const auto last = std::prev(groups_.end());
    Accumulate(rest_, last->second);
    groups_.emplace_hint(at, value, registry::Counts())->second.Add(record, 1);
    groups_.erase(std::prev(groups_.end()));
  }
}

absl::Status GetStats(const registry::Registry& registry, const common::Clock& clock,
                      common::WallTime deadline, const v1::GetStatsRequest& request,
                      v1::GetStatsResponse& response) {
  absl::StatusOr<core::Filter> filter = core::Filter::Parse(request.filter(), core::ClientSchema());
  if (!filter.ok()) return filter.status();
  if (request.group_by_label().size() > common::kMaxLabelKeyBytes) {
    return common::BadFields("BAD_LABEL", {{"group_by_label", "is longer than a label's key can be"}});
  }

  const registry::Totals totals = registry.totals();
  Scanned scanned;
  if (filter->matches_all() && request.group_by_label().empty()) {
    scanned.counts = totals.counts;
    scanned.revision = totals.revision;
  } else {
    const absl::Status status = Scan(registry, clock, deadline, *filter, request.group_by_label(), scanned);
    if (!status.ok()) return status;
  }

  ToProto(scanned.counts, *response.mutable_counts());
  for (const auto& [value, counts] : scanned.groups.groups()) {
    v1::GroupCounts* group = response.add_groups();
    group->set_value(value);
    ToProto(counts, *group->mutable_counts());
  }
  ToProto(scanned.groups.rest(), *response.mutable_ungrouped());
  ToProto(clock.Wall(), *response.mutable_as_of());
  response.set_revision(scanned.revision);
  response.set_watcher_count(totals.watchers);
  response.set_refuted_suspicion_count(totals.refuted_suspicions);
  response.set_mistaken_death_count(totals.mistaken_deaths);
  ToProto(totals.credited, *response.mutable_credited_time());
  return absl::OkStatus();
}

}  // namespace liveness::rpc
