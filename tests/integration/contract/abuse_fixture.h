// What the tests of abuse share: the methods to call by hand, and the server's memory. Header
// only.
#pragma once

#include <optional>
#include <string>

#include "tests/integration/contract/contract_fixture.h"
#include "tests/support/http2_peer.h"
#include "tests/support/memory.h"

namespace liveness::testing {

inline constexpr char kHeartbeat[] = "/liveness.v1.HeartbeatService/Heartbeat";
inline constexpr char kGetClient[] = "/liveness.v1.RegistryService/GetClient";
inline constexpr char kListClients[] = "/liveness.v1.RegistryService/ListClients";
inline constexpr char kWatchClients[] = "/liveness.v1.RegistryService/WatchClients";
inline constexpr char kHealthCheck[] = "/grpc.health.v1.Health/Check";
inline constexpr char kHealthWatch[] = "/grpc.health.v1.Health/Watch";
inline constexpr char kReflection[] = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo";

class AbuseTest : public ContractTest {
 protected:
  // Of the server's resident memory, in MiB.
  long Rss() const { return ResidentMiB(server_->pid()); }
  // Whoever is asked now, is answered.
  void ExpectServes() {
    HeartbeatStream newcomer(address());
    EXPECT_TRUE(newcomer.Join(HeartbeatStream::Hello("newcomer", "1")));
    EXPECT_TRUE(newcomer.Goodbye());
    EXPECT_TRUE(newcomer.End());
  }
  static bool Ends(Http2Peer& peer, milliseconds patience = seconds(20)) {
    const auto frame = NextOf(peer, Http2Frame::kHeaders, patience);
    return frame.has_value() && (frame->flags & Http2Frame::kEndStream) != 0;
  }
  static std::optional<Http2Frame> NextOf(Http2Peer& peer, std::uint8_t type, milliseconds patience) {
    while (auto frame = peer.Receive(patience)) {
      if (frame->type == type) return frame;
    }
    return std::nullopt;
  }
};

}  // namespace liveness::testing
