#include "server/storage/etcd/proposal_queue.h"

#include <algorithm>
#include <utility>

namespace liveness::storage::etcd {

void ProposalQueue::Add(Proposal proposal, common::MonoTime now) {
  auto entry = std::make_unique<Entry>();
  entry->proposal = std::move(proposal);
  entry->since = now;
  entry->order = next_order_++;
  MarkWaiting(*entry);
  clients_[entry->client_id()] = entry.get();
  entries_[entry->proposal.id] = std::move(entry);
}

ProposalQueue::Entry* ProposalQueue::Find(std::uint64_t proposal) {
  const auto at = entries_.find(proposal);
  return at == entries_.end() ? nullptr : at->second.get();
}

ProposalQueue::Entry* ProposalQueue::FindClient(std::string_view client_id) {
  const auto at = clients_.find(client_id);
  return at == clients_.end() ? nullptr : at->second;
}

void ProposalQueue::Remove(std::uint64_t proposal) {
  const auto at = entries_.find(proposal);
  if (at == entries_.end()) return;
  MarkSent(*at->second);
  if (at->second->settled) --settled_;
  clients_.erase(at->second->client_id());
  entries_.erase(at);
}

void ProposalQueue::Return(Entry& entry, bool maybe_taken) {
  entry.maybe_taken = entry.maybe_taken || maybe_taken;
  MarkWaiting(entry);
}

void ProposalQueue::Postpone(Entry& entry) {
  MarkSent(entry);
  entry.order = next_order_++;
  MarkWaiting(entry);
}

void ProposalQueue::Settle(Entry& entry, common::MonoTime now) {
  entry.maybe_taken = true;
  if (!entry.settled) ++settled_;
  entry.settled = now;
}

void ProposalQueue::Unsettle() {
  for (auto& [id, entry] : entries_) {
    if (entry->settled) MarkWaiting(*entry);
  }
}

std::vector<std::uint64_t> ProposalQueue::StaleBegins(common::MonoTime before) const {
  std::vector<std::uint64_t> stale;
  for (const auto& [order, entry] : waiting_begins_) {
    if (entry->since > before) break;
    stale.push_back(entry->proposal.id);
  }
  return stale;
}

std::optional<common::MonoTime> ProposalQueue::oldest_settled() const {
  std::optional<common::MonoTime> oldest;
  if (settled_ == 0) return oldest;
  for (const auto& [id, entry] : entries_) {
    if (entry->settled && (!oldest || *entry->settled < *oldest)) oldest = entry->settled;
  }
  return oldest;
}

void ProposalQueue::MarkSent(Entry& entry) {
  waiting_.erase(entry.order);
  waiting_begins_.erase(entry.order);
}

void ProposalQueue::MarkWaiting(Entry& entry) {
  if (entry.settled) --settled_;
  entry.settled.reset();
  waiting_[entry.order] = &entry;
  if (entry.begins() && !entry.maybe_taken) waiting_begins_[entry.order] = &entry;
}

}  // namespace liveness::storage::etcd
