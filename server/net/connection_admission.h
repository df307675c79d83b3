// Whether a connection that was accepted is served: the bound on all, and the rate of its
// address. This process's own connections are always served. Not thread-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "common/clock.h"
#include "server/core/time/rate_table.h"
#include "server/net/connection_table.h"
#include "server/net/endpoint.h"
#include "server/net/own_connections.h"

namespace liveness::net {

enum class AdmissionVerdict { kServe, kFull, kTooFast };

class ConnectionAdmission {
 public:
  struct Options {
    std::size_t max_connections = 1;
    core::RateOptions rate;  // of one address; an IPv6 peer counts by its /64
  };

  // `own` outlives it.
  ConnectionAdmission(const Options& options, OwnConnections& own);

  // What becomes of `fd`, accepted just now. It is counted if it is to be served: hand it
  // over only after this, for its cookie is read here. Unix sockets have no rate.
  AdmissionVerdict Judge(int fd, common::MonoTime now);

  // Looks for connections that are gone. Cheap enough for every tick: with 1,000 connections about 0.2 ms.
  void Tend();

  std::size_t connections() const { return table_.size(); }
  std::size_t own_connections() const { return table_.own(); }

 private:
  bool IsFull(common::MonoTime now);

  const Options options_;
  OwnConnections& own_;
  ConnectionTable table_;
  core::RateTable<std::array<std::uint8_t, 16>> rate_;
  common::MonoTime next_full_sweep_{};
};

}  // namespace liveness::net
