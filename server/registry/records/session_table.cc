#include "server/registry/records/session_table.h"

namespace liveness::registry {

using core::ClientRecord;
using core::State;

void Counts::Add(const ClientRecord& record, std::int64_t sign) {
  switch (record.state) {
    case State::kAlive: alive += sign; break;
    case State::kSuspect: suspect += sign; break;
    case State::kDead: dead += sign; break;
    case State::kLeft: left += sign; break;
    case State::kForgotten:
    case State::kUnspecified: break;
  }
  if (record.health == core::Health::kStalled && core::IsLive(record.state)) stalled += sign;
  if (record.health == core::Health::kMaintenance) maintenance += sign;
}

std::shared_ptr<Session> SessionTable::Find(std::string_view client_id) const {
  const auto at = sessions_.find(client_id);
  return at == sessions_.end() ? nullptr : at->second;
}

bool SessionTable::IsCurrent(const Session& session) const {
  if (session.state().record == nullptr) return false;
  const auto at = sessions_.find(session.state().record->client_id());
  return at != sessions_.end() && at->second.get() == &session;
}

void SessionTable::SetRecord(const std::shared_ptr<Session>& session, core::RecordPtr record) {
  const auto at = sessions_.find(record->client_id());
  if (at == sessions_.end()) {
    Count(*record);
    sessions_.emplace(record->client_id(), session);
  } else {
    // The entry's key points into the record that goes: let it go last.
    const core::RecordPtr old = at->second->state().record;
    Forget(*old);
    Count(*record);
    if (old->info.Is(record->info)) {
      at->second = session;
    } else {
      const auto next = sessions_.erase(at);
      sessions_.emplace_hint(next, record->client_id(), session);
    }
  }
  session->state().record = std::move(record);
}

void SessionTable::Erase(const std::shared_ptr<Session>& session) {
  const ClientRecord& record = *session->state().record;
  Forget(record);
  sessions_.erase(record.client_id());
}

std::shared_ptr<Session> SessionTable::FirstToForget() const {
  const std::string_view first = ended_.First();
  return first.empty() ? nullptr : Find(first);
}

core::HostEvidence SessionTable::NeighboursOf(const ClientRecord& record) const {
  const auto at = hosts_.find(record.info.host());
  if (at == hosts_.end()) return {};
  core::HostEvidence others = at->second;
  if (record.state == State::kAlive) --others.heard;
  if (record.state == State::kSuspect) --others.silent;
  return others;
}

void SessionTable::CountHost(const ClientRecord& record, std::int64_t sign) {
  const std::string_view host = record.info.host();
  if (host.empty() || !core::IsLive(record.state)) return;
  auto at = hosts_.find(host);
  if (at == hosts_.end()) at = hosts_.try_emplace(std::string(host)).first;
  core::HostEvidence& counts = at->second;
  (record.state == State::kAlive ? counts.heard : counts.silent) += sign;
  if (counts.heard == 0 && counts.silent == 0) hosts_.erase(at);
}

void SessionTable::AddToCounts(const ClientRecord& record, std::int64_t sign) {
  counts_.Add(record, sign);
  counts_by_health_[static_cast<std::size_t>(record.state)][static_cast<std::size_t>(record.health)] += sign;
  label_counts_.Add(record, sign);
  CountHost(record, sign);
}

void SessionTable::Forget(const ClientRecord& record) {
  AddToCounts(record, -1);
  ended_.Remove(record);
}

void SessionTable::Count(const ClientRecord& record) {
  AddToCounts(record, +1);
  if (record.state == State::kDead || record.state == State::kLeft) ended_.Add(record);
}

}  // namespace liveness::registry
