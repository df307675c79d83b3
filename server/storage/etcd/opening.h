// What a store does with etcd before it serves: it blocks, and tries one member
// after the other.
//
// Not thread-safe.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "common/mutex.h"
#include "server/storage/etcd/layout.h"
#include "server/storage/etcd/members.h"
#include "server/storage/etcd/mirror.h"
#include "server/storage/etcd/options.h"
#include "server/storage/etcd/recent_history.h"

namespace liveness::storage::etcd {

struct Opened {
  History history;
  TokenKey token_key{};
};

struct Loaded {
  std::unique_ptr<Mirror> mirror;
  std::int64_t revision = 0;  // etcd's: all up to here is in the mirror
};

class Opening {
 public:
  // All of them outlive this.
  Opening(const EtcdOptions& options, const Layout& layout, Members& members, const common::Clock& clock)
      : options_(options), layout_(layout), members_(members), clock_(clock) {}

  // What all servers of the cluster share; made by the first of them. UNAVAILABLE if no member answers
  // within options.open_patience.
  absl::StatusOr<Opened> Open();

  // Reads the records as they were `max_history` revisions ago (or as far back as etcd still knows), and
  // replays what came since, into `recent` too: so that who watches may resume over a restart.
  absl::StatusOr<Loaded> Load(const History& history, std::uint64_t writer, RecentHistory& recent);

 private:
  using Attempt = std::function<grpc::Status(const Member& member, grpc::ClientContext& context)>;

  // Tries members in turn until one answers. Errors that another try would not cure end it at once.
  absl::Status Try(common::Duration each, const Attempt& attempt);
  grpc::Status LogIn(const Member& member);
  void Pause(common::Duration span);
  // The value of a key that exists once and for ever; `fresh` if there is none yet.
  absl::StatusOr<std::string> ReadOrCreate(const std::string& key, const std::string& fresh);

  absl::StatusOr<std::int64_t> WriteMarker();
  absl::StatusOr<Loaded> LoadOnce(const History& history, std::uint64_t writer, RecentHistory& recent);
  // OUT_OF_RANGE if etcd no longer knows that revision.
  absl::Status List(std::int64_t revision, Mirror& mirror);
  absl::Status Replay(std::int64_t after, std::int64_t until, Mirror& mirror, RecentHistory& recent);
  absl::StatusOr<std::int64_t> CompactedAt(std::int64_t revision);
  // Reads a watch from `from` on until `take` says that it is enough. A watch that
  // breaks goes on from what `from` is by then: `take` may move it.
  absl::Status Follow(const std::int64_t& from,
                      const std::function<bool(const etcdserverpb::WatchResponse& response)>& take);

  const EtcdOptions& options_;
  const Layout& layout_;
  Members& members_;
  const common::Clock& clock_;
  std::size_t current_ = 0;
  bool logged_in_ = false;
  common::Mutex mu_;  // only to wait on
  common::CondVar nobody_;
};

// False for an error that no other try would cure.
bool Curable(const grpc::Status& status);
// The changes of one revision as transitions.
std::vector<core::TransitionPtr> TransitionsOf(const Mirror::Step& step);
// Calls `take` with the events of each revision in turn.
void ByRevision(const google::protobuf::RepeatedPtrField<etcdserverpb::Event>& events,
                const std::function<void(const std::vector<const etcdserverpb::Event*>& same)>& take);

}  // namespace liveness::storage::etcd
