// The members of the etcd cluster: a channel to each, and what each call to
// one carries. Connections use kernel keepalive; HTTP/2 pings are left at a pace
// that etcd tolerates from any client (its least time between two is 5 s).
//
// Not thread-safe: the opening thread's, then the loop's.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/clock.h"
#include "etcd/v3/etcd_service.grpc.pb.h"
#include "server/storage/etcd/options.h"

namespace liveness::storage::etcd {

struct Member {
  std::string address;  // HOST:PORT
  std::shared_ptr<grpc::Channel> channel;
  std::unique_ptr<etcdserverpb::KV::Stub> kv;
  std::unique_ptr<etcdserverpb::Watch::Stub> watch;
  std::unique_ptr<etcdserverpb::Lease::Stub> lease;
  std::unique_ptr<etcdserverpb::Auth::Stub> auth;
  std::unique_ptr<etcdserverpb::Maintenance::Stub> maintenance;
};

class Members {
 public:
  // INVALID_ARGUMENT, naming the flag, for endpoints, files or a prefix that cannot be used.
  static absl::StatusOr<Members> Create(const EtcdOptions& options);

  std::size_t size() const { return members_.size(); }
  const Member& at(std::size_t index) const { return *members_[index % members_.size()]; }
  // Connects those that are not: a member that is fallen back on is better connected already.
  void KeepConnected();

  // For a call that is to end by `span` from now; zero: for a stream.
  void Prepare(grpc::ClientContext& context, common::Duration span) const;

  // Logging in, where a user is given.
  bool logs_in() const { return !user_.empty(); }
  // INVALID_ARGUMENT if the password's file cannot be read.
  absl::StatusOr<etcdserverpb::AuthenticateRequest> LogIn() const;
  void set_token(std::string token) { token_ = std::move(token); }

 private:
  std::vector<std::unique_ptr<Member>> members_;
  std::string user_;
  std::string password_file_;
  std::string token_;
};

// INVALID_ARGUMENT, with the flag, the file and what is wrong, if a TLS file cannot be used. Thread-safe.
absl::Status CheckTlsFiles(const EtcdOptions& options);

// The call failed because etcd does not know who is calling (any more).
bool NeedsLogIn(const grpc::Status& status);
// etcd has certainly not done what it was asked for.
bool CertainlyNotDone(const grpc::Status& status);
// What etcd said, on one line.
std::string WordsOf(const grpc::Status& status);
// In an operator's words: where, and what it said.
std::string Describe(const Member& member, const grpc::Status& status);

}  // namespace liveness::storage::etcd
