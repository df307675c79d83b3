// The part of the canary that proves that a new connection still gets in: now and then it
// dials one through the real listener, waits until a thread of gRPC answers on it, and closes it.
//
// The streams that the canary keeps show that old connections are served; a listener that
// has stopped taking new ones in, for whatever reason, shows only here.
//
// The canary's thread tends it and turns the queue; what it found may be asked on any thread.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <grpcpp/completion_queue.h>

#include "common/clock.h"
#include "common/mutex.h"
#include "server/rpc/canary/accept_watch.h"
#include "server/rpc/canary/canary_stream.h"

namespace liveness::rpc {

class AcceptCanary {
 public:
  using Streams = std::vector<std::unique_ptr<CanaryStream>>;

  // --- The canary's thread ---

  // Dials what is due and looks after what was dialed; when to come again. Streams that are
  // done with go to `leaving`, cancelled. `options` and `cq` outlive the streams.
  common::MonoTime Tend(common::MonoTime now, const CanaryOptions& options, grpc::CompletionQueue& cq,
                        Streams& leaving);
  // The queue is to be turned often: an answer is waited for.
  bool dialing() const { return dialed_ != nullptr; }
  // Puts its stream into `leaving`, and knows nothing any more.
  void Close(Streams& leaving);

  // --- Any thread ---

  // Tries soon. The canary's thread has to be woken for it.
  void Hurry() { hurried_.store(true, std::memory_order_relaxed); }
  // Nothing: new connections get in, as far as is known.
  std::optional<std::string> WhyNotAccepting() const;
  // When the last one got in; nothing if none did yet.
  std::optional<common::MonoTime> last_success() const;

 private:
  void TakeDialed(common::MonoTime now, const CanaryOptions& options, Streams& leaving);

  std::unique_ptr<CanaryStream> dialed_;
  common::MonoTime dialed_at_{};
  std::atomic<bool> hurried_{false};

  mutable common::Mutex mu_;
  AcceptWatch watch_ ABSL_GUARDED_BY(mu_);
};

}  // namespace liveness::rpc
