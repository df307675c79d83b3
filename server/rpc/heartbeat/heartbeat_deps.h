// What the parts of a heartbeat stream use of their service. No gRPC type in it.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

#include "common/clock.h"
#include "common/measure/histogram.h"
#include "server/auth/gate.h"
#include "server/net/accepted_sockets.h"
#include "server/net/tcp_diag.h"
#include "server/registry/registry.h"
#include "server/rpc/engine/method_figures.h"
#include "server/rpc/engine/stream_quota.h"
#include "server/rpc/heartbeat/end_log.h"
#include "server/rpc/heartbeat/heartbeat_options.h"
#include "server/rpc/heartbeat/hello_pace.h"
#include "server/rpc/heartbeat/stream_closer.h"
#include "server/rpc/heartbeat/tokens_in_use.h"

namespace liveness::rpc {

class HeartbeatWriter;

// Hears of the streams. Thread-safe; must not wait.
class HeartbeatListener {
 public:
  // A stream has come, also one that is about to be refused. False if the server ends all streams: this one
  // is to be ended too.
  virtual bool OnOpened(const std::shared_ptr<HeartbeatWriter>& stream) = 0;
  // The stream's call is gone. Called once after each OnOpened().
  virtual void OnClosed(const std::shared_ptr<HeartbeatWriter>& stream) = 0;
  // A stream that has a session ended, and not by the registry nor after a goodbye: the registry is to be
  // told. At most once for each stream.
  virtual void OnStreamEnded(EndedStream ended) = 0;

 protected:
  ~HeartbeatListener() = default;
};

// All outlive the streams. Thread-safe, each of them.
struct HeartbeatDeps {
  const HeartbeatOptions& options;
  const common::Clock& clock;
  registry::Registry& registry;
  const TokensInUse& resume_tokens;
  const auth::Gate& gate;
  const net::AcceptedSockets& sockets;
  const net::TcpDiag& diag;  // the registry's detector asks with it
  StreamQuota& quota;        // streams of each address
  StreamQuota& sessions;     // streams of each principal, from the hello on
  HelloPace& pace;
  EndLog& log;
  HeartbeatListener& listener;
  const std::atomic<bool>& draining;                // hellos are refused
  std::atomic<std::int64_t>& pings;                 // that counted, since the start
  std::atomic<std::int64_t>& merged_label_changes;  // came too fast: only a later one is told
  std::atomic<std::int64_t>& progress_left_out;     // tokens of pings, beyond what is kept
  MethodFigures& figures;                           // of the method
  common::Histogram& rtts;                          // of probes that were answered
};

}  // namespace liveness::rpc
