#include "server/registry/ledger/pending_client.h"

#include <algorithm>
#include <vector>

#include "server/core/record/rebase.h"

namespace liveness::registry {

using core::ClientRecord;
using core::RecordPtr;

namespace {

// True if `decided` may take the place of `last`, because nobody waits for `last` and the session lives after
// both.
bool Coalesces(const Decision& last, const Decision& decided) {
  return last.session == decided.session && !last.on_committed && core::IsLive(last.after->state) &&
         core::IsLive(decided.after->state);
}

}  // namespace

bool PendingClient::WelcomesSomebody() const {
  return std::any_of(waiting_.begin(), waiting_.end(), [](const Decision& each) { return each.welcomes; });
}

void PendingClient::Add(Decision decision) {
  if (waiting_.size() >= kCoalesceFrom && Coalesces(waiting_.back(), decision)) waiting_.pop_back();
  waiting_.push_back(std::move(decision));
}

Decision PendingClient::TakeFirst() {
  Decision first = std::move(waiting_.front());
  waiting_.pop_front();
  return first;
}

void PendingClient::AssignIncarnation(const Decision& begun, std::uint64_t incarnation, SessionTable& table) {
  std::vector<std::uint64_t> names = {BanName(*begun.after)};
  for (const Decision& each : waiting_) {
    if (each.session == begun.session) names.push_back(BanName(*each.after));
  }
  for (Decision& each : waiting_) {
    auto named = std::make_shared<ClientRecord>(*each.after);
    if (each.session == begun.session) named->incarnation = incarnation;
    if (named->annex != nullptr) {
      auto annex = std::make_shared<core::Annex>(*named->annex);
      for (core::Banned& banned : annex->banned) {
        if (std::find(names.begin(), names.end(), banned.incarnation) != names.end()) {
          banned.incarnation = incarnation;
        }
      }
      named->annex = std::move(annex);
    }
    ReplaceDecision(each, std::move(named), table);
  }
}

bool PendingClient::Rebase(const RecordPtr& before, const RecordPtr& theirs, std::string_view our_server,
                           SessionTable& table) {
  // `was`: what each was decided on. `base`: what each is put on now.
  RecordPtr was = before;
  RecordPtr base = theirs;
  bool believed = false;
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    const RecordPtr ours = at->after;
    const bool is_first = at == waiting_.begin();
    if (!is_first && !at->on_committed && core::IsBelief(was.get(), *ours, our_server)) {
      believed = true;
      ReplaceDecision(*at, base, table);
      at = waiting_.erase(at);
    } else {
      base = std::make_shared<const ClientRecord>(
          core::Rebase(*ours, at->time, *was, *base, *theirs, our_server));
      ReplaceDecision(*at, base, table);
      ++at;
    }
    was = ours;
  }
  return believed;
}

std::deque<Decision> PendingClient::Abandon() {
  abandoned_ = true;
  return std::exchange(waiting_, {});
}

void PendingClient::ReplaceDecision(Decision& decision, RecordPtr record, SessionTable& table) {
  const std::shared_ptr<Session>& session = decision.session;
  if (session->record() == decision.after) {
    if (table.IsCurrent(*session)) {
      table.SetRecord(session, record);
    } else {
      session->state().record = record;
    }
  }
  decision.after = std::move(record);
}

}  // namespace liveness::registry
