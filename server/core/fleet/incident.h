// What befell this server, kept for an operator who asks later whether the server had a problem.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/core/record/record.h"

namespace liveness::core {

enum class IncidentKind : std::uint8_t {
  kStarted,
  kStopped,       // as the process was told to
  kUncleanEnd,    // the process ended untold: killed, crashed, or the power went
  kStall,         // the process did not run
  kMachineSlept,  // the machine did not
  kCanaryDoubt,   // an I/O thread did not receive
  kSelfDoubt,     // nearly all clients fell together: deaths waited
  kStoreOutage,   // nothing could be committed
  kLeaseLost,     // other servers took this one for gone
  kDrain,         // it sent its clients elsewhere
  kNotAccepting,  // new connections did not get in
  kCertificate,   // TLS files were refused, or have expired
  kOperator,      // an operator asked for something
  kAccess,        // files of who is let in were refused
};
inline constexpr std::size_t kIncidentKinds = 14;

struct Incident {
  IncidentKind kind = IncidentKind::kStarted;
  WallTime start{};
  std::optional<WallTime> end;  // nothing: it goes on
  // Measured on a clock that nobody sets, where the process could; else end - start.
  Duration length{};
  std::string text;  // printable ASCII, at most kMaxIncidentText bytes; may be empty

  friend bool operator==(const Incident&, const Incident&) = default;
};

inline constexpr std::size_t kMaxIncidentText = 256;

// STARTED, STORE_OUTAGE...: as files and people write it.
std::string_view NameOf(IncidentKind kind);
std::optional<IncidentKind> IncidentKindOf(std::string_view name);

}  // namespace liveness::core
