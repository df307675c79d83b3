// What the client of one heartbeat stream says, and what follows from it: hello first and once, pings whose
// sequence grows, no flood of messages, what they report of the client's work, goodbye.
//
//   hello --AwaitWelcome()--> registry.Attach --committed--> transport.Welcome() --> pings, updates, ... -->
//   goodbye
//
// No gRPC type in it: it runs over whatever HeartbeatTransport carries it. A ping without a report takes no
// lock and allocates nothing; its effects are one store to its session's line and two counters.
//
// One thread, that of the stream's queue. What the registry answers on other threads goes to the transport
// alone, and comes back here with the next message.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/clock.h"
#include "liveness/v1/heartbeat_service.pb.h"
#include "server/registry/records/queue_pulses.h"
#include "server/registry/registry.h"
#include "server/rpc/heartbeat/heartbeat_deps.h"
#include "server/rpc/heartbeat/heartbeat_hello.h"
#include "server/rpc/heartbeat/heartbeat_transport.h"
#include "server/rpc/heartbeat/heartbeat_welcome.h"
#include "server/rpc/heartbeat/ping.h"

namespace liveness::rpc {

class HeartbeatProtocol {
 public:
  // What the stream is to do next.
  struct Next {
    bool await_welcome = false;       // no message is taken before Welcome(), which may be over already
    std::optional<PendingPong> pong;  // to be sent
  };

  // `pulse`: of the queue that hears the stream. `deps` and `pulse` outlive it.
  HeartbeatProtocol(const HeartbeatDeps& deps, registry::QueuePulses::Queue& pulse,
                    std::shared_ptr<HeartbeatTransport> transport);
  HeartbeatProtocol(const HeartbeatProtocol&) = delete;
  HeartbeatProtocol& operator=(const HeartbeatProtocol&) = delete;

  // RESOURCE_EXHAUSTED MESSAGE_TOO_LARGE. To be asked before a message is put together for Take().
  static absl::Status CheckSize(std::size_t bytes);

  // Takes one message, and sets what follows in `next`, which is empty before. An error ends the stream: no
  // other message may follow. Its reasons are those of docs/errors.md for this stream.
  // REQUIRES: CheckSize() is OK, and the transport awaits no Welcome().
  absl::Status Take(std::span<const std::uint8_t> message, Next& next);

 private:
  absl::Status TakeHello(const v1::Hello& hello, Next& next);
  static void OnAttached(const HeartbeatDeps& deps, HeartbeatTransport& transport, const WelcomeTerms& terms,
                         absl::StatusOr<registry::Attached> attached);
  // The first message after the welcome: the session is known from now on.
  void Join();

  absl::Status TakeMessage(const v1::HeartbeatRequest& request, common::MonoTime now, Next& next);
  absl::Status TakePing(const PlainPing& ping, common::MonoTime now, Next& next);
  // What the ping says of the client's work. After TakePing().
  void TakeReport(PingReport report);
  void TakePong(const v1::Pong& pong, common::MonoTime now);
  void TakeGoodbye(const v1::Goodbye& goodbye);
  // RESOURCE_EXHAUSTED PING_FLOOD.
  absl::Status CountMessage(common::MonoTime now);
  // PERMISSION_DENIED, RESOURCE_EXHAUSTED TOO_MANY_STREAMS, HELLO_RATE: the caller may not have this session,
  // or not now.
  absl::Status MayJoin(const registry::HelloRequest& request, const HeartbeatPeer& peer);
  // Labels that came too soon after others wait, the last of them, for a later message.
  void TellLabels(common::MonoTime now);
  // False if the stream has been replaced or its session is over: the stream's end is on the way, and nothing
  // that the client says on it counts.
  bool Touch(common::MonoTime now);

  // What every ping touches comes first, and together.
  const HeartbeatDeps& deps_;
  registry::QueuePulses::Queue& pulse_;
  std::shared_ptr<registry::Session> session_;    // null before the first message after the welcome
  std::shared_ptr<registry::Arrivals> arrivals_;  // null: the timeout alone decides
  std::uint64_t attachment_ = 0;
  common::Duration interval_{};  // as negotiated, like the next
  common::Duration timeout_{};
  common::MonoTime hello_time_{};
  std::uint64_t messages_ = 0;  // since the hello
  std::uint64_t last_sequence_ = 0;
  bool said_hello_ = false;
  bool has_pinged_ = false;
  bool stalled_ = false;  // the health that the registry was last told
  bool joining_ = false;  // from the hello until the first message after its welcome

  const std::shared_ptr<HeartbeatTransport> transport_;
  std::shared_ptr<registry::WorkBoard> board_;  // null until the client tells of its work
  std::unique_ptr<core::Labels> new_labels_;    // null: the registry knows them
  common::MonoTime labels_rest_at_{};           // when it will have rested from changing labels
  QuotaPlace place_;                            // among the streams of its principal
};

}  // namespace liveness::rpc
