// The side of one heartbeat stream that every thread may use: what waits to be sent, which operations are
// under way, how the stream ends.
//
// A read is outstanding all the time, but for the time between the hello and its welcome. At most one write
// is; what else is to be sent sits in the outbox. Every way to end goes through PutEnd(): the status is sent
// with Finish() while the read is still outstanding. A client that does not read its answers may keep the
// last write from ending, and with it the Finish; only then, after kFinishPatience, is the call cancelled.
//
// A client that half-closes without goodbye gets OK: the call was in order, but the registry is told that the
// stream closed.
//
// The writer starts the operations of a HeartbeatWire, which reports the end of each: Taken(), Written() and
// so on, on the thread of its queue. Each of these says whether that was the last; the wire may then go, and
// the writer, which the registry and the service hold, does nothing any more.
//
// Thread-safe: the lock guards all that changes. It is the lock of this stream alone.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <grpcpp/alarm.h>
#include <grpcpp/support/byte_buffer.h>
#include <grpcpp/support/status.h>

#include "absl/status/status.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "server/net/endpoint.h"
#include "server/rpc/heartbeat/heartbeat_deps.h"
#include "server/rpc/heartbeat/heartbeat_outbox.h"
#include "server/rpc/heartbeat/heartbeat_transport.h"
#include "server/rpc/heartbeat/stream_link.h"

namespace liveness::rpc {

// How long a status may wait for a client that does not read.
inline constexpr common::Duration kFinishPatience = std::chrono::seconds(5);

// The operations of one call. Each but Cancel() is begun here and ends later, once. Called with the writer's
// lock held: must not call the writer.
class HeartbeatWire {
 public:
  virtual void Read() = 0;                                               // ends with Taken() or ReadsEnded()
  virtual void Write(const grpc::ByteBuffer& message) = 0;               // Written()
  virtual void Finish(const grpc::Status& status) = 0;                   // Finished()
  virtual void SetAlarm(grpc::Alarm& alarm, common::Duration span) = 0;  // AlarmFired()
  // All operations under way end soon.
  virtual void Cancel() = 0;
  // Who the peer is. With the writer's lock held, on any thread.
  virtual absl::StatusOr<auth::CallerPtr> Identify() const = 0;

 protected:
  ~HeartbeatWire() = default;
};

class HeartbeatWriter final : public HeartbeatTransport,
                              public std::enable_shared_from_this<HeartbeatWriter> {
 public:
  // `wire` stays until a step says that it was the last, `deps` as long as `wire`.
  HeartbeatWriter(const HeartbeatDeps& deps, HeartbeatWire& wire, const net::Endpoint& peer);

  // --- The registry (StreamHandle) ---
  void Probe(std::uint64_t sequence) override;
  void End(const absl::Status& why) override;
  core::LinkEvidence Look() override;

  // --- The service ---
  // Asks the client to reconnect elsewhere. No-op before the welcome.
  void Drain(common::Duration reconnect_within);
  // What the gate answers may have changed: asks it again, and ends the stream if the client would not be let
  // in any more.
  void AskGate();

  // --- The protocol (HeartbeatTransport) ---
  absl::StatusOr<HeartbeatPeer> Identify(const std::string& client_id,
                                         const std::string& own_address) override;
  bool AwaitWelcome() override;
  std::optional<common::Duration> TakeProbeAnswer(std::uint64_t sequence, common::MonoTime now) override;
  bool BeginGoodbye() override;
  JoinedSession Joined() override;
  bool Welcome(JoinedSession joined, const v1::HeartbeatResponse& welcome) override;

  // --- The call, on the thread of its queue ---
  // Waits for the hello, or ends the stream with `refused`. Once, before anything else here.
  void Start(const absl::Status& refused);
  // Ends the stream for a fault of the client's, and has the registry told. Any thread.
  void Fail(const absl::Status& why, core::StreamEnd how = core::StreamEnd::kByServer);

  // An operation has ended; true if none is left, nor will be: `wire` is not used any more.
  // A message was read and dealt with: sends `pong`, if there is one, then reads on.
  [[nodiscard]] bool Taken(const std::optional<PendingPong>& pong);
  // No further message comes.
  [[nodiscard]] bool ReadsEnded();
  [[nodiscard]] bool Written();
  [[nodiscard]] bool Finished();
  // The call is over. `how`: if it was the client that ended it; kNone if only a look at the connection shows
  // how.
  [[nodiscard]] bool Done(core::StreamEnd how);
  // `ok`: it was not cancelled.
  [[nodiscard]] bool AlarmFired(bool ok);

 private:
  using Outbox = HeartbeatOutbox<grpc::ByteBuffer>;

  void StartRead() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Writes what is next in the outbox, unless a write is under way.
  void StartNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void Write(const grpc::ByteBuffer& message) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  void SetAlarm(common::Duration span) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Ends the stream, with a line in the log unless `why` is OK. False if an end was put before.
  bool PutEnd(const absl::Status& why) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // True if no operation is under way, nor will be. Lets go of the wire then.
  bool IsOver() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  const HeartbeatDeps& deps_;

  common::Mutex mu_;
  // What every pong touches, side by side.
  HeartbeatWire* wire_ ABSL_GUARDED_BY(mu_);  // null once it is over
  bool reading_ ABSL_GUARDED_BY(mu_) = false;
  bool writing_ ABSL_GUARDED_BY(mu_) = false;
  bool finishing_ ABSL_GUARDED_BY(mu_) = false;
  bool alarm_pending_ ABSL_GUARDED_BY(mu_) = false;
  bool done_ ABSL_GUARDED_BY(mu_) = false;
  bool awaits_hello_ ABSL_GUARDED_BY(mu_) = true;
  bool leaving_ ABSL_GUARDED_BY(mu_) = false;   // said goodbye; the end comes when that is committed
  bool end_told_ ABSL_GUARDED_BY(mu_) = false;  // the registry knows of the stream's end, or is told now
  Outbox outbox_ ABSL_GUARDED_BY(mu_);

  std::unique_ptr<grpc::Status> end_status_ ABSL_GUARDED_BY(mu_);  // null: OK
  std::unique_ptr<grpc::Alarm> alarm_ ABSL_GUARDED_BY(mu_);        // null: none is set
  StreamLink link_ ABSL_GUARDED_BY(mu_);
  std::uint64_t probe_sequence_ ABSL_GUARDED_BY(mu_) = 0;
  JoinedSession joined_ ABSL_GUARDED_BY(mu_);   // from the welcome until the last operation has ended
  std::string client_id_ ABSL_GUARDED_BY(mu_);  // empty before a valid hello
};

}  // namespace liveness::rpc
