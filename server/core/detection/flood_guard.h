// When a client pings so often that it harms others.
#pragma once

#include <cstdint>

#include "common/clock.h"

namespace liveness::core {

// Pings beyond the rate that are forgiven: a burst after a stall, a short stream.
inline constexpr std::uint64_t kForgivenPings = 100;

// True if `pings` on one stream within `elapsed` are more than `multiplier`
// times what `interval` asks for, plus kForgivenPings.
// `elapsed` is real time since the stream began: while this server was stopped
// the client went on, so its own stops count too. `multiplier` 0: never.
constexpr bool IsPingFlood(std::uint64_t pings, common::Duration elapsed, common::Duration interval,
                           std::uint32_t multiplier) {
  if (multiplier == 0 || pings <= kForgivenPings) return false;
  // (pings - forgiven) / elapsed > multiplier / interval, without a division.
  using Wide = unsigned __int128;
  const auto count = [](common::Duration span) {
    return static_cast<Wide>(span.count() < 0 ? 0 : span.count());
  };
  return Wide{pings - kForgivenPings} * count(interval) > Wide{multiplier} * count(elapsed);
}

}  // namespace liveness::core
