// The detector's own record: how fast it was, how often wrong, and for how long.
//
// The measures are those of Chen, Toueg and Aguilera (2002): detection time, mistake
// rate, mistake duration, query accuracy. A mistake is a SUSPECT that was refuted,
// or a DEAD whose own instance came back. Not thread-safe; plain values.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "common/clock.h"

namespace liveness::core {

struct Mistakes {
  std::int64_t count = 0;
  common::Duration total{};
  common::Duration longest{};

  void Add(common::Duration wrong_for);
  Mistakes& operator+=(const Mistakes& other);
};

// Spans in buckets that grow by a quarter, from 1 ms to beyond a day.
class SpanHistogram {
 public:
  void Add(common::Duration span);
  std::int64_t count() const { return count_; }
  common::Duration max() const { return max_; }
  // The upper end of the bucket in which that share of all spans ends; at most
  // max(), and within 25 % above the truth. Zero if there are none.
  common::Duration Quantile(double share) const;

 private:
  static constexpr std::size_t kBuckets = 96;
  std::array<std::uint32_t, kBuckets> buckets_{};
  std::int64_t count_ = 0;
  common::Duration max_{};
};

struct Scorecard {
  std::int64_t suspicions = 0;
  std::int64_t deaths = 0;        // found by the detector, not told by the client or an operator
  Mistakes refuted_suspicions;    // wrong for: SUSPECT until refuted
  Mistakes mistaken_deaths;       // wrong for: DEAD until it came back
  SpanHistogram detection_times;  // of those deaths: last heard until SUSPECT
  double observed_seconds = 0;    // client time: the sum over all clients of their time as live

  // The share of client time in which ALIVE or SUSPECT was the truth as far as
  // mistakes tell; 1 if nothing was observed.
  double QueryAccuracy() const;
};

}  // namespace liveness::core
