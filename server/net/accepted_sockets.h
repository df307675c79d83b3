// What was seen of each connection when it was accepted: both addresses, the
// kernel's cookie for the socket and the keepalive values in force, read back.
//
// gRPC shows a service only its peer's address; this table leads from there to
// the rest. No duplicate of a descriptor is kept, only its number, and it is used only
// while the kernel's cookie says that it is still that socket. There is no event for a connection
// that is gone: an entry stays until its address is used again or `capacity`
// newer ones have come. Thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>

#include "absl/container/flat_hash_map.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "server/core/record/record.h"
#include "server/net/endpoint.h"

namespace liveness::net {

struct AcceptedSocket {
  Endpoint local;
  std::uint64_t cookie = 0;                          // SO_COOKIE; 0 if the kernel has none
  int fd = -1;                                       // gRPC's: it may be gone, or another's by now
  std::shared_ptr<const core::Keepalive> keepalive;  // one object for all that are alike
};

class AcceptedSockets {
 public:
  static constexpr std::size_t kDefaultCapacity = 200'000;

  // The HTTP/2 values are gRPC's, the same for all, and only passed on.
  AcceptedSockets(common::Duration http2_time, common::Duration http2_timeout,
                  std::size_t capacity = kDefaultCapacity);

  // Reads what there is to read from an accepted TCP socket; anything else is ignored.
  void OnAccept(int fd);

  // Keeps `socket` under its remote end. Public for tests.
  void Remember(const Endpoint& remote, const AcceptedSocket& socket);

  // Shuts the connection down if it is still there; gRPC then finds it closed.
  void Close(const Endpoint& remote) const;

  std::optional<AcceptedSocket> Find(const Endpoint& remote) const;
  std::size_t size() const;

 private:
  std::shared_ptr<const core::Keepalive> Intern(const core::Keepalive& keepalive);

  const common::Duration http2_time_;
  const common::Duration http2_timeout_;
  const std::size_t capacity_;

  mutable common::Mutex mu_;
  absl::flat_hash_map<Endpoint, AcceptedSocket> sockets_ ABSL_GUARDED_BY(mu_);
  std::deque<Endpoint> oldest_first_ ABSL_GUARDED_BY(mu_);
  std::shared_ptr<const core::Keepalive> last_keepalive_ ABSL_GUARDED_BY(mu_);
};

}  // namespace liveness::net
