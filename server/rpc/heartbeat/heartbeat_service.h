// HeartbeatService: takes streams, and knows those that are open.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "absl/container/btree_set.h"
#include "absl/functional/function_ref.h"
#include "common/clock.h"
#include "common/keys/resume_keys.h"
#include "common/measure/histogram.h"
#include "common/mutex.h"
#include "server/net/accepted_sockets.h"
#include "server/net/tcp_diag.h"
#include "server/registry/registry.h"
#include "server/rpc/engine/engine.h"
#include "server/rpc/engine/method_figures.h"
#include "server/rpc/engine/stream_quota.h"
#include "server/rpc/heartbeat/end_log.h"
#include "server/rpc/heartbeat/heartbeat_call.h"
#include "server/rpc/heartbeat/heartbeat_deps.h"
#include "server/rpc/heartbeat/heartbeat_options.h"
#include "server/rpc/heartbeat/heartbeat_writer.h"
#include "server/rpc/heartbeat/relocation.h"
#include "server/rpc/heartbeat/stream_closer.h"
#include "server/rpc/heartbeat/tokens_in_use.h"
#include "server/storage/store.h"

namespace liveness::rpc {

// Thread-safe. What it is given outlives it.
class HeartbeatService final : public AsyncService, private HeartbeatListener {
 public:
  HeartbeatService(HeartbeatOptions options, const common::Clock& clock, registry::Registry& registry,
                   const storage::Store& store, const net::AcceptedSockets& sockets,
                   const auth::Gate& gate = auth::OpenGate());
  ~HeartbeatService() override;

  void Register(grpc::ServerBuilder& builder, GenericRouter&) override { builder.RegisterService(&service_); }
  void Start(grpc::ServerCompletionQueue& cq, Engine& engine) override;

  // Resume tokens are signed and checked with these and the store's own from now on; before, with the store's
  // alone.
  void UseKeys(const common::ResumeKeys& keys);

  // Refuses hellos from now on and asks every client to reconnect, to another server if the client
  // knows one, at a random moment within `reconnect_within`. Returns how many were asked.
  std::int64_t Drain(common::Duration reconnect_within);
  // Takes hellos again; false if none were refused. Clients that were asked to go may go all the same, or
  // come back here. No-op after EndCalls().
  bool EndDrain();
  bool draining() const { return draining_.load(std::memory_order_relaxed); }

  // The other servers take this one for gone. Asks its clients to find another, as relocation.h has it:
  // clients that no other server takes are served on. `within`: the window of those that follow the scouts.
  void BeginRelocation(common::Duration within);
  // The other servers see this one again.
  void EndRelocation();

  // Ends every stream with UNAVAILABLE DRAINING, those that come later too.
  void EndCalls() override;
  void OnGateChanged() override;

  // Streams that are open, also those without a hello yet.
  std::size_t stream_count() const;
  // Pings that counted, since the start.
  std::int64_t ping_count() const { return pings_.load(std::memory_order_relaxed); }
  // Changes of labels that came too fast, of which only a later one was told, since the start.
  std::int64_t merged_label_changes() const { return merged_label_changes_.load(std::memory_order_relaxed); }
  // Progress tokens that are not kept, since the start.
  std::int64_t progress_left_out() const { return progress_left_out_.load(std::memory_order_relaxed); }
  const MethodFigures& figures() const { return figures_; }
  // Round trips of the server's pings.
  common::Histogram::Reading rtts() const { return rtts_.Read(); }
  // Streams that ended badly since the start, by reason.
  std::map<std::string, std::uint64_t> bad_ends() const { return log_.counts(); }
  // Lines of those that were left out of the log, since the start.
  std::uint64_t lines_left_out() const { return log_.left_out(); }
  // Streams whose end is still to be told.
  std::size_t untold_ends() const { return closer_.waiting(); }

 private:
  // --- HeartbeatListener ---
  bool OnOpened(const std::shared_ptr<HeartbeatWriter>& stream) override;
  void OnClosed(const std::shared_ptr<HeartbeatWriter>& stream) override;
  void OnStreamEnded(EndedStream ended) override;

  // Tells the log, the registry and the relocation of a stream's end. On the closer's thread as a rule.
  void TellEnd(const EndedStream& ended, const core::LinkEvidence& link);
  void LogEnd(const EndedStream& ended);
  // The client has ended `stream`, without goodbye.
  void OnClientLeft(const std::shared_ptr<HeartbeatWriter>& stream);
  // Tells all that are open, and returns how many; streams that open meanwhile may be left out. A part at a
  // time: the lock is the one of streams that open and close.
  std::int64_t ForEachOpen(absl::FunctionRef<void(HeartbeatWriter&)> tell);

  const HeartbeatOptions options_;
  const common::Clock& clock_;
  registry::Registry& registry_;
  const storage::TokenKey store_key_;
  TokensInUse resume_tokens_;
  const net::TcpDiag diag_;           // the detector's
  const net::TcpDiag diag_of_ended_;  // the closer's: neither waits for the other
  EndLog log_;
  MethodFigures figures_{MethodFigures::Shape::kStream};
  common::Histogram rtts_{common::kRttBounds};
  StreamQuota quota_;
  StreamQuota sessions_;
  HelloPace pace_;
  const HeartbeatDeps deps_;
  RawHeartbeatService service_;
  std::atomic<bool> draining_{false};
  std::atomic<std::int64_t> merged_label_changes_{0};
  std::atomic<std::int64_t> progress_left_out_{0};
  alignas(64) std::atomic<std::int64_t> pings_{0};

  mutable common::Mutex mu_;
  absl::btree_set<std::shared_ptr<HeartbeatWriter>> open_ ABSL_GUARDED_BY(mu_);
  bool ending_ ABSL_GUARDED_BY(mu_) = false;
  Relocation<std::shared_ptr<HeartbeatWriter>> relocation_ ABSL_GUARDED_BY(mu_);
  common::Duration relocate_within_ ABSL_GUARDED_BY(mu_){};

  StreamCloser closer_;  // the last: its thread uses all of the above
};

}  // namespace liveness::rpc
