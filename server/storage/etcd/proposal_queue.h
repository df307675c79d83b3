// The changes that wait for their outcome: what to send next, and what must
// not be promised any more.
//
//   waiting --TakeBatch--> sent --Settle--> settled --(the watch tells)--> gone
//      ^                    |
//      +------Return--------+   no answer, or one that says nothing: it may have
//                               been committed, and the same change is tried again;
//                               its guard lets only one of the tries through
//
// Only what the watch tells is an outcome. A change that was never sent, or
// that etcd has certainly not taken, may be withdrawn.
//
// Pure: no thread, clock or call of etcd's in it. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"
#include "common/clock.h"
#include "server/storage/store.h"

namespace liveness::storage::etcd {

class ProposalQueue {
 public:
  struct Entry {
    Proposal proposal;
    common::MonoTime since{};  // proposed
    std::string value;         // as it is written; made when it is first sent
    std::int64_t guard = 0;    // etcd's revision of the key that it was last sent with; the sender's
    bool maybe_taken = false;  // sent, and no word yet that etcd did not take it

    std::string_view client_id() const { return proposal.after->client_id(); }
    bool begins() const { return proposal.after->incarnation == 0; }

   private:
    friend class ProposalQueue;
    std::uint64_t order = 0;
    std::optional<common::MonoTime> settled;
  };

  // REQUIRES: no entry for that client.
  void Add(Proposal proposal, common::MonoTime now);

  // Null if it is not here (any more).
  Entry* Find(std::uint64_t proposal);
  Entry* FindClient(std::string_view client_id);
  void Remove(std::uint64_t proposal);

  // The longest-waiting ones, which count as sent from now on: at most `max_changes`, and no more once
  // their values have `max_bytes`. `encode` gives the value of one that has none.
  template <typename Encode>
  std::vector<Entry*> TakeBatch(std::size_t max_changes, std::size_t max_bytes, const Encode& encode) {
    std::vector<Entry*> batch;
    std::size_t bytes = 0;
    while (batch.size() < max_changes && bytes < max_bytes && !waiting_.empty()) {
      Entry* entry = waiting_.begin()->second;
      if (entry->value.empty()) entry->value = encode(*entry);
      bytes += entry->value.size();
      MarkSent(*entry);
      batch.push_back(entry);
    }
    return batch;
  }
  // It was sent, and waits again. `maybe_taken`: etcd may have taken it all the same.
  void Return(Entry& entry, bool maybe_taken);
  // It waits behind all others.
  // REQUIRES: it waits.
  void Postpone(Entry& entry);
  // etcd has decided: the watch will tell how.
  void Settle(Entry& entry, common::MonoTime now);
  // All that etcd has decided wait again: the watch cannot tell them any more.
  void Unsettle();

  // Those that begin a session, certainly not taken, proposed at or before `before`.
  std::vector<std::uint64_t> StaleBegins(common::MonoTime before) const;

  bool empty() const { return entries_.empty(); }
  bool any_waiting() const { return !waiting_.empty(); }
  std::size_t size() const { return entries_.size(); }
  // Since when the oldest decided one has waited to be told.
  std::optional<common::MonoTime> oldest_settled() const;

 private:
  void MarkSent(Entry& entry);
  void MarkWaiting(Entry& entry);

  std::uint64_t next_order_ = 0;
  std::size_t settled_ = 0;                                         // entries that are
  absl::btree_map<std::uint64_t, std::unique_ptr<Entry>> entries_;  // by proposal
  absl::btree_map<std::string_view, Entry*> clients_;
  std::map<std::uint64_t, Entry*> waiting_;         // by order
  std::map<std::uint64_t, Entry*> waiting_begins_;  // of them, those that may be withdrawn
};

}  // namespace liveness::storage::etcd
