#include "server/registry/life/stalls.h"

#include <utility>

#include "server/registry/life/make_evidence.h"

namespace liveness::registry {

using core::ClientRecord;
using core::Health;
using core::State;

bool Stalls::IsStalled(const Session& session) {
  const SessionExtras* extras = session.state().extras.get();
  const auto tokens = extras == nullptr || extras->board == nullptr ? nullptr : extras->board->tokens();
  return tokens != nullptr && core::IsAnyStale(*tokens);
}

void Stalls::Set(const std::shared_ptr<Session>& session, bool stalled, Effects& effects) {
  ClientRecord after = *session->record();
  const Health health = stalled ? Health::kStalled : Health::kOk;
  // A client that is expected to be away is not also said to be stalled.
  if (after.health == health || after.health == Health::kMaintenance) return;
  after.health = health;
  after.cause = stalled ? core::Cause::kApplicationStalled : core::Cause::kUnspecified;
  after.evidence = stalled ? Evidence(*session) : nullptr;
  ledger_.Decide(session, std::move(after), effects);
}

bool Stalls::Restore(const Session& session, ClientRecord& record) const {
  const bool hidden = session.is_local() && core::IsLive(record.state) && record.health == Health::kOk;
  if (!hidden || !IsStalled(session)) return false;
  record.health = Health::kStalled;
  if (record.state != State::kAlive) return true;  // a suspicion has its own cause until it is refuted
  record.cause = core::Cause::kApplicationStalled;
  record.evidence = Evidence(session);
  return true;
}

void Stalls::TellHidden(const std::shared_ptr<Session>& session, Effects& effects) {
  ClientRecord after = *session->record();
  if (Restore(*session, after)) ledger_.Decide(session, std::move(after), effects);
}

std::shared_ptr<core::Evidence> Stalls::Evidence(const Session& session) const {
  std::shared_ptr<core::Evidence> evidence =
      MakeEvidence(session, ledger_.table(), witness_.witness_clock(), clock_, clock_.Mono());
  evidence->confidence = core::Confidence::kHigh;
  return evidence;
}

}  // namespace liveness::registry
