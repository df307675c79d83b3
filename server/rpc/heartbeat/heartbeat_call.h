// One Heartbeat call, from the request for it until its last tag.
//
// A read is outstanding all the time, but for the moment between the hello and
// its commit. At most one write is; what waits sits in the outbox. Every way to
// end goes through PutEnd(): the status is sent with Finish() while the read is
// still outstanding. A client that does not read its answers may keep the last
// write from ending, and with it the Finish; only then, after kFinishPatience,
// is the call cancelled.
//
// A client that half-closes without goodbye gets OK: the call was in order, but
// the session is told that the stream closed.
//
// Tags run on one thread. The registry's threads reach the call through its
// handle, whose lock guards the writing side.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <grpcpp/alarm.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>
#include <grpcpp/support/byte_buffer.h>

#include "absl/status/status.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "server/net/endpoint.h"
#include "server/registry/records/session.h"
#include "server/registry/registry.h"
#include "server/rpc/engine/call_errors.h"
#include "server/rpc/engine/connection_streams.h"
#include "server/rpc/engine/engine.h"
#include "server/rpc/engine/tag.h"
#include "server/rpc/heartbeat/heartbeat_codec.h"
#include "server/rpc/heartbeat/heartbeat_hello.h"
#include "server/rpc/heartbeat/heartbeat_outbox.h"
#include "server/rpc/heartbeat/heartbeat_service.h"
#include "server/rpc/heartbeat/ping.h"

namespace liveness::rpc {

class HeartbeatCall;

// How long a status may wait for a client that does not read.
inline constexpr common::Duration kFinishPatience = std::chrono::seconds(5);

// What the registry and the service hold of a call; outlives it. Thread-safe.
class HeartbeatHandle final : public registry::StreamHandle {
 public:
  explicit HeartbeatHandle(HeartbeatCall* call) : call_(call) {}
  void Probe(std::uint64_t sequence) override;
  void End(const absl::Status& why) override;
  core::LinkEvidence Look() override;
  void Drain(common::Duration reconnect_within);
  // Ends the call whose client said goodbye.
  void Farewell();

 private:
  friend class HeartbeatCall;
  common::Mutex mu_;
  HeartbeatCall* call_ ABSL_GUARDED_BY(mu_);  // null once the call is gone
};

class HeartbeatCall {
 public:
  // Where the call comes from; fixed before its session begins.
  struct Connection {
    net::Endpoint peer;
    net::Endpoint local;       // unknown before the hello
    std::uint64_t cookie = 0;  // likewise
    // The client's own end is another: a proxy stands between.
    bool proxied = false;
    // It did not say its own end, or nothing that can be read: one may.
    bool maybe_proxied = false;
  };

  // Asks for a call on `cq`; it owns itself from then on.
  static void Ask(HeartbeatService& service, grpc::ServerCompletionQueue& cq, Engine& engine);

 private:
  friend class HeartbeatHandle;
  using Outbox = HeartbeatOutbox<grpc::ByteBuffer>;

  HeartbeatCall(HeartbeatService& service, grpc::ServerCompletionQueue& cq, Engine& engine);
  ~HeartbeatCall();

  // --- Tags (heartbeat_call.cc) ---
  void OnOpen(bool ok);
  void OnRead(bool ok);
  void OnWrite(bool ok);
  void OnFinish(bool ok);
  void OnDone(bool ok);
  void OnAlarm(bool ok);

  // What a hello says that only its welcome needs.
  struct HelloFacts {
    std::string instance_id;
    std::shared_ptr<const core::Keepalive> keepalive;
    std::optional<double> accrual_threshold;
    std::optional<core::QualitySolution> quality;
  };

  // --- Messages (heartbeat_messages.cc); only on the queue's thread ---
  struct Next {
    bool attaching = false;  // nothing of this object may be touched any more
    std::optional<PendingPong> pong;
  };
  // Handles what was read.
  absl::StatusOr<Next> Take();
  absl::StatusOr<Next> TakeMessage(const v1::HeartbeatRequest& request, common::MonoTime now);
  absl::StatusOr<Next> TakePing(const PlainPing& ping, common::MonoTime now);
  // What the ping says of the client's work; after TakePing().
  void TakeReport(PingReport report);
  absl::Status CountMessage(common::MonoTime now);
  bool Touch(common::MonoTime now);

