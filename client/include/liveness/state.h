// What a client knows of itself.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <ostream>
#include <string>

#include <liveness/detection.h>
#include <liveness/keepalive.h>

namespace liveness {

enum class State {
  // Looking for a server: at the start, and while a lost stream is replaced.
  kConnecting,
  // Registered, and the server answers.
  kLive,
  // The server is silent, or the stream has ended, or this process was stopped
  // for longer than its timeout. Clean up what hangs on being live; the library
  // reconnects by itself, kConnecting and kLive follow.
  kLost,
  // Final: goodbye was said, or the server will not have this instance
  // (SUPERSEDED, EVICTED, BAD_HELLO; QUALITY_UNREACHABLE and PRINCIPAL_MISMATCH
  // before the first welcome). Nothing follows.
  kStopped,
};

// "CONNECTING", "LIVE", "LOST", "STOPPED".
const char* ToString(State state);
inline std::ostream& operator<<(std::ostream& out, State state) { return out << ToString(state); }

// What the server said in its last welcome.
struct Welcome {
  // The fencing token of this session: grows with each new session of the same
  // client id. Hand it to whatever must not be touched by an older one.
  std::uint64_t incarnation = 0;
  std::string server_id;
  // In force, after the server's bounds.
  std::chrono::nanoseconds interval{};
  std::chrono::nanoseconds timeout{};
  // From suspicion to death: come back within it and nobody is declared dead.
  std::chrono::nanoseconds resume_grace{};
  // In force on the server's end of this connection.
  Keepalive server_keepalive;
  // How silence is judged.
  Detection detection;
  // What the server expects to hold; set if ClientOptions::quality was.
  std::optional<Quality> quality;
};

// A change of state, as told to ClientOptions::on_state.
//
// Reasons, besides those that the server gives (SUPERSEDED, EVICTED,
// BAD_HELLO, SILENT, DRAINING, STREAM_REPLACED, ...):
//   SERVER_SILENT   no pong within the time that the server vouched for: the timeout, or with
//                   accrual what it has learnt
//   STREAM_ENDED    the connection or the stream broke off
//   CONNECT_FAILED  no server could be reached
//   FOREIGN_REFUSAL something answered that is no liveness server, a proxy perhaps;
//                   the message has its status. The client tries again
//   WELCOME_TIMEOUT a server was reached, but did not welcome the client in time
//   LAPSED          this process itself did not run for longer than the timeout
//   SAID_GOODBYE    Goodbye() or the destructor was called
struct StateChange {
  State state = State::kConnecting;
  // Why the state has changed. Empty for kLive, and for the first kConnecting.
  std::string reason;
  std::string message;
  // Whose session it is; 0 before the first welcome.
  std::uint64_t incarnation = 0;
};

// Since the start of the client. Each only grows.
struct Counters {
  std::uint64_t attempts = 0;  // streams tried
  std::uint64_t welcomes = 0;  // streams accepted
  std::uint64_t losses = 0;    // times that kLost was told
  std::uint64_t pings_sent = 0;
  std::uint64_t pongs_received = 0;
  std::uint64_t probes_answered = 0;  // pings of the server
};

}  // namespace liveness
