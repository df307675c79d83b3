// A call that sends a message now and then for as long as the caller stays:
// what WatchClients and the health service's Watch have in common.
//
// Everything but Wake(), End() and Start() happens on the thread of the call's
// queue. One message is on its way at a time; HTTP/2 flow control holds that message
// while the caller does not read, and nothing queues up behind it: a derived
// class is asked for the next one when the last has left.
//
// A call lives as long as an operation of it is under way or somebody holds it.
#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <grpcpp/alarm.h>
#include <grpcpp/support/byte_buffer.h>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "server/rpc/engine/engine.h"
#include "server/rpc/engine/generic_call.h"
#include "server/rpc/engine/holding_tag.h"
#include "server/rpc/engine/stream_quota.h"
#include "server/rpc/engine/worker_pool.h"

namespace liveness::rpc {

class WatchStream;

// The open streams of one method, so that all can be ended. Thread-safe.
class WatchStreams {
 public:
  // Errors: UNAVAILABLE DRAINING after EndAll(), RESOURCE_EXHAUSTED TOO_MANY_WATCHERS.
  absl::Status Add(const std::shared_ptr<WatchStream>& stream, std::size_t max_streams);
  void Remove(WatchStream* stream);
  // Wakes all streams, a few at a time, because there may be 10,000 and each takes microseconds. The caller
  // wakes the first few, and each stream that is woken the next few, on its queue's thread.
  // A stream that is woken asks the gate again if its answers may have changed.
  void WakeAll();
  // The next few of WakeAll(). Called by a stream that was woken.
  void WakeNext();
  void EndAll(const absl::Status& why);

 private:
  static constexpr std::size_t kWakesAtOnce = 16;

  common::Mutex mu_;
  std::vector<std::weak_ptr<WatchStream>> to_wake_ ABSL_GUARDED_BY(mu_);
  std::atomic<bool> waking_{false};  // to_wake_ is not empty
  std::optional<absl::Status> ended_ ABSL_GUARDED_BY(mu_);
  absl::flat_hash_map<WatchStream*, std::weak_ptr<WatchStream>> streams_ ABSL_GUARDED_BY(mu_);
};

class WatchStream : public std::enable_shared_from_this<WatchStream> {
 public:
  struct Method {
    // `max_per_peer`: of one address; 0: no limit.
    Method(std::size_t the_max_streams, std::size_t max_per_peer)
        : max_streams(the_max_streams), per_peer(max_per_peer) {}
    const std::size_t max_streams;
    StreamQuota per_peer;
    WatchStreams streams;
  };

  // `method` outlives the engine's calls.
  WatchStream(Method& method, std::shared_ptr<GenericCall> call);
  virtual ~WatchStream() = default;
  WatchStream(const WatchStream&) = delete;
  WatchStream& operator=(const WatchStream&) = delete;

  // Reads the request, and goes on from there. REQUIRES: the call was just accepted.
  void Start();
  // Has Advance() called soon. Any thread; calls may be merged into one.
  void Wake();
  // Ends the call with `why` once the message on its way has left. Any thread.
  void End(const absl::Status& why);

 protected:
  // The request came; `request` is emptied after this. An error ends the call.
  virtual absl::Status Open(grpc::ByteBuffer& request) = 0;
  // Nothing is on its way: Send() what there is, if there is any.
  virtual void Advance() = 0;
  // End() was called: may Send() one last message.
  virtual void BeforeEnd() {}
  // The call is over: lets go of all that the call held. Called once, and nothing
  // after it; also for a call that failed to Open().
  virtual void Close() = 0;

  // REQUIRES: called from Advance() or BeforeEnd(), at most once each time.
  void Send(const grpc::ByteBuffer& message);
  // Has Advance() called after `span`, unless an earlier call of this is under way.
  void WakeAfter(common::Duration span);
  // Runs `job` on a worker instead of this thread, again as long as it returns true, and
  // calls Advance() after it, not before. If too many jobs wait, Advance() is called again
  // a little later.
  void RunOnWorker(Lane lane, WorkerPool::Job job);

  const auth::Caller& caller() const { return *call_->caller(); }
  grpc::ServerCompletionQueue& cq() { return call_->cq(); }
  Engine& engine() { return call_->engine(); }

 private:
  void OnRequest(GenericCall::Came came);
  void OnDone();
  void OnWritten(bool ok);
  void OnWake(bool ok);
  void OnTick(bool ok);
  void Go();
  void Finish(const absl::Status& why);
  void CloseOnce();

  const std::shared_ptr<GenericCall> call_;  // first: the last to go
  Method& method_;
  QuotaPlace place_;
  bool writing_ = false;
  bool ticking_ = false;
  bool ending_ = false;  // BeforeEnd() was called
  bool over_ = false;    // finished, or the caller is gone
  bool closed_ = false;
  std::atomic<bool> working_{false};
  std::atomic<bool> woken_{false};

  common::Mutex mu_;
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mu_);

  grpc::Alarm wake_alarm_;
  grpc::Alarm tick_alarm_;
  HoldingTag<WatchStream, &WatchStream::OnWritten> written_tag_;
  HoldingTag<WatchStream, &WatchStream::OnWake> wake_tag_;
  HoldingTag<WatchStream, &WatchStream::OnTick> tick_tag_;
};

}  // namespace liveness::rpc
