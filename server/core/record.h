// What the registry knows of a client, as plain values.
//
// A ClientRecord is immutable once published: a transition makes a new one and
// everybody who holds the old one keeps a consistent picture. What a session
// says of itself (client_info.h) is shared between its records, so that a
// transition copies no texts.
// The heartbeat itself (last ping, rtt) is not here: it lives in the session's
// hot line (server/registry/session.h) and is read when a record is shown.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/clock.h"
#include "common/tcp_keepalive.h"
#include "server/core/client_info.h"

namespace liveness::core {

using common::Duration;
using common::MonoTime;
using common::WallTime;

enum class State : std::uint8_t { kUnspecified, kAlive, kSuspect, kDead, kLeft, kForgotten };
enum class Health : std::uint8_t { kUnspecified, kOk, kStalled, kMaintenance };
enum class Cause : std::uint8_t {
  kUnspecified,
  kProcessExited,
  kStreamClosed,
  kProcessStopped,
  kHostUnreachable,
  kApplicationStalled,
  kSaidGoodbye,
  kEvicted,
  kSuperseded,
  kServerLost,
  kNotReturned,
  kUnknown,
};
enum class StreamEnd : std::uint8_t { kNone, kConnectionClosed, kHalfClosed, kCallDeadline, kByServer };

// The wire's names without their prefix, e.g. "ALIVE", "PROCESS_EXITED".
std::string_view Name(State state);
std::string_view Name(Health health);
std::string_view Name(Cause cause);

// ALIVE or SUSPECT: the session may go on.
constexpr bool IsLive(State state) { return state == State::kAlive || state == State::kSuspect; }

// The keepalive settings in force on the server's end of a connection.
struct Keepalive {
  common::TcpKeepalive tcp;
  Duration http2_time{};
  Duration http2_timeout{};
};

// One progress token of a ping.
struct Progress {
  std::string name;
  Duration age{};
  Duration deadline{};
};

// What the layers showed at a transition; the ground of its cause.
struct Evidence {
  WallTime gather_time{};
  StreamEnd stream_end = StreamEnd::kNone;
  Duration stream_ended_ago{};
  Duration silence{};   // since the last valid message, witness clock
  Duration credited{};  // stalls of ours left out of it
  std::uint64_t last_sequence = 0;
  std::uint64_t missed = 0;
  // What the client or the operator said of the end.
  std::string reason;
  std::optional<std::int32_t> exit_code;
  std::optional<std::int32_t> signal;
};

// One sentence for people, e.g. "nothing was heard for 3.0 s".
std::string Summary(Cause cause, const Evidence& evidence);

struct ClientRecord {
  PackedInfo info;
  std::shared_ptr<const Evidence> evidence;  // null while there is nothing to explain
  std::shared_ptr<const std::string> server_id;
  std::uint64_t incarnation = 0;
  std::uint64_t attachment = 0;
  std::uint64_t revision = 0;  // of the transition that made this record
  WallTime register_time{};
  WallTime state_time{};
  Duration interval{};
  Duration timeout{};
  Duration resume_grace{};
  State state = State::kUnspecified;
  Health health = Health::kOk;
  Cause cause = Cause::kUnspecified;

  std::string_view client_id() const { return info.client_id(); }
};

using RecordPtr = std::shared_ptr<const ClientRecord>;

// What moves with every heartbeat: read from the session when a record is
// shown or filtered, never part of a transition.
struct Vitals {
  MonoTime last_heard{};
  Duration until_deadline{};                              // witness time left; only meaningful while ALIVE
  Duration rtt{};                                         // zero: no probe was answered yet
  std::shared_ptr<const Keepalive> keepalive;             // may be null
  std::shared_ptr<const std::vector<Progress>> progress;  // may be null
};

// A record as it is shown.
struct ClientView {
  RecordPtr record;
  Vitals vitals;
};

// A change of a record. `after` is the whole record after it; `before` is null
// for a client that was not known.
struct Transition {
  RecordPtr before;
  RecordPtr after;  // for FORGOTTEN: state kForgotten, else as it was dropped
  WallTime time{};

  std::uint64_t revision() const { return after->revision; }
};

using TransitionPtr = std::shared_ptr<const Transition>;

}  // namespace liveness::core
