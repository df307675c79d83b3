#include "server/registry/life/maintenance.h"

#include <chrono>
#include <utility>

#include "server/registry/conditions/work_slice.h"
#include "server/registry/records/instance_errors.h"

namespace liveness::registry {

using core::ClientRecord;
using core::Health;
using core::RecordPtr;
using core::WallTime;

namespace {

// How soon to look again whether the store has committed some of what is under way.
constexpr auto kStorePause = std::chrono::milliseconds(10);

}  // namespace

void Maintenance::MarkSlice(MaintenancePass& pass, const Term& term,
                            const std::function<MaintenanceSettled()>& settling, Effects& effects) {
  WorkSlice slice(clock_);
  while (pass.HasNext() && slice.Take()) {
    const RecordPtr& seen = pass.TakeNext();
    const std::shared_ptr<Session> session = ledger_.Find(seen->client_id());
    RecordPtr visible = session == nullptr ? nullptr : ledger_.VisibleRecord(*session);
    if (visible == nullptr) continue;
    if (visible != seen && !pass.marks_any()) {
      pass.LookAgainAt({std::move(visible), deadlines_.VitalsOf(*session, clock_.Mono())});
    } else if (Mark(session, term, settling, effects)) {
      pass.CountChange();
    }
  }
}

bool Maintenance::Mark(const std::shared_ptr<Session>& session, Term term,
                       const std::function<MaintenanceSettled()>& settling, Effects& effects) {
  if (!term.until || *term.until <= clock_.Wall()) term = {};
  const RecordPtr before = session->record();
  if (before->state == core::State::kForgotten) return false;
  ClientRecord after = *before;
  auto annex = before->annex == nullptr ? std::make_shared<core::Annex>()
                                        : std::make_shared<core::Annex>(*before->annex);
  annex->maintenance_until = term.until;
  annex->maintenance_origin = term.origin;
  if (annex->SameMaintenance(before->annex == nullptr ? core::Annex() : *before->annex)) return false;
  after.annex = std::move(annex);
  after.health = term.until ? Health::kMaintenance : Health::kOk;
  if (after.state == core::State::kAlive) {
    after.cause = core::Cause::kUnspecified;
    after.evidence = nullptr;
  }
  if (!term.until) (void)stalls_.Restore(*session, after);
  CommitDone told = nullptr;
  if (settling) {
    told = [settled = settling()](const absl::StatusOr<RecordPtr>& record) { settled(record.status()); };
  }
  if (told && ledger_.WaitsTooLong(*session)) {
    effects.dones.push_back({std::move(told), TooMuchWaitsError()});
    return false;
  }
  const bool health_changes = after.health != before->health;
  ledger_.Decide(session, std::move(after), effects, std::move(told));
  return health_changes;
}

void Maintenance::EndDue(core::MonoTime now, Effects& effects) {
  const WallTime wall = clock_.Wall();
  WorkSlice slice(clock_);
  while (schedule_.HasDue(wall) && !ledger_.IsFull() && slice.Take()) {
    const std::shared_ptr<Session> session = ledger_.Find(schedule_.PopFirst());
    if (session != nullptr) Mark(session, {}, nullptr, effects);
  }
  if (schedule_.HasDue(wall)) timers_.TickBy(now + (ledger_.IsFull() ? kStorePause : WorkSlice::kPause));
}

}  // namespace liveness::registry
