// The client's own thread: drains one completion queue, feeds the session
// machine, carries out the session's actions and tells the application.
//
// An async queue rather than gRPC's callback API, because in a quiet process the
// callback API lets a pong lie for up to 100 ms.
//
// Thread-safe but for construction and destruction.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <grpcpp/alarm.h>
#include <grpcpp/completion_queue.h>

#include <liveness/client_interface.h>

#include "client/src/heartbeat_stream.h"
#include "client/src/load.h"
#include "client/src/progress.h"
#include "client/src/session/session.h"
#include "common/clock.h"
#include "common/mutex.h"

namespace liveness::internal {

class Worker final : private HeartbeatStream::Listener {
 public:
  // What the application may see; a copy as of the last event.
  struct Snapshot {
    State state = State::kConnecting;
    std::optional<Welcome> welcome;
    std::optional<Duration> rtt;
    std::optional<Error> last_error;
    Counters counters;
    bool goodbye_confirmed = false;
  };

  // Starts the thread. REQUIRES: `options` came from Complete(); `clock` lives for ever.
  Worker(ClientOptions options, const common::Clock& clock);
  // REQUIRES: a goodbye was said; not called on the worker's thread.
  ~Worker() override;

  Snapshot snapshot() const;
  BootTime alive_until() const { return BootTime(Duration(alive_until_.load(std::memory_order_acquire))); }
  const ClientOptions& options() const { return options_; }
  ProgressBoard& progress() { return progress_; }

  // False after the end.
  bool UpdateLabels(Labels labels);
  // See ClientInterface::Goodbye().
  bool Goodbye(const std::string& reason, const ExitStatus& exit);

 private:
  // What the application's threads ask of the worker's.
  struct EndAfterGoodbye {
    std::string reason;
    ExitStatus exit;
  };
  struct Commands {
    std::optional<Labels> labels;
    std::optional<EndAfterGoodbye> end_after_goodbye;
  };

  void Run();
  void DrainQueue();
  // A wait has ended at `now`, which was to end at `wake` at the latest, for what was due at `due`.
  void NoteLateness(common::MonoTime due, common::MonoTime wake, common::MonoTime now);
  void HandleTag(void* tag, bool ok);
  void TakeCommands();
  // Carries out actions and tells changes, until the session has no more of either: the application
  // may have called the client meanwhile.
  void CarryOut();
  void Perform(const Action& action);
  void Dial(const Action& action);
  PathLook Look(StreamId stream) const;
  void Publish();
  void WakeLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  void OnConnected(HeartbeatStream& stream) override;
  void OnMessage(HeartbeatStream& stream, const v1::HeartbeatResponse& message) override;
  void OnEnd(HeartbeatStream& stream, const StreamEnd& end) override;

  const ClientOptions options_;
  const common::Clock& clock_;
  std::atomic<std::int64_t> alive_until_{0};
  std::atomic<std::thread::id> own_thread_;
  ProgressBoard progress_;

  // Only the worker's thread touches these.
  Session session_;
  LoadMeter load_;
  Labels labels_;
  std::uint64_t labels_version_ = 1;
  EndAfterGoodbye end_after_goodbye_;
  std::map<StreamId, std::unique_ptr<HeartbeatStream>> streams_;

  mutable common::Mutex mu_;
  common::CondVar changed_;
  Snapshot snapshot_ ABSL_GUARDED_BY(mu_);
  Commands commands_ ABSL_GUARDED_BY(mu_);
  bool wake_pending_ ABSL_GUARDED_BY(mu_) = false;
  bool closed_ ABSL_GUARDED_BY(mu_) = false;  // the queue takes no alarm any more

  grpc::CompletionQueue queue_;
  grpc::Alarm wake_;
  std::thread thread_;
};

}  // namespace liveness::internal
