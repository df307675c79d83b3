// At a start: is this etcd the one in which the history was written? If it is one that was restored from a
// copy (origin.h), the history is given a new name, before anything else is read.
//
// Several servers may start at once: one of them writes the name, the others read it. Blocks; not
// thread-safe.
#pragma once

#include <functional>
#include <optional>
#include <utility>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "server/storage/etcd/checks/origin.h"
#include "server/storage/etcd/layout.h"
#include "server/storage/etcd/members.h"
#include "server/storage/etcd/options.h"

namespace liveness::storage::etcd {

class OriginCheck {
 public:
  // One try of something at a member.
  using Attempt = std::function<grpc::Status(const Member& member, grpc::ClientContext& context)>;
  // Tries members in turn until one answers.
  using Try = std::function<absl::Status(common::Duration each, const Attempt& attempt)>;

  // All of them outlive this.
  OriginCheck(const EtcdOptions& options, const Layout& layout, Members& members, const common::Clock& clock,
              Try try_members)
      : options_(options), layout_(layout), members_(members), clock_(clock), try_(std::move(try_members)) {}

  // The history, by the name that is there or by a new one. UNAVAILABLE as Try, and if others write the name
  // all the time. An etcd that does not tell what it is asked is taken for what it was.
  absl::StatusOr<History> Run();

 private:
  // Facts and the two keys, all of one member.
  struct Seen {
    std::optional<OriginFacts> facts;        // nothing: etcd does not tell
    etcdserverpb::KeyValue history, origin;  // without a key: not there
  };
  absl::StatusOr<Seen> Look();
  // False if somebody wrote one of them first.
  absl::StatusOr<bool> Write(const Seen& seen, const History& history, const Origin& origin);

  const EtcdOptions& options_;
  const Layout& layout_;
  Members& members_;
  const common::Clock& clock_;
  const Try try_;
};

}  // namespace liveness::storage::etcd
