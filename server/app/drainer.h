// Sends this server's clients elsewhere, and takes clients again: the one place that
// tells registry, streams, health and incidents of it, so that they never disagree.
// Thread-safe.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "server/app/log/incident_log.h"
#include "server/registry/registry.h"
#include "server/rpc/heartbeat/heartbeat_service.h"
#include "server/rpc/operate/health_service.h"

namespace liveness::app {

class Drainer {
 public:
  // All outlive this.
  Drainer(const common::Clock& clock, registry::Registry& registry, IncidentLog& incidents);

  // Whom to tell. Once, before anything else is asked of this.
  void Attach(rpc::HeartbeatService& heartbeat, rpc::HealthService& health);

  // Takes no clients for `length` from now on (nothing: until End()), and asks those that are
  // here to move within `within`; returns how many. A drain that goes on has this end instead.
  std::int64_t Begin(common::Duration within, std::optional<common::Duration> length);
  // The same, because the server stops: nothing ends it.
  std::int64_t BeginForGood(common::Duration within);
  // Takes clients again. False: it did. FAILED_PRECONDITION SERVER_STOPPING after BeginForGood().
  absl::StatusOr<bool> End();

  // Ends a drain whose time is over. Call it about once a second.
  void Look();
  // When that will be; nothing without a drain, or if it has no end.
  std::optional<common::WallTime> end_time() const;

 private:
  std::int64_t BeginLocked(common::Duration within) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  bool EndLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const common::Clock& clock_;
  registry::Registry& registry_;
  IncidentLog& incidents_;
  rpc::HeartbeatService* heartbeat_ = nullptr;  // Attach's, like the next
  rpc::HealthService* health_ = nullptr;

  // One beginning or end at a time; each visits all streams.
  common::Mutex mu_;
  bool for_good_ ABSL_GUARDED_BY(mu_) = false;
  // Written under mu_, and read without it on I/O threads. max(): no end.
  std::atomic<common::MonoTime> ends_at_{common::MonoTime::max()};
};

}  // namespace liveness::app
