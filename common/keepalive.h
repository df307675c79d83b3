// The three layers that keep a connection alive and find its end, and the two
// presets that set all of them at once.
//
//   heartbeat  our own ping and pong: finds a process that is stopped, stuck or
//              gone. The only layer whose verdict moves a client's state.
//   kernel TCP probes on an idle connection: finds a lost host or cable, keeps
//              firewalls and NATs from forgetting the flow. Never sees a
//              stopped process: its kernel still answers.
//   HTTP/2     PING frames of gRPC itself: finds a peer whose gRPC is stuck,
//              through TLS and proxies too. With a time at or above the
//              heartbeat interval a beating connection sends none, and only a
//              silent one pays.
//
// Pure functions, thread-safe.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "common/clock.h"
#include "common/status.h"
#include "common/tcp_keepalive.h"

namespace liveness::common {

struct KeepaliveSettings {
  // The time between two pings.
  Duration heartbeat_interval{};
  // The silence after which the other side is overdue. Silence that begins at
  // any moment is found between timeout - interval and timeout after it began:
  // the last ping was sent at most one interval before.
  Duration heartbeat_timeout{};

  // A lost host is found idle + interval * count after its last packet, which
  // is also the user timeout unless that is set.
  TcpKeepalive tcp;

  // The silence after which an HTTP/2 PING is sent; any byte received starts it
  // anew. A stuck peer is found http2_time + http2_timeout after its last byte.
  Duration http2_time{};
  // How long the answer may take.
  Duration http2_timeout{};

  bool operator==(const KeepaliveSettings&) const = default;
};

// The least that any layer of ours can be set to; kernel TCP rounds up to 1 s.
inline constexpr Duration kMinKeepalive = std::chrono::milliseconds(100);
// The most, for all: longer is as good as none, and sums stay far from overflow.
inline constexpr Duration kMaxKeepalive = std::chrono::hours(24);

KeepaliveSettings StandardPreset();
KeepaliveSettings StrictPreset();

// `standard` or `strict`; nothing for any other name.
std::optional<KeepaliveSettings> PresetByName(std::string_view name);

// All that is wrong, each under its flag's stem (`heartbeat_interval`,
// `tcp_idle`, `http2_time`...). Empty: the settings can be used.
std::vector<FieldViolation> Validate(const KeepaliveSettings& settings);

// When silence is found at the earliest and at the latest.
struct SilenceWindow {
  Duration earliest;
  Duration latest;
};
SilenceWindow SilenceFoundAfter(const KeepaliveSettings& settings);

}  // namespace liveness::common
