// The canary: this server's own client. Over the real listener it holds a stream
// on each completion queue and pings on it five times a second; that these pings
// are heard, or not, is judged by core/time/canary_watch.h.
//
// A thread of its own does it, which sleeps between pings outside of gRPC. That
// matters: gRPC lets every thread that waits in a queue read everybody's sockets,
// so a thread that waited in the canary's queue would take turns with the server's
// and cost each heartbeat a hand-over (docs/adr/0001-completion-queues.md), and
// would hide that they stand. It turns its queue for a moment at each ping, and for
// longer only while it dials.
//
// The server puts each new connection on the next of its first queues, so dialing again
// and again finds them all, other clients or not. What cannot be had (no
// descriptors left, a certificate that is not taken) is said once in the log and
// tried again, seldom; a queue without a canary is simply not doubted.
//
// Its spare queues (engine/stream_placement.h) take no connections, and a call of ours
// would not come to a given one of them. What could fail there alone is their thread:
// the canary's ping to one is a job that it runs.
//
// Beside that it proves every few seconds that a new connection gets in
// (canary/accept_canary.h).
#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <grpcpp/completion_queue.h>

#include "absl/base/thread_annotations.h"
#include "common/backoff.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "server/registry/records/queue_pulses.h"
#include "server/rpc/canary/accept_canary.h"
#include "server/rpc/canary/canary_stream.h"

namespace liveness::rpc {

// How to dial the listener on HOST:PORT or unix:PATH from this machine: a wildcard is
// reached through loopback.
std::string CanaryTarget(std::string_view listen_address);

// Start() and Stop() from one thread.
class Canary {
 public:
  // Says nothing yet. The first `dialed` queues take connections, the others are spare.
  // `clock` and `pulses` outlive it.
  Canary(const common::Clock& clock, registry::QueuePulses& pulses, std::size_t dialed);
  // Stops.
  ~Canary();
  Canary(const Canary&) = delete;
  Canary& operator=(const Canary&) = delete;

  // REQUIRES: not started before.
  void Start(CanaryOptions options);
  // Takes its streams back and says nothing any more. No-op if it does not run.
  void Stop();

  // Queues with a stream of ours; all of them once this is dialed_queues(). Any thread.
  std::size_t watched() const { return watched_.load(std::memory_order_relaxed); }
  std::size_t dialed_queues() const { return streams_.size(); }

  // Why no new connection gets in; nothing if one does, or if that is not known. Any thread.
  std::optional<std::string> WhyNotAccepting() const { return accept_.WhyNotAccepting(); }
  // When the last one got in. Any thread.
  std::optional<common::MonoTime> last_accepted() const { return accept_.last_success(); }
  // Tries soon whether a new connection gets in, because something went wrong with one. Any thread.
  void TryAcceptSoon();

 private:
  void Run();
  // Lets go of what is over, dials what is missing, pings what is due. When to come again.
  common::MonoTime Tend(common::MonoTime now);
  void TakeDialed(common::MonoTime now);  // if it has opened or failed
  void Ping(std::size_t queue, common::MonoTime now);
  void PingSpare(std::size_t queue);
  void Missed(common::MonoTime now, const std::string& why);
  void Turn(common::Duration patience);
  void Close();

  const common::Clock& clock_;
  registry::QueuePulses& pulses_;
  std::atomic<std::size_t> watched_{0};

  // Only its own thread, once that runs.
  CanaryOptions options_;
  grpc::CompletionQueue cq_;
  std::vector<std::unique_ptr<CanaryStream>> streams_;  // by queue; null: none
  std::unique_ptr<CanaryStream> dialed_;                // its queue is not known yet
  std::vector<std::unique_ptr<CanaryStream>> leaving_;  // cancelled
  AcceptCanary accept_;
  common::Backoff backoff_;
  common::MonoTime dialed_at_{};
  common::MonoTime dial_next_{};
  common::MonoTime ping_next_{};
  std::size_t duplicates_ = 0;  // dialed in a row that came to queues which have one
  bool complained_ = false;

  common::Mutex mu_;
  common::CondVar changed_;
  bool stopping_ ABSL_GUARDED_BY(mu_) = false;
  bool hurried_ ABSL_GUARDED_BY(mu_) = false;
  std::thread thread_;  // last: it uses all the others
};

}  // namespace liveness::rpc
