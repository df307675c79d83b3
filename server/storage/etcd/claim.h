// Which server of a cluster leads: the one whose claim lies in etcd, under its server lease.
//
//   put the claim if there is none --> lead: write notes, each write only if the claim still stands
//     ^         there is one: wait        |
//     |         until the watch says      |  stand down: give it back
//     +-------- that it is gone ----------+  the lease runs out: it is gone by itself
//
// The claim's create revision is the term: no two claims share it, and whoever writes compares it. A server
// that is cut off leads for as long as its lease surely stands, by its own clock, and no longer; etcd lets
// nobody else claim before that.
//
// The loop's thread only.
#pragma once

#include <cstdint>
#include <string>

#include "server/storage/etcd/call.h"
#include "server/storage/etcd/etcd_notes.h"
#include "server/storage/etcd/layout.h"
#include "server/storage/etcd/members.h"
#include "server/storage/etcd/server_lease.h"

namespace liveness::storage::etcd {

class Claim {
 public:
  // All of them outlive this.
  Claim(Loop& loop, const Members& members, const Layout& layout, const EtcdOptions& options,
        const ServerLease& lease, EtcdNotes& notes)
      : loop_(loop), members_(members), layout_(layout), options_(options), lease_(lease), notes_(notes) {}

  // A connection to `member` stands. REQUIRES: none did, or Drop() was called.
  void Use(const Member& member);
  // It is over, its calls are cancelled.
  void Drop();
  // Does what there is to do. After each wake-up and each tick.
  void Turn();
  // What the watch told, in its order.
  void OnEvents(const google::protobuf::RepeatedPtrField<etcdserverpb::Event>& events);
  // Events were missed.
  void OnListed();

  // Nothing that was written waits for etcd.
  bool saved() const { return term_ == 0 || (!saving_ && !notes_.has_unsaved()); }

 private:
  void Ask();
  void OnAnswer(std::uint64_t stand, std::int64_t lease, const etcdserverpb::TxnResponse& response);
  void Save();
  void GiveBack();
  void Lose();
  void Send(const etcdserverpb::TxnRequest& request, UnaryCall<etcdserverpb::TxnResponse>::Done done);
  // Compares the claim's create revision. The caller adds what is done then.
  etcdserverpb::TxnRequest IfCreatedAt(std::int64_t revision) const;

  Loop& loop_;
  const Members& members_;
  const Layout& layout_;
  const EtcdOptions& options_;
  const ServerLease& lease_;
  EtcdNotes& notes_;

  const Member* member_ = nullptr;
  std::uint64_t use_ = 0;
  std::int64_t term_ = 0;        // the claim's create revision; 0: it is not ours
  std::int64_t its_lease_ = 0;   // that it is bound to
  std::uint64_t its_stand_ = 0;  // for which it was made
  bool ask_ = true;              // there may be no claim
  bool asking_ = false;
  bool saving_ = false;
  bool giving_back_ = false;
  common::MonoTime retry_at_{};
};

}  // namespace liveness::storage::etcd
