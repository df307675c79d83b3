// At a start: may the server's user of etcd do more than the server needs? If so, the operator is told
// (rights.h). It is no reason not to start: some share one user on purpose, and a server that stays down
// because of a right too many would be the worse harm.
//
// etcd tells each user its own roles, so that no key outside of ours is touched to find out. Only a user that
// logs in is looked at: without --etcd-user this server does not know under which name etcd has it, if any.
// Blocks; not thread-safe.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "server/storage/etcd/checks/origin_check.h"
#include "server/storage/etcd/layout.h"
#include "server/storage/etcd/options.h"

namespace liveness::storage::etcd {

class RightsCheck {
 public:
  // All of them outlive this.
  RightsCheck(const EtcdOptions& options, const Layout& layout, OriginCheck::Try try_members)
      : options_(options), layout_(layout), try_(std::move(try_members)) {}

  // At most one line to options.log. Silent also if etcd does not let the user ask.
  void Run();

 private:
  absl::StatusOr<std::vector<std::string>> FindSurplus();

  const EtcdOptions& options_;
  const Layout& layout_;
  const OriginCheck::Try try_;
};

}  // namespace liveness::storage::etcd
