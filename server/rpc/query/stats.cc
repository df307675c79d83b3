#include "server/rpc/query/stats.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "common/limits.h"
#include "common/status.h"
#include "server/registry/registry.h"
#include "server/rpc/convert/convert.h"

namespace liveness::rpc {
namespace {

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

constexpr double kSecondsPerDay = 86'400;

// Of a Scorecard or of GroupCounts.
template <typename Proto>
void SetDetectionTimes(const core::SpanHistogram& times, Proto& proto) {
  if (times.count() == 0) return;
  rpc::ToProto(times.Quantile(0.5), *proto.mutable_detection_time_p50());
  rpc::ToProto(times.Quantile(0.99), *proto.mutable_detection_time_p99());
  rpc::ToProto(times.max(), *proto.mutable_detection_time_max());
}

void ToProto(const GroupedCounts::Group& group, v1::GroupCounts& proto) {
  ToProto(group.counts, *proto.mutable_counts());
  proto.set_mistake_count(group.mistakes.count);
  rpc::ToProto(group.mistakes.total, *proto.mutable_mistake_time());
  SetDetectionTimes(group.detection_times, proto);
  proto.set_query_accuracy(1);
  if (group.known_seconds <= 0) return;
  const double wrong = std::chrono::duration<double>(group.mistakes.total).count();
  proto.set_query_accuracy(std::max(0.0, 1 - wrong / group.known_seconds));
  proto.set_mistake_rate(static_cast<double>(group.mistakes.count) / group.known_seconds * kSecondsPerDay);
}

void ToProto(const core::Scorecard& card, v1::Scorecard& proto) {
  proto.set_suspicion_count(card.suspicions);
  proto.set_death_count(card.deaths);
  proto.set_refuted_suspicion_count(card.refuted_suspicions.count);
  rpc::ToProto(card.refuted_suspicions.total, *proto.mutable_refuted_time());
  rpc::ToProto(card.refuted_suspicions.longest, *proto.mutable_longest_refuted_time());
  proto.set_mistaken_death_count(card.mistaken_deaths.count);
  rpc::ToProto(card.mistaken_deaths.total, *proto.mutable_mistaken_time());
  SetDetectionTimes(card.detection_times, proto);
  const auto mistakes = static_cast<double>(card.refuted_suspicions.count + card.mistaken_deaths.count);
  if (card.observed_seconds > 0) {
    proto.set_mistake_rate(mistakes / card.observed_seconds * kSecondsPerDay);
  }
  proto.set_query_accuracy(card.QueryAccuracy());
}

void ToProto(const registry::WitnessTotals& witness, v1::GetStatsResponse& response) {
  rpc::ToProto(witness.canary_credited, *response.mutable_canary_credited_time());
  response.set_canary_doubt_count(witness.canary_doubts);
  response.set_canary_episode_count(witness.canary_episodes);
  response.set_in_doubt(witness.in_doubt);
  response.set_suspend_count(witness.suspends);
  rpc::ToProto(witness.suspended, *response.mutable_suspended_time());
  rpc::ToProto(witness.settling, *response.mutable_settling_time());
}

}  // namespace

void GroupedCounts::Group::Add(const core::ClientRecord& record, const core::Vitals& vitals,
                               common::WallTime now) {
  counts.Add(record, 1);
  mistakes += vitals.mistakes;
  if (vitals.detected_after > common::Duration::zero()) detection_times.Add(vitals.detected_after);
  const common::WallTime until = core::IsLive(record.state) ? now : record.state_time;
  const common::Duration known = vitals.known_before + (until - record.register_time);
  known_seconds += std::max(0.0, std::chrono::duration<double>(known).count());
}

void GroupedCounts::Add(std::string_view value, const core::ClientRecord& record, const core::Vitals& vitals,
                        common::WallTime now) {
  const auto at = groups_.lower_bound(value);
  if (at != groups_.end() && at->first == value) {
    at->second.Add(record, vitals, now);
  } else if (groups_.size() < max_groups_) {
    groups_.emplace_hint(at, value, Group())->second.Add(record, vitals, now);
  } else if (at == groups_.end()) {
    rest_.Add(record, 1);
  } else {
    // The new value comes before the last that is kept, which makes room for it, for good.
    const auto last = std::prev(groups_.end());
    Accumulate(rest_, last->second.counts);
    groups_.emplace_hint(at, value, Group())->second.Add(record, vitals, now);
    groups_.erase(std::prev(groups_.end()));
  }
}

absl::StatusOr<std::unique_ptr<StatsQuery>> StatsQuery::Begin(const ListContext& context,
                                                              const v1::GetStatsRequest& request,
                                                              std::function<StreamCounts()> streams) {
  const absl::StatusOr<core::Filter> filter = core::Filter::Parse(request.filter(), core::ClientSchema());
  if (!filter.ok()) return filter.status();
  if (request.group_by_label().size() > common::kMaxLabelKeyBytes) {
    return common::BadFields("BAD_LABEL", {{"group_by_label", "is longer than a label's key can be"}});
  }
  std::unique_ptr<StatsQuery> query(new StatsQuery(
      context, std::move(streams), core::Filter::And(context.view, *filter), request.group_by_label()));
  query->now_ = {context.clock.Mono(), context.clock.Wall()};
  // Counts each record as the scan looks at it, and matches none, so that the scan keeps nothing.
  query->scan_.limit = 1;
  query->scan_.filter_cost = query->filter_.cost();
  query->scan_.matches = [self = query.get()](const core::ClientRecord& record, const core::Vitals& vitals) {
    self->Count(record, vitals);
    return false;
  };
  return query;
}

void StatsQuery::Count(const core::ClientRecord& record, const core::Vitals& vitals) {
  if (!filter_.matches_all() && !filter_.Matches(core::ClientFields(record, vitals, now_))) return;
  counts_.Add(record, 1);
  if (label_.empty()) return;
  groups_.Add(record.info.FindLabel(label_).value_or(std::string_view()), record, vitals, now_.wall);
}

absl::StatusOr<bool> StatsQuery::Step(v1::GetStatsResponse& response) {
  const bool scans = !filter_.matches_all() || !label_.empty();
  std::uint64_t scanned_revision = 0;
  if (scans) {
    registry::ScanResult part = context_.registry.Scan(scan_);
    if (!part.done) {
      scan_.after = std::move(part.cursor);
      return false;
    }
    scanned_revision = part.revision;
  }
  const registry::Totals totals = context_.registry.totals();
  ToProto(scans ? counts_ : totals.counts, *response.mutable_counts());
  for (const auto& [value, group] : groups_.groups()) {
    v1::GroupCounts* proto = response.add_groups();
    proto->set_value(value);
    ToProto(group, *proto);
  }
  ToProto(groups_.rest(), *response.mutable_ungrouped());
  ToProto(context_.clock.Wall(), *response.mutable_as_of());
  response.set_revision(scans ? scanned_revision : totals.revision);
  if (context_.view.matches_all()) DescribeServer(totals, response);
  return true;
}

void StatsQuery::DescribeServer(const registry::Totals& totals, v1::GetStatsResponse& response) const {
  response.set_watcher_count(totals.watchers);
  response.set_refuted_suspicion_count(totals.scorecard.refuted_suspicions.count);
  response.set_mistaken_death_count(totals.scorecard.mistaken_deaths.count);
  ToProto(totals.credited, *response.mutable_credited_time());
  response.set_stall_count(totals.stalls);
  response.set_unread_credit_count(totals.unread_credits);
  ToProto(totals.scorecard, *response.mutable_scorecard());
  ToProto(totals.witness, response);
  response.set_group_event_count(totals.group_events);
  response.set_doubt_count(totals.doubts);
  response.set_held_death_count(totals.held_deaths);
  if (!streams_) return;
  const StreamCounts streams = streams_();
  response.set_stream_count(streams.streams);
  response.set_heartbeat_count(streams.heartbeats);
}

}  // namespace liveness::rpc
