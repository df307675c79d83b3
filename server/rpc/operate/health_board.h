// Wakes the health service's watches of a client when that client changes.
//
// However many watches there are, they cost the registry one of its own, and only while
// there are any. A watch that is woken reads for itself what it then tells.
// Thread-safe.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include <grpcpp/completion_queue.h>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "common/mutex.h"
#include "server/registry/registry.h"
#include "server/rpc/engine/engine.h"
#include "server/rpc/engine/watch_stream.h"

namespace liveness::rpc {

class HealthBoard {
 public:
  // `registry` outlives the board, the board every follower.
  explicit HealthBoard(registry::Registry& registry) : registry_(registry) {}

  // From now on `follower` is woken after each change of the client. The board does not
  // keep it alive. `cq` is where the registry's watch is served if this follower is the
  // first. RESOURCE_EXHAUSTED TOO_MANY_WATCHERS.
  absl::Status Follow(const std::string& client_id, const std::shared_ptr<WatchStream>& follower,
                      grpc::ServerCompletionQueue& cq, Engine& engine);
  void Unfollow(const std::string& client_id, const WatchStream* follower);

 private:
  class Pump;
  using Followers = std::vector<std::pair<const WatchStream*, std::weak_ptr<WatchStream>>>;

  using Concern = std::vector<std::weak_ptr<WatchStream>>;
  // The followers of a client that changed, and all followers.
  Concern Concerned(const std::vector<std::shared_ptr<const registry::Batch>>& batches) const;
  Concern Everybody() const;

  registry::Registry& registry_;
  mutable common::Mutex mu_;
  absl::flat_hash_map<std::string, Followers> followers_ ABSL_GUARDED_BY(mu_);
  std::shared_ptr<Pump> pump_ ABSL_GUARDED_BY(mu_);  // while there are followers
};

}  // namespace liveness::rpc
