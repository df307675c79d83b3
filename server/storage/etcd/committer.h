// Sends the changes that wait: what has gathered while a few transactions were
// under way goes into the next one, so that a lone change leaves at once and a
// storm goes in large parts.
//
// One transaction of etcd's for all of a batch: it compares each key's revision
// with the one that the change was decided on, and writes all or nothing. If it
// wrote nothing it says how each key stands, and the innocent go into the next one.
// (A transaction within for each change would do without that, but etcd 3.4
// checks neither its space quota nor permissions for what lies within.)
//
// An answer decides nothing but what to send next: see proposal_queue.h.
//
// The loop's thread only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "server/storage/etcd/call.h"
#include "server/storage/etcd/layout.h"
#include "server/storage/etcd/members.h"
#include "server/storage/etcd/mirror.h"
#include "server/storage/etcd/proposal_queue.h"

namespace liveness::storage::etcd {

class Committer {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void OnWritten() = 0;
    // `hopeless`: the connection is no good for writes.
    virtual void OnWriteFailed(common::MonoTime sent, const grpc::Status& status, bool hopeless) = 0;
    // Another server's change, told before, was first.
    virtual void OnConflict(std::uint64_t proposal) = 0;
    // etcd will never take this one.
    virtual void OnUnfit(std::uint64_t proposal, const grpc::Status& status) = 0;
  };

  // All of them outlive this.
  Committer(Loop& loop, const Members& members, const Layout& layout, const History& history,
            const EtcdOptions& options, std::uint64_t writer, const Mirror& mirror, ProposalQueue& queue,
            Listener& listener);

  // Sends what may be sent to `member`.
  void Turn(const Member& member);
  // The connection is over: what comes of its transactions is unknown.
  void Drop() {
    ++use_;
    failures_ = 0;
  }

  // Since when the oldest transaction that is under way has been.
  std::optional<common::MonoTime> oldest_sent() const;

 private:
  void Send(const Member& member);
  void OnAnswer(const std::vector<std::uint64_t>& ids, const etcdserverpb::TxnResponse& response);
  void OnError(const std::vector<std::uint64_t>& ids, common::MonoTime sent, const grpc::Status& status);

  Loop& loop_;
  const Members& members_;
  const Layout& layout_;
  const History& history_;
  const EtcdOptions& options_;
  const std::uint64_t writer_;
  const Mirror& mirror_;
  ProposalQueue& queue_;
  Listener& listener_;

  std::uint64_t use_ = 0;
  std::uint64_t next_txn_ = 0;
  std::map<std::uint64_t, common::MonoTime> in_flight_;  // when each was sent, by number
  std::size_t batch_;                                    // 1 while etcd finds fault with a whole batch
  int failures_ = 0;                                     // in a row
  common::MonoTime retry_at_{};
};

}  // namespace liveness::storage::etcd
