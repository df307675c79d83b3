// How many calls each connection has open, and an end for one that has too many.
//
// gRPC keeps its own bound only with peers that acknowledge our settings. A peer that
// does not could open calls without end on one connection, 15 KiB each. So every call
// is counted here too, and a connection that goes far beyond the bound, as no peer
// that respects it can, is closed: to refuse its calls one by one would itself queue
// up answers that it need not read. So is one whose calls are reset by the peer again
// and again: a reset is free to the peer, lifts the bound on open calls, and each costs
// us what a call costs. Thread-safe.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "server/net/endpoint.h"

namespace liveness::rpc {

struct ConnectionBounds {
  // Per connection; 0: no limit. A call counts until its object is gone, a little longer
  // than for gRPC, so twice as many are borne with before the connection is closed.
  std::size_t max_streams = 0;
  // Calls that a connection may reset at once, and per second on average.
  double reset_burst = 500;
  double reset_rate = 50;
  // Closes the connection from that peer. Any thread; must not wait. May be null.
  std::function<void(const net::Endpoint& peer)> close;
};

class ConnectionStreams {
 public:
  explicit ConnectionStreams(ConnectionBounds bounds) : bounds_(std::move(bounds)) {}

  // One call that is open; also one that was refused, until its object is gone.
  class Place {
   public:
    Place() = default;
    ~Place() {
      if (peer_) owner_->Release(*peer_);
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    // Once. RESOURCE_EXHAUSTED TOO_MANY_STREAMS if the connection has too many; the connection
    // is being closed then. A peer without an address (a Unix socket's) is not counted.
    absl::Status Take(ConnectionStreams& owner, const std::optional<net::Endpoint>& peer);
    // The peer gave the call up before it was answered.
    void WasReset(common::MonoTime now) const {
      if (peer_) owner_->CountReset(*peer_, now);
    }

   private:
    ConnectionStreams* owner_ = nullptr;
    std::optional<net::Endpoint> peer_;
  };

  // Connections that were closed.
  std::size_t closed_count() const;

 private:
  absl::Status Acquire(const net::Endpoint& peer);
  void Release(const net::Endpoint& peer);
  void CountReset(const net::Endpoint& peer, common::MonoTime now);
  void Close(const net::Endpoint& peer) const;

  const ConnectionBounds bounds_;
  mutable common::Mutex mu_;
  absl::flat_hash_map<net::Endpoint, std::size_t> counts_ ABSL_GUARDED_BY(mu_);
  std::size_t closed_ ABSL_GUARDED_BY(mu_) = 0;

  // How many calls a connection may still reset. Kept beyond its calls, because a peer may open
  // one at a time; entries that are full again are dropped when there are too many.
  struct Resets {
    double left = 0;
    common::MonoTime at{};
  };
  Resets& RefreshedResets(const net::Endpoint& peer, common::MonoTime now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::flat_hash_map<net::Endpoint, Resets> resets_ ABSL_GUARDED_BY(mu_);
};

}  // namespace liveness::rpc
