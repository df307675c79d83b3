// What each layer last showed of a client: the ground of its cause (verdict.h).
//
// From the outside in: the kernel's TCP, the stream, the client's I/O thread, its
// heartbeats, its application's progress, and its neighbours on the same host.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"
#include "common/saturating.h"
#include "server/core/record/last_words.h"

namespace liveness::core {

using common::Duration;
using common::MonoTime;
using common::WallTime;

enum class StreamEnd : std::uint8_t {
  kNone,
  kConnectionClosed,
  kHalfClosed,
  kCallDeadline,
  kByServer,
  kCancelled,
  kRevoked,  // by the server, too
};

enum class Confidence : std::uint8_t { kUnspecified, kLow, kMedium, kHigh };

// Why there are no figures of the kernel's.
enum class TcpAbsence : std::uint8_t { kPresent, kProxy, kClosed, kUnsupported };

// TCP_INFO of the server's end, as server/net/tcp_diag.h reads it.
struct TcpEvidence {
  TcpAbsence absence = TcpAbsence::kUnsupported;  // kPresent: the figures count
  bool established = false;                       // neither end has closed it
  bool closed_by_us = false;                      // our end closed it first
  Duration last_ack_age{};                        // the peer's kernel acknowledged this long ago
  std::uint32_t unacked = 0;                      // segments that wait for an acknowledgement
  std::uint32_t retransmits = 0;                  // of the oldest of them, in a row
  std::uint32_t backoff = 0;                      // doublings of the retransmission timer
  std::uint32_t probes = 0;                       // keepalive probes without answer
  Duration rtt{};
  std::uint64_t unread_bytes = 0;  // arrived, and not yet read by us
};

// What the stream's own code and the kernel show of a connection.
struct LinkEvidence {
  MonoTime taken_at{};
  TcpEvidence tcp;
  // Nothing shows that the connection is the client's own: its kernel may be a proxy's.
  bool maybe_proxied = false;
  std::optional<Duration> last_pong_age;  // an answer to our ping, by the client's I/O thread
  std::optional<Duration> probe_age;      // our ping waits for its answer this long
};

// The other clients of the same host.
struct HostEvidence {
  std::int64_t heard = 0;   // ALIVE
  std::int64_t silent = 0;  // SUSPECT
};

struct Evidence {
  WallTime gather_time{};
  StreamEnd stream_end = StreamEnd::kNone;
  Duration stream_ended_ago{};
  Duration silence{};   // since the last valid message, witness clock
  Duration credited{};  // stalls of ours, left out of the silence
  std::uint64_t last_sequence = 0;
  std::uint64_t missed = 0;
  std::optional<LinkEvidence> link;  // of an open stream, or the last look at it
  Duration link_age{};               // how long before gather_time that look was
  HostEvidence host;
  std::shared_ptr<const std::vector<Progress>> progress;  // may be null
  std::shared_ptr<const LastWords> last_words;            // null unless it died without goodbye
  Confidence confidence = Confidence::kUnspecified;
  // What the client or the operator said of the end.
  std::string reason;
  std::optional<std::int32_t> exit_code;
  std::optional<std::int32_t> signal;
};

// False if whoever gathered the evidence had not heard the client.
inline bool WasHeard(const Evidence& evidence) {
  return evidence.silence != Duration::zero() || evidence.credited != Duration::zero() ||
         evidence.last_sequence != 0;
}

// When the client was last heard. The silence is on the witness clock, but the time that was credited passed
// all the same.
inline WallTime LastHeard(const Evidence& evidence) {
  return common::SaturatingSub(evidence.gather_time,
                               common::SaturatingAdd(evidence.silence, evidence.credited));
}

}  // namespace liveness::core
