// Maintenance: a client's absence is expected until a moment of the wall clock, and alerts no one.
//
// It is part of the client's record, so it outlives reconnects and restarts. Whoever serves the client
// ends it; in a cluster the others do if that server has not.
#include <algorithm>
#include <utility>

#include "common/saturating.h"
#include "common/status.h"
#include "server/registry/conditions/work_slice.h"
#include "server/registry/records/effects.h"
#include "server/registry/records/instance_errors.h"
#include "server/registry/registry.h"

namespace liveness::registry {

using common::MutexLock;
using core::ClientRecord;
using core::Health;
using core::RecordPtr;
using core::WallTime;

namespace {

// How often those are looked at again that change while their filter is asked. Then the last look counts.
constexpr int kLooks = 4;
// How soon to look again whether the store has committed some of what is under way.
constexpr auto kStorePause = std::chrono::milliseconds(10);
// How long other servers leave the end of it to the one that serves the client.
constexpr auto kOthersTurn = std::chrono::seconds(2);

std::optional<WallTime> MaintenanceOf(const RecordPtr& record) {
  return record == nullptr || record->annex == nullptr ? std::nullopt : record->annex->maintenance_until;
}

}  // namespace

MaintenanceResult Registry::SetMaintenance(const MaintenanceRequest& request,
                                           const std::function<MaintenanceSettled()>& settling) {
  MaintenanceResult result{.cursor = request.cursor};
  if (!result.cursor.began) result.cursor.began = revision();
  std::vector<core::ClientView> looked_at;
  if (!request.client_id.empty()) {
    if (std::optional<core::ClientView> one = Get(request.client_id)) looked_at.push_back(*std::move(one));
    result.done = true;
  } else {
    ScanResult seen = LookAt({.after = request.cursor.after,
                              .limit = WorkSlice::kMost,
                              .matches = request.matches,
                              .filter_cost = request.filter_cost});
    result.cursor.after = std::move(seen.cursor);
    result.done = seen.done;
    looked_at = std::move(seen.views);
  }
  const auto is_due = [&](const core::ClientView& view) {
    const bool known = result.cursor.again && (view.record->revision <= *result.cursor.began ||
                                               MaintenanceOf(view.record) == request.until);
    return !known && (!request.matches || request.matches(*view.record, view.vitals));
  };
  std::vector<core::ClientView> chosen;
  for (core::ClientView& view : looked_at) {
    if (chosen.size() >= WorkSlice::kMost) {
      result.cursor.after = std::string(chosen.back().record->client_id());
      result.done = false;
      break;
    }
    if (is_due(view)) chosen.push_back(std::move(view));
  }
  result.matched = static_cast<std::int64_t>(chosen.size());
  for (int look = 1; !chosen.empty(); ++look) {
    std::vector<core::ClientView> changed;
    for (std::size_t next = 0; next < chosen.size();) {
      if (next != 0) WorkSlice::LetOthersIn();
      MarkSlice(chosen, next, !request.matches || look == kLooks, request, settling, changed, result);
    }
    std::erase_if(changed, [&](const auto& view) { return !request.matches(*view.record, view.vitals); });
    chosen = std::move(changed);
  }
  const bool was_first = !result.cursor.again && request.client_id.empty();
  if (result.done && was_first) {
    result.cursor = {.after = "", .began = result.cursor.began, .again = true};
    result.done = false;
  }
  return result;
}

void Registry::MarkSlice(const std::vector<core::ClientView>& chosen, std::size_t& next, bool all,
                         const MaintenanceRequest& request,
                         const std::function<MaintenanceSettled()>& settling,
                         std::vector<core::ClientView>& changed, MaintenanceResult& result) {
  Effects effects;
  {
    MutexLock lock(mu_);
    WorkSlice slice(clock_);
    for (; next < chosen.size() && slice.Take(); ++next) {
      const RecordPtr& seen = chosen[next].record;
      const std::shared_ptr<Session> session = table_.Find(seen->client_id());
      if (session == nullptr) continue;
      RecordPtr shown = Shown(*session);
      if (shown == nullptr) continue;
      if (shown != seen && !all) {
        changed.push_back({std::move(shown), VitalsOf(*session, clock_.Mono())});
        continue;
      }
      result.changed += MarkMaintenance(session, request.until, settling, effects) ? 1 : 0;
    }
  }
  CarryOut(effects);
}

bool Registry::MarkMaintenance(const std::shared_ptr<Session>& session, std::optional<WallTime> until,
                               const std::function<MaintenanceSettled()>& settling, Effects& effects) {
  if (until && *until <= clock_.Wall()) until.reset();
  const RecordPtr before = session->state().record;
  if (before->state == core::State::kForgotten || MaintenanceOf(before) == until) return false;
  ClientRecord after = *before;
  auto annex = before->annex == nullptr ? std::make_shared<core::Annex>()
                                        : std::make_shared<core::Annex>(*before->annex);
  annex->maintenance_until = until;
  after.annex = std::move(annex);
  after.health = until ? Health::kMaintenance : Health::kOk;
  if (after.state == core::State::kAlive) {
    after.cause = core::Cause::kUnspecified;
    after.evidence = nullptr;
  }
  if (!until) RestoreStall(*session, after);
  CommitDone told = nullptr;
  if (settling) {
    told = [on_committed = settling()](const absl::StatusOr<RecordPtr>& record) {
      on_committed(record.status());
    };
  }
  if (told && WaitsTooLong(*session)) {
    effects.dones.push_back({std::move(told), TooMuchWaitsError()});
    return false;
  }
  const bool health_changes = after.health != before->health;
  Transit(session, std::move(after), effects, std::move(told));
  return health_changes;
}

bool Registry::IsStalled(const Session& session) {
  const SessionExtras* extras = session.state().extras.get();
  const auto tokens = extras == nullptr || extras->board == nullptr ? nullptr : extras->board->tokens();
  return tokens != nullptr && core::IsAnyStale(*tokens);
}

bool Registry::RestoreStall(const Session& session, ClientRecord& record) const {
  const bool hidden = session.is_local() && core::IsLive(record.state) && record.health == Health::kOk;
  if (!hidden || !IsStalled(session)) return false;
  record.health = Health::kStalled;
  if (record.state != core::State::kAlive) return true;  // a suspicion has its own cause until it is refuted
  record.cause = core::Cause::kApplicationStalled;
  std::shared_ptr<core::Evidence> evidence = Gather(session, clock_.Mono());
  evidence->confidence = core::Confidence::kHigh;
  record.evidence = std::move(evidence);
  return true;
}

void Registry::TellHiddenStall(const std::shared_ptr<Session>& session, Effects& effects) {
  ClientRecord after = *session->state().record;
  if (RestoreStall(*session, after)) Transit(session, std::move(after), effects);
}

void Registry::FollowMaintenance(const ClientRecord& after) {
  const bool has_one = after.state != core::State::kForgotten && after.annex != nullptr &&
                       after.annex->maintenance_until.has_value();
  if (!has_one) return maintenance_.Set(after.client_id(), std::nullopt);
  const core::Duration turn =
      roster_.IsOurs(after) ? core::Duration::zero() : kOthersTurn + roster_.TakeoverDelay(after);
  maintenance_.Set(after.client_id(), common::SaturatingAdd(*after.annex->maintenance_until, turn));
}

void Registry::EndMaintenance(core::MonoTime now, Effects& effects) {
  const WallTime wall = clock_.Wall();
  WorkSlice slice(clock_);
  while (maintenance_.HasDue(wall) && pending_.size() < kPendingAtMost && slice.Take()) {
    const std::shared_ptr<Session> session = table_.Find(maintenance_.PopFirst());
    if (session != nullptr) MarkMaintenance(session, std::nullopt, nullptr, effects);
  }
  if (!maintenance_.HasDue(wall)) return;
  const core::Duration pause = pending_.size() < kPendingAtMost ? WorkSlice::kPause : kStorePause;
  timers_.TickBy(now + pause);
}

}  // namespace liveness::registry
