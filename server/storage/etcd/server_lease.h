// This server's own life as its neighbours see it: a lease, and a key that goes
// with it.
//
//   grant --> put servers/ID --> keepalive, keepalive, ...     held from the put on
//     ^                              |
//     +---------- the lease is gone -+                         not held
//
// A connection that breaks costs no lease: the next one goes on with the same
// lease, if that still stands. A keepalive that is not answered in time is the
// first sign of a member that hangs.
//
// The loop's thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "server/storage/etcd/call.h"
#include "server/storage/etcd/layout.h"
#include "server/storage/etcd/members.h"

namespace liveness::storage::etcd {

class ServerLease {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    // The lease was found to stand, or the key was written (`wrote`).
    virtual void OnSeatAnswer(bool wrote) = 0;
    // The connection is of no use: `status` says why.
    virtual void OnSeatFailed(const grpc::Status& status) = 0;
    // A write of the key failed, on a connection that works.
    virtual void OnSeatWriteFailed(common::MonoTime sent, const grpc::Status& status) = 0;
  };

  // All of them outlive this. `value` is what the key holds.
  ServerLease(Loop& loop, const Members& members, const Layout& layout, const EtcdOptions& options,
              std::string value, Listener& listener);

  // A connection to `member` stands. REQUIRES: none did, or Drop() was called.
  void Use(const Member& member);
  // It is over, its calls are cancelled.
  void Drop();
  // `stood`: for how long this thread did not run before.
  void Tick(common::Duration stood);

  // Writes the key (again): somebody deleted it, or to see whether etcd takes writes.
  void WriteKey();
  // Ends the lease, and tells when that is done or has failed.
  void Revoke(std::function<void()> done);

  // The key was written, and its lease has not run out since we last heard of it: the neighbours see this
  // server, whether or not a connection stands. Never true for longer than it is so, for etcd counts from
  // when it was asked, or later.
  bool Stands(common::MonoTime now) const { return held_ && now < runs_out_; }
  // The lease stands as far as we know, and the key was written.
  bool held() const { return held_ && checked_; }
  // Names it; 0: there is none.
  std::int64_t id() const { return lease_; }
  // When it ends unless it is kept alive once more. As Stands(), never later than it does.
  common::MonoTime runs_out() const { return runs_out_; }

 private:
  using KeepAlive = StreamCall<etcdserverpb::LeaseKeepAliveRequest, etcdserverpb::LeaseKeepAliveResponse>;

  void Grant();
  void OpenStream();
  void Ask();
  void OnKeepAlive(const etcdserverpb::LeaseKeepAliveResponse& response);
  // For a callback of the connection numbered `use`.
  bool Stale(std::uint64_t use) const { return use != use_ || member_ == nullptr; }

  Loop& loop_;
  const Members& members_;
  const Layout& layout_;
  const std::string server_id_;
  const std::int64_t ttl_s_;
  const common::Duration pace_;  // of keepalives; also how long one may wait for its answer
  const std::string value_;
  Listener& listener_;

  const Member* member_ = nullptr;
  std::uint64_t use_ = 0;
  KeepAlive* stream_ = nullptr;
  std::int64_t lease_ = 0;  // 0: none
  bool granting_ = false;
  bool writing_ = false;
  bool held_ = false;     // the key was written under the lease
  bool checked_ = false;  // on this connection the lease was found to stand
  std::optional<common::MonoTime> asked_;
  common::MonoTime last_ask_{};
  common::MonoTime runs_out_{};  // the lease, unless it is kept alive once more
};

}  // namespace liveness::storage::etcd
