// What a stream of pings tells of a path. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "common/clock.h"

namespace liveness::cli::doctor {

// What the kernel counted on the socket, from first to last ping. Linux alone has it.
struct TcpFigures {
  common::Duration rtt{};        // smoothed
  common::Duration rtt_least{};  // the least that it ever saw
  std::uint64_t sent_segments = 0;
  std::uint64_t resent_segments = 0;
};

struct PathFigures {
  int sent = 0;      // pings
  int answered = 0;  // pongs that came in time
  // Of the pongs; all zero without one.
  common::Duration least{}, p50{}, p90{}, p99{}, most{};
  // The mean difference of two round trips that follow one another.
  common::Duration jitter{};
  // The most that a ping went out later than it was meant to: this process did not run.
  common::Duration own_lateness{};
  std::optional<TcpFigures> tcp;
};

// The figures of `round_trips`, one per ping in the order of sending, none where no pong came.
PathFigures Summarize(const std::vector<std::optional<common::Duration>>& round_trips);

}  // namespace liveness::cli::doctor
