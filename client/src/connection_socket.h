// The socket of one attempt, which is gRPC's: it is looked at, and never kept open.
//
// gRPC may close it at any moment and its number may then be somebody else's, so it is known by its
// cookie. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "client/src/race.h"
#include "common/mutex.h"

namespace liveness::internal {

class ConnectionSocket {
 public:
  // A socket is about to connect: each address of the target has one of its own, and the last counts.
  void Set(int fd);

  // As in socket_address.h; empty if there is none.
  std::string LocalAddress() const;
  PathLook Look() const;

 private:
  // -1 if it is closed.
  int Descriptor() const;

  mutable common::Mutex mu_;
  int fd_ ABSL_GUARDED_BY(mu_) = -1;
  std::optional<std::uint64_t> cookie_ ABSL_GUARDED_BY(mu_);
};

}  // namespace liveness::internal
