// Closes connections that are not served, so that the other side learns it at once and as
// an orderly end.
//
// To close a socket at once would answer what the peer has sent or is sending (a gRPC
// client speaks first) with a reset, which may overtake everything else. So our side is
// ended, what comes is read and thrown away, and the descriptor goes when the peer has
// closed too, or after a moment. Not a word is said: a GOAWAY would have to follow a
// SETTINGS frame, upon which a gRPC client takes the connection for a success and comes
// back without a pause (docs/adr/0022-the-acceptor.md). Not thread-safe.
#pragma once

#include <cstddef>
#include <deque>

#include "common/clock.h"

namespace liveness::net {

class PoliteClose {
 public:
  // At most so many descriptors wait for their peers; the oldest goes before its time.
  explicit PoliteClose(std::size_t most = 8) : most_(most) {}
  ~PoliteClose();
  PoliteClose(const PoliteClose&) = delete;
  PoliteClose& operator=(const PoliteClose&) = delete;

  // Takes `fd` over.
  void Close(int fd, common::MonoTime now);
  // Call it now and then while there is any.
  void Tend(common::MonoTime now);
  bool empty() const { return waiting_.empty(); }

 private:
  struct Waiting {
    int fd;
    common::MonoTime until;
  };
  const std::size_t most_;
  std::deque<Waiting> waiting_;  // oldest first
};

}  // namespace liveness::net
