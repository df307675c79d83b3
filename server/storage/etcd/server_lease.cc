#include "server/storage/etcd/server_lease.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "server/storage/etcd/answers.h"

namespace liveness::storage::etcd {
namespace {

using grpc::StatusCode;

// For the lease and its key: a write that takes longer is tried on another member.
constexpr std::chrono::seconds kPatience(2);
constexpr std::chrono::milliseconds kRevokePatience(500);
// Keepalives are what a hanging etcd is noticed by: however long the lease, they come this often.
constexpr common::Duration kSlowestPace = std::chrono::seconds(1);

}  // namespace

ServerLease::ServerLease(Loop& loop, const Members& members, const Layout& layout, const EtcdOptions& options,
                         std::string value, Listener& listener)
    : loop_(loop),
      members_(members),
      layout_(layout),
      server_id_(options.server_id),
      ttl_s_(options.lease_ttl.count()),
      pace_(std::min(common::Duration(options.lease_ttl) / 3, kSlowestPace)),
      value_(std::move(value)),
      listener_(listener) {}

void ServerLease::Use(const Member& member) {
  member_ = &member;
  ++use_;
  granting_ = writing_ = checked_ = false;
  asked_.reset();
  OpenStream();
  if (lease_ == 0) {
    Grant();
  } else {
    Ask();
  }
}

void ServerLease::Drop() {
  member_ = nullptr;
  stream_ = nullptr;
  checked_ = false;
}

void ServerLease::Tick(common::Duration stood) {
  if (member_ == nullptr) return;
  if (asked_) *asked_ += stood;
  const common::MonoTime now = loop_.now();
  if (asked_ && now - *asked_ > pace_) {
    listener_.OnSeatFailed({StatusCode::DEADLINE_EXCEEDED, "a lease's keepalive was not answered in time"});
  } else if (!asked_ && lease_ != 0 && now - last_ask_ >= pace_) {
    Ask();
  }
}

void ServerLease::OpenStream() {
  const std::uint64_t use = use_;
  stream_ = KeepAlive::Start(
      loop_, [this](grpc::ClientContext& context) { members_.Prepare(context, {}); },
      [this](grpc::ClientContext* context, grpc::CompletionQueue* queue, void* tag) {
        return member_->lease->AsyncLeaseKeepAlive(context, queue, tag);
      },
      [this, use](etcdserverpb::LeaseKeepAliveResponse& response) {
        if (!Stale(use)) OnKeepAlive(response);
      },
      [this, use](const grpc::Status& status) {
        if (Stale(use)) return;
        stream_ = nullptr;
        listener_.OnSeatFailed(status.ok() ? grpc::Status(StatusCode::UNAVAILABLE, "the lease's stream ended")
                                           : status);
      });
}

void ServerLease::Ask() {
  if (stream_ == nullptr || lease_ == 0) return;
  etcdserverpb::LeaseKeepAliveRequest request;
  request.set_id(lease_);
  stream_->Send(std::move(request));
  asked_ = last_ask_ = loop_.now();
}

void ServerLease::OnKeepAlive(const etcdserverpb::LeaseKeepAliveResponse& response) {
  if (response.id() != lease_) return;
  asked_.reset();
  if (response.ttl() > 0) {
    checked_ = true;
    runs_out_ = last_ask_ + LifetimeOf(response.ttl());
    listener_.OnSeatAnswer(false);
    if (!held_) WriteKey();
    return;
  }
  // Away for longer than the lease: the neighbours have seen this server go.
  lease_ = 0;
  held_ = false;
  Grant();
}

void ServerLease::Grant() {
  if (granting_ || member_ == nullptr) return;
  granting_ = true;
  etcdserverpb::LeaseGrantRequest request;
  request.set_ttl(ttl_s_);
  UnaryCall<etcdserverpb::LeaseGrantResponse>::Start(
      loop_, [this](grpc::ClientContext& context) { members_.Prepare(context, kPatience); },
      [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
        return member_->lease->AsyncLeaseGrant(context, request, queue);
      },
      [this, use = use_, sent = loop_.now()](const grpc::Status& status,
                                             etcdserverpb::LeaseGrantResponse& response) {
        // A lease of a connection that is over runs out by itself.
        if (Stale(use)) return;
        granting_ = false;
        if (!status.ok()) return listener_.OnSeatFailed(status);
        lease_ = response.id();
        runs_out_ = sent + LifetimeOf(response.ttl());
        last_ask_ = loop_.now();
        checked_ = true;
        WriteKey();
      });
}

void ServerLease::WriteKey() {
  if (writing_ || lease_ == 0 || member_ == nullptr) return;
  writing_ = true;
  etcdserverpb::TxnRequest request;
  auto& put = *request.add_success()->mutable_request_put();
  put.set_key(layout_.Server(server_id_));
  put.set_value(value_);
  put.set_lease(lease_);
  UnaryCall<etcdserverpb::TxnResponse>::Start(
      loop_, [this](grpc::ClientContext& context) { members_.Prepare(context, kPatience); },
      [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
        return member_->kv->AsyncTxn(context, request, queue);
      },
      [this, use = use_, lease = lease_, sent = loop_.now()](const grpc::Status& status,
                                                             etcdserverpb::TxnResponse&) {
        if (Stale(use)) return;
        writing_ = false;
        if (status.error_code() == StatusCode::NOT_FOUND && lease == lease_) {
          lease_ = 0;
          held_ = false;
          return Grant();
        }
        if (!status.ok()) return listener_.OnSeatWriteFailed(sent, status);
        if (lease == lease_) held_ = true;
        listener_.OnSeatAnswer(true);
      });
}

void ServerLease::Revoke(std::function<void()> done) {
  if (lease_ == 0 || member_ == nullptr) return done();
  etcdserverpb::LeaseRevokeRequest request;
  request.set_id(lease_);
  lease_ = 0;
  held_ = false;
  UnaryCall<etcdserverpb::LeaseRevokeResponse>::Start(
      loop_, [this](grpc::ClientContext& context) { members_.Prepare(context, kRevokePatience); },
      [&](grpc::ClientContext* context, grpc::CompletionQueue* queue) {
        return member_->lease->AsyncLeaseRevoke(context, request, queue);
      },
      [done = std::move(done)](const grpc::Status&, etcdserverpb::LeaseRevokeResponse&) { done(); });
}

}  // namespace liveness::storage::etcd