  // --- Joining (heartbeat_join.cc); Attached() on the thread that commits ---
  absl::StatusOr<Next> TakeHello(const v1::Hello& hello);
  static void Attached(HeartbeatService& service, const std::shared_ptr<HeartbeatHandle>& handle,
                       absl::StatusOr<registry::Attached> attached);
  std::unique_ptr<grpc::ByteBuffer> MakeWelcome(const registry::Attached& attached);

  // --- The writing side; all under the handle's lock ---
  void StartRead();
  void StartNext();
  void Write(const grpc::ByteBuffer& bytes);
  void SetAlarm(common::Duration span);
  // False if an end was put before.
  bool PutEnd(const absl::Status& why);
  bool IsOver() const { return done_ && !reading_ && !writing_ && !finishing_ && !alarm_pending_; }

  // Ends the stream for a fault of the client's and tells the registry.
  void Fail(const absl::Status& why);
  // The client ended the stream without goodbye: kNone if only a look at the connection shows how.
  core::StreamEnd HowItEnded() const;
  void Log(const absl::Status& why) const;

  CallToken token_;
  grpc::ServerCompletionQueue& cq_;
  Engine& engine_;
  Connection connection_;
  ConnectionStreams::Place place_;
  bool has_quota_ = false;  // counts as one of its address's streams
  grpc::ServerContext context_;
  MemberTag<HeartbeatCall, &HeartbeatCall::OnFinish> finish_tag_{this};
  MemberTag<HeartbeatCall, &HeartbeatCall::OnDone> done_tag_{this};
  MemberTag<HeartbeatCall, &HeartbeatCall::OnAlarm> alarm_tag_{this};
  std::unique_ptr<HelloFacts> hello_;           // until the welcome is made
  std::shared_ptr<registry::WorkBoard> board_;  // null until the client tells of its work
  bool stalled_ = false;                        // what was last told of it
  std::string client_id_;                       // empty before a valid hello; set under the handle's lock

  // From here to the outbox: what every ping touches, side by side.
  HeartbeatService& service_;
  registry::QueuePulses::Queue& pulse_;
  grpc::ServerAsyncReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer> stream_;
  grpc::ByteBuffer incoming_;
  MemberTag<HeartbeatCall, &HeartbeatCall::OnRead> read_tag_{this};  // also that of the request
  MemberTag<HeartbeatCall, &HeartbeatCall::OnWrite> write_tag_{this};
  std::shared_ptr<HeartbeatHandle> handle_;  // null until the call is open

  // The reading side: the queue's thread, and before the first read after the
  // hello whoever commits the session.
  std::shared_ptr<registry::Session> session_;    // null until committed
  std::shared_ptr<registry::Arrivals> arrivals_;  // null: the timeout alone decides
  std::uint64_t attachment_ = 0;
  common::Duration interval_{};  // both as negotiated
  common::Duration timeout_{};
  common::MonoTime attach_time_{};
  std::uint64_t messages_ = 0;  // since the hello
  std::uint64_t last_sequence_ = 0;
  bool said_hello_ = false;
  bool has_pinged_ = false;

  // The writing side: guarded by handle_->mu_, which the analysis cannot see
  // through the pointer.
  bool reading_ = false;
  bool writing_ = false;
  bool finishing_ = false;
  bool alarm_pending_ = false;
  bool done_ = false;
  bool leaving_ = false;       // said goodbye; its end comes when that is committed
  bool session_over_ = false;  // the registry needs not be told of the stream's end
  Outbox outbox_;
  std::unique_ptr<grpc::Status> end_status_;
  std::unique_ptr<grpc::Alarm> alarm_;
  common::MonoTime probe_time_{};  // when the probe was written that waits for its pong
  common::MonoTime pong_time_{};   // when the client last answered one
  std::uint64_t probe_sequence_ = 0;
};

}  // namespace liveness::rpc
