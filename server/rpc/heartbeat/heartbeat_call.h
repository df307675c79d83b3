// One Heartbeat call, from the request for it until its last tag: the tags and the lifetime. What the
// messages mean is HeartbeatProtocol's, what is sent and how the stream ends HeartbeatWriter's.
//
// Tags run on one thread, that of the call's queue. The call owns itself.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>

#include <grpcpp/alarm.h>
#include <grpcpp/server_context.h>
#include <grpcpp/support/async_stream.h>
#include <grpcpp/support/byte_buffer.h>

#include "absl/status/status.h"
#include "common/clock.h"
#include "liveness/v1/heartbeat_service.grpc.pb.h"
#include "server/core/detection/evidence.h"
#include "server/rpc/engine/connection_streams.h"
#include "server/rpc/engine/engine.h"
#include "server/rpc/engine/stream_quota.h"
#include "server/rpc/engine/tag.h"
#include "server/rpc/heartbeat/heartbeat_deps.h"
#include "server/rpc/heartbeat/heartbeat_protocol.h"
#include "server/rpc/heartbeat/heartbeat_writer.h"

namespace liveness::rpc {

// The method's calls come as bytes: a typed reader cannot tell a message that does not parse from a
// disconnect.
using RawHeartbeatService = v1::HeartbeatService::WithRawMethod_Heartbeat<v1::HeartbeatService::Service>;

class HeartbeatCall final : private HeartbeatWire {
 public:
  // Asks for a call on `cq`, and for the next once that has come. `service` and `deps` outlive the engine's
  // calls.
  static void Ask(RawHeartbeatService& service, const HeartbeatDeps& deps, grpc::ServerCompletionQueue& cq,
                  Engine& engine);

 private:
  HeartbeatCall(RawHeartbeatService& service, const HeartbeatDeps& deps, grpc::ServerCompletionQueue& cq,
                Engine& engine);
  ~HeartbeatCall();

  // --- Tags ---
  void OnOpen(bool ok);
  void OnRead(bool ok);
  void OnWrite(bool ok);
  void OnFinish(bool ok);
  void OnDone(bool ok);
  void OnAlarm(bool ok);
  // The end of each tag; `over`: it was the last.
  void FinishStep(bool over) {
    if (over) delete this;
  }

  // --- HeartbeatWire ---
  void Read() override;
  void Write(const grpc::ByteBuffer& message) override;
  void Finish(const grpc::Status& status) override;
  void SetAlarm(grpc::Alarm& alarm, common::Duration span) override;
  void Cancel() override;
  absl::StatusOr<auth::CallerPtr> Identify() const override;

  // OK, or why the call is not taken.
  absl::Status Admit(const std::optional<net::Endpoint>& peer);
  // Hands the protocol what was read.
  absl::Status Take(HeartbeatProtocol::Next& next);
  // With which status the call is over, for the figures. REQUIRES: OnDone has come.
  absl::StatusCode EndCode(core::StreamEnd how) const;
  // How the client ended the stream; kNone if only a look at the connection shows how.
  core::StreamEnd HowItEnded() const;

  CallToken token_;
  RawHeartbeatService& service_;
  grpc::ServerCompletionQueue& cq_;
  Engine& engine_;
  ConnectionStreams::Place place_;
  QuotaPlace quota_place_;                                     // one of its address's streams
  std::atomic<absl::StatusCode> told_{absl::StatusCode::kOk};  // the client, if it still listens
  grpc::ServerContext context_;
  MemberTag<HeartbeatCall, &HeartbeatCall::OnFinish> finish_tag_{this};
  MemberTag<HeartbeatCall, &HeartbeatCall::OnDone> done_tag_{this};
  MemberTag<HeartbeatCall, &HeartbeatCall::OnAlarm> alarm_tag_{this};

  // What every ping touches, side by side.
  const HeartbeatDeps& deps_;
  grpc::ServerAsyncReaderWriter<grpc::ByteBuffer, grpc::ByteBuffer> stream_;
  grpc::ByteBuffer incoming_;
  MemberTag<HeartbeatCall, &HeartbeatCall::OnRead> read_tag_{this};  // also that of the request
  MemberTag<HeartbeatCall, &HeartbeatCall::OnWrite> write_tag_{this};
  std::shared_ptr<HeartbeatWriter> writer_;    // null until the call has come
  std::optional<HeartbeatProtocol> protocol_;  // likewise
};

}  // namespace liveness::rpc
