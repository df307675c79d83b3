// `/api/v1/watch`: one viewer of the registry's changes, as Server-Sent Events.
//
// As a watch over gRPC (server/rpc/query/watch_clients.h): it pulls when the last write has left, so that a
// slow viewer costs its mailbox in the registry and one write. Who does not take a write in time is cut off
// and resumes with Last-Event-ID; whose mailbox overran meanwhile is told a gap.
//
// The HTTP thread's, but for what runs on a worker, during which the HTTP thread leaves it alone.
#pragma once

#include <atomic>
#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "liveness/v1/registry_service.pb.h"
#include "server/auth/gate.h"
#include "server/http/exchange.h"
#include "server/http/router.h"
#include "server/http/watch/sse.h"
#include "server/registry/registry.h"

namespace liveness::http {

class WatchViewer;

// What all viewers share. Outlives them. Thread-safe.
struct WatchDeps {
  WatchDeps(registry::Registry& the_registry, const common::Clock& the_clock, const auth::Gate& the_gate,
            std::size_t most)
      : registry(the_registry), clock(the_clock), gate(the_gate), max_viewers(most) {}

  // Has every viewer ask the gate again.
  void OnGateChanged() ABSL_LOCKS_EXCLUDED(mu);

  registry::Registry& registry;
  const common::Clock& clock;
  const auth::Gate& gate;
  const std::size_t max_viewers;  // so that they leave places to watchers over gRPC
  common::Mutex mu;
  std::map<const WatchViewer*, std::weak_ptr<WatchViewer>> viewers ABSL_GUARDED_BY(mu);
};

class WatchViewer : public std::enable_shared_from_this<WatchViewer> {
 public:
  static void AddTo(Router& router, std::shared_ptr<WatchDeps> deps);

  WatchViewer(std::shared_ptr<WatchDeps> deps, std::shared_ptr<Exchange> exchange);
  ~WatchViewer();

  // Any thread.
  void Wake();

 private:
  void Start();
  // Understands the request and starts the watch, on a worker.
  absl::Status Begin();
  void OnBegun(const absl::Status& begun);
  void OpenWhenReached();
  void Advance();
  // Ends the answer if what let the viewer in holds no longer.
  bool StillAdmitted();
  void WakeAfter(common::Duration span);
  // Runs `job` on a worker, and then Advance().
  void Work(void (WatchViewer::*job)());
  void PullSlice();
  void Pack() { made_ = packer_.Next(); }
  void Send(std::vector<SharedText> parts);
  bool SendBookmarkIfDue();
  rpc::Moment Now() const { return {deps_->clock.Mono(), deps_->clock.Wall()}; }

  const std::shared_ptr<WatchDeps> deps_;
  const std::shared_ptr<Exchange> exchange_;
  std::shared_ptr<Stream> stream_;
  std::shared_ptr<registry::Watch> watch_;
  SsePacker packer_;
  common::Duration bookmark_interval_{};
  common::MonoTime last_sent_{};
  std::vector<SharedText> made_;  // by a worker, and not yet sent
  bool greeted_ = false;
  bool busy_ = false;  // a write is under way, or a worker's job
  bool ticking_ = false;
  bool over_ = false;
  std::atomic<bool> woken_{false};
};

}  // namespace liveness::http
