// What is known of the listening sockets and of what they took in, at one moment.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/clock.h"

namespace liveness::net {

struct AcceptFigures {
  std::vector<std::string> addresses;  // of the sockets that listen
  // Connections that are served, without this process's own. One that ended is counted for
  // up to a few seconds more.
  std::size_t connections = 0;
  std::size_t max_connections = 0;

  // Since the start.
  std::uint64_t accepted = 0;      // and handed over
  std::uint64_t refused = 0;       // closed: max_connections were there, or no descriptor
  std::uint64_t rate_limited = 0;  // closed: too many from one address in too short a time
  std::uint64_t errors = 0;        // of accept()

  // Of all the kernel's queues together.
  std::uint64_t backlog = 0;          // connections that wait to be accepted
  std::uint64_t backlog_limit = 0;    // how many may
  std::uint64_t backlog_dropped = 0;  // that found a queue full

  std::string last_error;  // empty: none yet
  std::optional<common::MonoTime> last_error_time;
  // Since when every accept() fails; nothing if the last one succeeded.
  std::optional<common::MonoTime> failing_since;
};

}  // namespace liveness::net
