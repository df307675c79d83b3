// What a peer may make gRPC hold for it: streams, headers, messages, answers that it
// does not read, connections that say nothing. The bounds that gRPC keeps by itself;
// connection_streams.h and call_timer.h have those that it does not.
//
// Two of them are only a request: HTTP/2 lets a peer behave as if it had not heard
// of our settings until it acknowledges them, and gRPC 1.51 believes one that never
// does. docs/adr/0025 says what was measured.
#pragma once

#include <cstddef>

#include "common/clock.h"

namespace grpc {
class ServerBuilder;
}

namespace liveness::rpc {

// Largest message that gRPC hands to us. Larger ones end in its own RESOURCE_EXHAUSTED,
// without our reason; those up to here are refused by us, with it. A smaller bound would
// save nothing: gRPC 1.51 gathers a message whole before it looks at its size. What a peer
// may send at once is bounded by net/ingress_guard.h.
inline constexpr int kMaxReceiveBytes = 8 * 1024 * 1024;

// All metadata of one call.
inline constexpr int kMaxMetadataBytes = 8 * 1024;

struct Http2Bounds {
  // Open at a time on one connection; a client's gRPC lets more of them wait. 0: no limit.
  int max_streams_per_connection = 100;
  // A connection without a call is asked to go after this. 0: never; what gRPC keeps for
  // it is 1.6 KiB of each connection, also of those that have a call.
  common::Duration idle_timeout{};
  // From the TCP handshake to the end of the TLS handshake and the first HTTP/2 settings.
  common::Duration handshake_timeout = std::chrono::seconds(10);
  // Of all of gRPC's buffers together; past it gRPC ends streams at random. 0: no bound.
  std::size_t max_buffer_bytes = 0;
};

void SetHttp2Bounds(grpc::ServerBuilder& builder, const Http2Bounds& bounds);

}  // namespace liveness::rpc
