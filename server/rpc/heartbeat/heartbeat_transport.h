// What HeartbeatProtocol asks of the stream that carries it. No gRPC type in it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "liveness/v1/heartbeat_service.pb.h"
#include "server/auth/caller.h"
#include "server/core/record/record.h"
#include "server/registry/records/arrivals.h"
#include "server/registry/records/session.h"

namespace liveness::rpc {

// What the connection shows of the client at its other end.
struct HeartbeatPeer {
  std::string address;                               // HOST:PORT
  auth::CallerPtr caller;                            // not null
  std::shared_ptr<const core::Keepalive> keepalive;  // of the connection's socket; null: not known
};

// The session that the stream speaks for, as its welcome says it.
struct JoinedSession {
  std::shared_ptr<registry::Session> session;
  std::uint64_t attachment = 0;
  std::shared_ptr<registry::Arrivals> arrivals;  // null: the timeout alone decides
  bool stalled = false;                          // its health, which pings may end
};

// One stream, which the registry knows as a StreamHandle. End() with OK answers a goodbye.
class HeartbeatTransport : public registry::StreamHandle {
 public:
  // --- The protocol's thread ---

  // The hello is valid: the stream is this client's from now on. `own_address`: the end of the connection
  // that the client itself sees, to be compared with the end that this server sees; may be empty or anything.
  // UNAUTHENTICATED: what the client shows of who it is proves nothing.
  virtual absl::StatusOr<HeartbeatPeer> Identify(const std::string& client_id,
                                                 const std::string& own_address) = 0;
  // Takes no message until Welcome() or End(). False, and nothing happens: the stream ends already, and the
  // hello came too late.
  virtual bool AwaitWelcome() = 0;
  // What Welcome() was given. REQUIRES: a message was read after it.
  virtual JoinedSession Joined() = 0;
  // The client answered probe `sequence` at `now`. The round trip, if that is the probe that waits for its
  // answer.
  virtual std::optional<common::Duration> TakeProbeAnswer(std::uint64_t sequence, common::MonoTime now) = 0;
  // The client said goodbye: the end of the stream needs not be told to the registry any more, and waits for
  // End(). False if the client had said so before.
  virtual bool BeginGoodbye() = 0;

  // --- Any thread, once after each AwaitWelcome() unless End() is called ---

  // The session is committed. Sends `welcome`, and takes messages again. False, and nothing happens: the
  // stream is over.
  virtual bool Welcome(JoinedSession joined, const v1::HeartbeatResponse& welcome) = 0;
};

}  // namespace liveness::rpc
