// The connections that this process opens to itself (its canary), so that its listener
// can tell them from all others: bounds on others must not keep them out. Thread-safe.
#pragma once

#include <cstdint>
#include <deque>

#include "common/mutex.h"
#include "server/net/endpoint.h"

namespace liveness::net {

class OwnConnections {
 public:
  // Before `fd` connects: binds it to a port that is from then on this process's alone,
  // and expects it. Without effect on anything but a TCP socket, and where no port is free.
  void BeforeConnect(int fd);

  // Whether the accepted `fd` is such a connection; each is found once. A Unix socket's
  // other end is asked for its process.
  bool Take(int fd, const Endpoint* local, const Endpoint* remote);

 private:
  // Those that never arrive are forgotten by and by.
  static constexpr std::size_t kMost = 64;

  common::Mutex mu_;
  std::deque<std::uint16_t> ports_ ABSL_GUARDED_BY(mu_);
};

}  // namespace liveness::net
