// Maintenance: a client's absence is expected until a moment of the wall clock, and alerts no one.
//
// It is part of the client's record, so it outlives reconnects and restarts. Whoever serves the client
// ends it; in a cluster the others do if that server has not.
#include <algorithm>
#include <utility>

#include "common/saturating.h"
#include "common/status.h"
#include "server/registry/effects.h"
#include "server/registry/instance_errors.h"
#include "server/registry/life/work_slice.h"
#include "server/registry/registry.h"

namespace liveness::registry {

using common::MutexLock;
using core::ClientRecord;
using core::Health;
using core::RecordPtr;
using core::WallTime;

namespace {

constexpr std::size_t kLookedAtAtOnce = 2'000;
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
  MaintenanceResult result;
  std::string cursor = request.after;
  Effects effects;
  {
    MutexLock lock(mu_);
    const SessionTable::Sessions& sessions = table_.sessions();
    const bool one = !request.client_id.empty();
    std::vector<std::shared_ptr<Session>> chosen;  // a transition changes the table
    auto at = one ? sessions.find(request.client_id) : sessions.upper_bound(cursor);
    WorkSlice slice(clock_, one ? 1 : kLookedAtAtOnce);
    for (; at != sessions.end() && chosen.size() < WorkSlice::kMost && slice.Take(); ++at) {
      cursor = std::string(at->first);
      const Session& session = *at->second;
      const RecordPtr shown = Shown(session);
      if (shown == nullptr || session.cold_.record->state == core::State::kForgotten) continue;
      if (request.matches && !request.matches(*shown, VitalsOf(session, clock_.Mono()))) continue;
      chosen.push_back(at->second);
    }
    result.done = one || at == sessions.end();
    result.matched = static_cast<std::int64_t>(chosen.size());
    for (const auto& session : chosen) {
      result.changed += MarkMaintenance(session, request.until, settling, effects) ? 1 : 0;
    }
  }
  CarryOut(effects);
  result.cursor = std::move(cursor);
  return result;
}

bool Registry::MarkMaintenance(const std::shared_ptr<Session>& session, std::optional<WallTime> until,
                               const std::function<MaintenanceSettled()>& settling, Effects& effects) {
  if (until && *until <= clock_.Wall()) until.reset();
  const RecordPtr before = session->cold_.record;
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
  Settled told = nullptr;
  if (settling) {
    told = [settled = settling()](const absl::StatusOr<RecordPtr>& record) { settled(record.status()); };
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
  const SessionExtras* extras = session.cold_.extras.get();
  const auto tokens = extras == nullptr || extras->board == nullptr ? nullptr : extras->board->tokens();
  return tokens != nullptr && core::IsAnyStale(*tokens);
}

bool Registry::RestoreStall(const Session& session, ClientRecord& record) const {
  const bool hidden = session.local_ && core::IsLive(record.state) && record.health == Health::kOk;
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
  ClientRecord after = *session->cold_.record;
  if (RestoreStall(*session, after)) Transit(session, std::move(after), effects);
}

void Registry::FollowMaintenance(const ClientRecord& after) {
  const bool has_one = after.state != core::State::kForgotten && after.annex != nullptr &&
                       after.annex->maintenance_until.has_value();
  if (!has_one) return maintenance_.Set(after.client_id(), std::nullopt);
  const bool ours = !store_.shared() || *after.server_id == options_.server_id;
  const core::Duration turn = ours ? core::Duration::zero() : kOthersTurn + OurTurn(after);
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
  next_tick_ = std::min(next_tick_, now + pause);
}

}  // namespace liveness::registry
