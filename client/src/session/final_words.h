// Whose final word ends a client: of the ends that stream_verdict.h lists, one that came over a
// connection which is trusted no less than the connection of the last welcome.
//
// Example: a client was welcomed over a Unix socket, whose path shows who listens there. A SUPERSEDED from
// a TCP port in plain text, where any program may listen, ends nothing.
//
// Pure; not thread-safe: the session owns it.
#pragma once

#include <cstddef>
#include <vector>

#include "client/src/session/stream_end.h"

namespace liveness::internal {

class FinalWords {
 public:
  // `trust`: how far to trust what comes over a connection to each target; empty: all alike.
  explicit FinalWords(std::vector<int> trust);

  // A server at `target` has taken the client in.
  void OnWelcome(std::size_t target);
  // True if the client is over because a stream to `target` ended so. `served`: another stream has the
  // session, so one server's refusal of a hello is not the end.
  bool Ends(const StreamEnd& end, std::size_t target, bool served) const;

 private:
  const std::vector<int> trust_;
  int least_ = 0;  // the trust in the last welcome's target
  bool welcomed_ = false;
};

}  // namespace liveness::internal
