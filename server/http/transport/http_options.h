// Bounds of the HTTP port. Each has a number, because whoever reaches the port can ask for anything.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <vector>

#include "common/clock.h"

namespace liveness::http {

struct HttpOptions {
  std::size_t max_connections = 2'048;       // served at once; of one address, or an IPv6 /64, three quarters
  std::size_t max_header_bytes = 16 * 1024;  // 431 beyond
  std::size_t max_body_bytes = 64 * 1024;    // 413 beyond
  common::Duration header_timeout =
      std::chrono::seconds(10);                              // from connecting to the end of the first header
  common::Duration body_timeout = std::chrono::seconds(10);  // from there to the end of the body
  common::Duration idle_timeout = std::chrono::seconds(60);  // from an answer to the end of the next header
  // For each piece of kPieceBytes of an answer. A peer that takes less is cut off.
  common::Duration write_timeout = std::chrono::seconds(10);
  // Of a connection's send buffer in the kernel, so that a thousand peers that never read hold little.
  int send_buffer_bytes = 256 * 1024;

  int workers = 2;
  std::size_t max_queued_jobs = 1'024;

  // Names by which this server may be asked besides those that CheckHost lets pass.
  std::vector<std::string> host_names;
};

inline constexpr std::size_t kPieceBytes = 128 * 1024;

}  // namespace liveness::http
