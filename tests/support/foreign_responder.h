// Something that is no server of ours and answers on its port: a proxy that refuses, a web
// server, another program's gRPC. Each call gets the same answer. Thread-safe.
#pragma once

#include <atomic>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/http2_peer.h"

namespace liveness::testing {

class ForeignResponder {
 public:
  // HTTP/2: a header block with these fields ends each stream. Listens on 127.0.0.1:`port`, 0: one that is
  // free.
  ForeignResponder(int port, Http2Peer::Headers answer);
  // No HTTP/2: whatever a connection says, these bytes come back and it is closed.
  ForeignResponder(int port, std::string bytes);
  ~ForeignResponder();
  ForeignResponder(const ForeignResponder&) = delete;
  ForeignResponder& operator=(const ForeignResponder&) = delete;

  // False if the port could not be had.
  bool listens() const { return listener_ >= 0; }
  std::string address() const;
  // Calls (or connections, without HTTP/2) that were answered.
  int answered() const { return answered_; }

 private:
  void Run();
  void Serve(int fd);

  const Http2Peer::Headers answer_;
  const std::string bytes_;
  int listener_ = -1;
  std::atomic<int> answered_{0};
  std::atomic<bool> over_{false};
  std::thread thread_;
};

}  // namespace liveness::testing
