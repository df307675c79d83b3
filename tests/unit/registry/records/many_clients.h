// Clients of one host that may fall together. Header only.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/support/registry/registry_harness.h"

namespace liveness::testing {

// Clients of one host, each with a stream; interval 1 s, timeout 3 s.
inline std::vector<Peer> AttachMany(RegistryHarness& h, int count, const std::string& host = "db-7",
                                    const std::string& prefix = "c", common::Duration pause = {}) {
  std::vector<Peer> peers;
  for (int i = 0; i < count; ++i) {
    registry::HelloRequest hello;
    hello.info.client_id = prefix + std::to_string(i);
    hello.info.instance_id = "i1";
    hello.info.host = host;
    hello.info.peer_address = "10.1.2.3:" + std::to_string(1'000 + i);
    hello.interval = std::chrono::seconds(1);
    hello.timeout = std::chrono::seconds(3);
    peers.push_back(h.Attach(std::move(hello)));
    if (pause != common::Duration::zero()) h.Run(pause);
  }
  return peers;
}

// What the kernel shows of a connection whose process was heard to the end.
inline void ClosedByProcess(RegistryHarness& h, const Peer& peer) {
  peer.stream->link.taken_at = h.clock.Mono();
  h.Close(peer, core::StreamEnd::kConnectionClosed);
}

}  // namespace liveness::testing
