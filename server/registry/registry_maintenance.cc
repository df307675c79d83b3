// Maintenance: a client's absence is expected until a moment of the wall clock, and alerts no one.
//
// It is part of the client's record, so it outlives reconnects and restarts. Whoever serves the client
// ends it; in a cluster the others do if that server has not.
#include <algorithm>
#include <utility>

#include "common/status.h"
#include "server/registry/effects.h"
#include "server/registry/registry.h"

namespace liveness::registry {

using common::MutexLock;
using core::ClientRecord;
using core::Health;
using core::RecordPtr;
using core::WallTime;

namespace {

constexpr std::size_t kLookedAtAtOnce = 2'000;
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
    for (std::size_t n = 0; at != sessions.end() && n < (one ? 1 : kLookedAtAtOnce); ++n, ++at) {
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
  if (!until && after.state == core::State::kAlive) {
    // What was hidden by it: a stall that has not ended meanwhile.
    const SessionExtras* extras = session->cold_.extras.get();
    const auto tokens = extras == nullptr || extras->board == nullptr ? nullptr : extras->board->tokens();
    const bool stalled = tokens != nullptr && core::IsAnyStale(*tokens);
    if (stalled) after.health = Health::kStalled;
    after.cause = stalled ? core::Cause::kApplicationStalled : core::Cause::kUnspecified;
  } else if (until && after.state == core::State::kAlive) {
    after.cause = core::Cause::kUnspecified;
    after.evidence = nullptr;
  }
  Settled told = nullptr;
  if (settling) {
    told = [settled = settling()](const absl::StatusOr<RecordPtr>& record) { settled(record.status()); };
  }
  const bool health_changes = after.health != before->health;
  Transit(session, std::move(after), effects, std::move(told));
  return health_changes;
}

void Registry::FollowMaintenance(const ClientRecord& after) {
  const std::string client_id(after.client_id());
  if (const auto known = maintenance_.find(client_id); known != maintenance_.end()) {
    maintenance_ends_.erase({known->second, client_id});
    maintenance_.erase(known);
  }
  if (after.state == core::State::kForgotten || after.annex == nullptr) return;
  if (!after.annex->maintenance_until) return;
  const bool ours = !store_.shared() || *after.server_id == options_.server_id;
  const core::Duration turn = ours ? core::Duration::zero() : kOthersTurn + OurTurn(after);
  const WallTime ends = *after.annex->maintenance_until + turn;
  maintenance_ends_.emplace(ends, client_id);
  maintenance_.emplace(client_id, ends);
}

void Registry::EndMaintenance(Effects& effects) {
  const WallTime wall = clock_.Wall();
  while (!maintenance_ends_.empty() && maintenance_ends_.begin()->first <= wall) {
    const std::string client_id = maintenance_ends_.begin()->second;
    maintenance_ends_.erase(maintenance_ends_.begin());
    maintenance_.erase(client_id);
    const std::shared_ptr<Session> session = table_.Find(client_id);
    if (session != nullptr) MarkMaintenance(session, std::nullopt, nullptr, effects);
  }
}

}  // namespace liveness::registry
