// HeartbeatService: takes streams, and knows those that are open.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "absl/container/btree_set.h"
#include "absl/functional/function_ref.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "liveness/v1/heartbeat_service.grpc.pb.h"
#include "server/core/record/resume_token.h"
#include "server/core/time/timing.h"
#include "server/net/accepted_sockets.h"
#include "server/net/tcp_diag.h"
#include "server/registry/registry.h"
#include "server/rpc/engine/engine.h"
#include "server/rpc/engine/stream_quota.h"
#include "server/rpc/heartbeat/end_log.h"
#include "server/rpc/heartbeat/relocation.h"
#include "server/rpc/heartbeat/stream_closer.h"
#include "server/storage/store.h"

namespace liveness::rpc {

class HeartbeatHandle;

struct HeartbeatOptions {
  std::string server_id;
  core::Timing preset;  // of a client that asks for none
  core::TimingBounds bounds;
  common::Duration hello_timeout = std::chrono::seconds(5);
  std::uint32_t max_ping_rate = 10;  // times what the interval asks for; 0: no limit
  std::size_t max_streams_per_peer = 50'000;
  bool identify_peers = false;  // read the principal from the peer's certificate
};

// Thread-safe. What it is given outlives it.
class HeartbeatService final : public AsyncService {
 public:
  HeartbeatService(HeartbeatOptions options, const common::Clock& clock, registry::Registry& registry,
                   const storage::Store& store, const net::AcceptedSockets& sockets);
  ~HeartbeatService() override;

  void Register(grpc::ServerBuilder& builder, GenericRouter&) override { builder.RegisterService(&service_); }
  void Start(grpc::ServerCompletionQueue& cq, Engine& engine) override;

  // Refuses hellos from now on and asks every client to reconnect, elsewhere if
  // it can, at a random moment within `reconnect_within`. Returns how many were asked.
  std::int64_t Drain(common::Duration reconnect_within);
  // Takes hellos again; false if it did. Who was asked to go may, or comes back here. No-op
  // after EndCalls().
  bool EndDrain();
  bool draining() const { return draining_.load(std::memory_order_relaxed); }

  // Other servers take this one for gone. Asks its clients to find another, as relocation.h has it: those
  // that nobody else takes are served on. `within`: the window of those that follow the scouts.
  void SendAway(common::Duration within);
  // They see it again.
  void MayStay();

  // Ends every stream with UNAVAILABLE DRAINING, those that come later too.
  void EndCalls() override;

  // Streams that are open, also those without a hello yet.
  std::size_t stream_count() const;
  // Pings that counted, since the start.
  std::int64_t ping_count() const { return pings_.load(std::memory_order_relaxed); }

 private:
  friend class HeartbeatCall;
  friend class HeartbeatHandle;
  // The method's calls come as bytes: a typed reader cannot tell a message that
  // does not parse from a disconnect.
  using Service = v1::HeartbeatService::WithRawMethod_Heartbeat<v1::HeartbeatService::Service>;

  // False if streams are being ended.
  bool Opened(const std::shared_ptr<HeartbeatHandle>& handle);
  void Closed(const std::shared_ptr<HeartbeatHandle>& handle);
  // The session's stream ended without goodbye. Any thread; does not wait.
  void OnStreamEnded(EndedStream ended);
  // What OnStreamEnded() is for, on the closer's thread.
  void TellEnd(const EndedStream& ended, const core::LinkEvidence& link);
  void LogEnd(const EndedStream& ended);
  // Tells all that are open, and returns how many; those that come meanwhile may be left out. A part at a
  // time: the lock is the one of streams that open and close.
  std::int64_t ForEachOpen(absl::FunctionRef<void(HeartbeatHandle&)> tell);
  // Its client ended the stream, without goodbye.
  void LeftByClient(const std::shared_ptr<HeartbeatHandle>& handle);

  const HeartbeatOptions options_;
  const common::Clock& clock_;
  registry::Registry& registry_;
  const core::ResumeTokens resume_tokens_;
  const net::AcceptedSockets& sockets_;
  const net::TcpDiag diag_;           // the detector's
  const net::TcpDiag diag_of_ended_;  // the closer's: neither waits for the other
  Service service_;
  EndLog log_;
  StreamQuota quota_;
  std::atomic<bool> draining_{false};
  alignas(64) std::atomic<std::int64_t> pings_{0};

  mutable common::Mutex mu_;
  absl::btree_set<std::shared_ptr<HeartbeatHandle>> open_ ABSL_GUARDED_BY(mu_);
  bool ending_ ABSL_GUARDED_BY(mu_) = false;
  Relocation<std::shared_ptr<HeartbeatHandle>> relocation_ ABSL_GUARDED_BY(mu_);
  common::Duration away_within_ ABSL_GUARDED_BY(mu_){};

  StreamCloser closer_;  // the last: its thread uses all of the above
};

}  // namespace liveness::rpc
