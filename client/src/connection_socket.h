// The socket of one attempt. It is gRPC's: the client looks at it, and never keeps it open.
//
// The socket is known by its kernel cookie, because gRPC may close it at any moment, and the number of its
// descriptor may then be given to another file. Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "client/src/session/race.h"
#include "common/mutex.h"

struct tcp_info;  // the kernel's, of Linux

namespace liveness::internal {

class ConnectionSocket {
 public:
  // The socket `fd` is about to connect: each address of the target has a socket of its own, and the last
  // counts.
  void Set(int fd);

  // As in socket_address.h; empty if the socket is closed or was never there.
  std::string LocalAddress() const;
  PathLook Look() const;

 private:
  // -1 if the socket is closed.
  int Descriptor() const;

  mutable common::Mutex mu_;
  int fd_ ABSL_GUARDED_BY(mu_) = -1;
  std::optional<std::uint64_t> cookie_ ABSL_GUARDED_BY(mu_);
};

// What the kernel's figures of a connection tell. Linux only.
PathLook PathLookOf(const tcp_info& info);

}  // namespace liveness::internal
