#include "client/src/session/terms.h"

#include <algorithm>

namespace liveness::internal {
namespace {

using namespace std::chrono_literals;
using common::Duration;

// The longest timeout that a server may give to a client that asked for none: a server's own bound by
// default.
constexpr Duration kLongestTimeout = 24h;
// No server makes a client ping more often, unless the application asked for that.
constexpr Duration kLeastPeriod = 10ms;
constexpr Duration kLeast = 1ms;

}  // namespace

Terms Agree(const AskedTerms& asked, const Welcome& welcome) {
  Terms terms;
  terms.timeout = std::clamp<Duration>(welcome.timeout, kLeast,
                                       std::max<Duration>(kLeast, asked.timeout.value_or(kLongestTimeout)));
  const Duration least = std::clamp<Duration>(asked.interval.value_or(kLeastPeriod), kLeast, kLeastPeriod);
  // Two pings in a timeout, because with fewer a single late pong would look like silence.
  terms.period = std::clamp<Duration>(welcome.interval, least, std::max<Duration>(terms.timeout / 2, least));
  return terms;
}

}  // namespace liveness::internal
