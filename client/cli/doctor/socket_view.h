// The socket of the doctor's gRPC connection. It is gRPC's: it is looked at, and never kept open. Known by
// its kernel cookie, because gRPC may close it at any moment and its number may then be another file's.
// Thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "client/cli/doctor/facts.h"
#include "client/cli/doctor/path_figures.h"
#include "common/mutex.h"

namespace liveness::cli::doctor {

class SocketView {
 public:
  // `fd` is about to connect. Of several the last counts.
  void Set(int fd);

  // Its own end, HOST:PORT; empty if it is closed or no TCP socket.
  std::string LocalAddress() const;
  std::optional<common::TcpKeepalive> Keepalive() const;
  // What the kernel has counted since the connection began.
  std::optional<TcpFigures> Tcp() const;

 private:
  int Descriptor() const;  // -1: closed

  mutable common::Mutex mu_;
  int fd_ ABSL_GUARDED_BY(mu_) = -1;
  std::optional<std::uint64_t> cookie_ ABSL_GUARDED_BY(mu_);
};

}  // namespace liveness::cli::doctor
