// RegistryService.WatchClients: one watcher.
//
// Pulls from the registry when the last message has left, so that the memory
// for a slow watcher is its mailbox in the registry and one message here. The request
// is understood on a worker: a filter may be long, and a thousand watchers come back at
// once. Parts of a snapshot, the past and large batches are read and serialised there
// too, a bounded slice at a time; what a watcher that has caught up is told goes out on the
// queue's own thread at once. A watcher amid a long past of which nothing concerns it
// hears bookmarks of how far that was read, and may resume from there.
#pragma once

#include <memory>
#include <optional>

#include "common/clock.h"
#include "server/registry/registry.h"
#include "server/rpc/engine/watch_stream.h"
#include "server/rpc/query/watch_packer.h"
#include "server/rpc/query/watch_request.h"

namespace liveness::rpc {

class WatchClientsCall final : public WatchStream {
 public:
  // All outlive the engine's calls.
  WatchClientsCall(registry::Registry& registry, const common::Clock& clock, Method& method,
                   std::shared_ptr<GenericCall> call);

 private:
  absl::Status Open(grpc::ByteBuffer& request) override;
  void Advance() override;
  void Close() override;

  // Understands the request and starts the watch, on a worker.
  absl::Status Begin();
  // Pulls the next slice and makes its message if it holds one, on a worker. True: there was nothing in it.
  bool PullSlice();
  void SendNow(const grpc::ByteBuffer& message);
  // False if there is none to send yet.
  bool SendBookmarkIfDue();
  Moment Now() const { return {clock_.Mono(), clock_.Wall()}; }

  registry::Registry& registry_;
  const common::Clock& clock_;
  common::Duration bookmark_interval_ = kMaxBookmarkInterval;

  grpc::ByteBuffer request_;
  absl::Status begun_;                      // what Begin() came to
  std::shared_ptr<registry::Watch> watch_;  // null before
  WatchPacker packer_;
  // Made by a worker and not yet sent. Handed over like packer_ (see RunOnWorker).
  std::optional<grpc::ByteBuffer> made_;
  bool greeted_ = false;  // something was sent
  bool reached_ = false;  // this server has seen the revision that the watch starts from
  common::MonoTime last_sent_{};
  common::MonoTime pull_began_{};
};

}  // namespace liveness::rpc
