// A heartbeat stream over a transport that is no gRPC: the protocol, and what it asks of its transport.
// Header only.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "common/status.h"
#include "server/rpc/heartbeat/heartbeat_protocol.h"
#include "server/rpc/heartbeat/heartbeat_transport.h"
#include "tests/unit/rpc/heartbeat/heartbeat_harness.h"

namespace liveness::testing {

// A stream that records what is asked of it.
class FakeTransport final : public rpc::HeartbeatTransport {
 public:
  void Probe(std::uint64_t sequence) override { probes.push_back(sequence); }
  void End(const absl::Status& why) override {
    ends.push_back(why);
    over = true;
  }
  absl::StatusOr<rpc::HeartbeatPeer> Identify(const std::string& client_id,
                                              const std::string& own_address) override {
    identified.emplace_back(client_id, own_address);
    return rpc::HeartbeatPeer{.address = "10.0.0.1:1000", .caller = caller, .keepalive = keepalive};
  }
  bool AwaitWelcome() override { return !over && (awaiting = true); }
  std::optional<common::Duration> TakeProbeAnswer(std::uint64_t sequence, common::MonoTime) override {
    if (probes.empty() || probes.back() != sequence) return std::nullopt;
    return round_trip;
  }
  bool BeginGoodbye() override { return !std::exchange(leaving, true); }
  rpc::JoinedSession Joined() override { return joined; }
  bool Welcome(rpc::JoinedSession its_session, const v1::HeartbeatResponse& message) override {
    if (over) return false;
    awaiting = false;
    joined = its_session;
    session = its_session.session;
    attachment = its_session.attachment;
    welcome = message.welcome();
    return true;
  }

  std::vector<std::pair<std::string, std::string>> identified;
  auth::CallerPtr caller = std::make_shared<auth::Caller>(auth::Caller{.principal = "spiffe://a/b"});
  std::vector<std::uint64_t> probes;
  std::vector<absl::Status> ends;
  common::Duration round_trip = std::chrono::milliseconds(7);
  std::shared_ptr<const core::Keepalive> keepalive;
  std::shared_ptr<registry::Session> session;
  std::uint64_t attachment = 0;
  rpc::JoinedSession joined;
  v1::Welcome welcome;
  bool awaiting = false;
  bool leaving = false;
  bool over = false;  // the test may set it
};

// One stream of the server. Not thread-safe.
class ProtocolStream {
 public:
  explicit ProtocolStream(HeartbeatHarness& server)
      : server_(server),
        transport_(std::make_shared<FakeTransport>()),
        protocol_(server.deps, server.world.registry.pulses().at(0), transport_) {}

  // As the end of a call does: a session holds its stream, and must not be held by it for ever, nor by a
  // welcome that comes later.
  ~ProtocolStream() {
    transport_->over = true;
    transport_->session = nullptr;
    transport_->joined = {};
  }
  ProtocolStream(const ProtocolStream&) = delete;
  ProtocolStream& operator=(const ProtocolStream&) = delete;

  FakeTransport& transport() { return *transport_; }
  absl::StatusOr<rpc::HeartbeatProtocol::Next> Take(std::string_view bytes) {
    if (absl::Status fits = rpc::HeartbeatProtocol::CheckSize(bytes.size()); !fits.ok()) return fits;
    rpc::HeartbeatProtocol::Next next;
    const absl::Status taken =
        protocol_.Take({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}, next);
    if (!taken.ok()) return taken;
    return next;
  }
  absl::StatusOr<rpc::HeartbeatProtocol::Next> Take(const v1::HeartbeatRequest& request) {
    return Take(request.SerializeAsString());
  }
  // The reason that the stream would end for; empty if it goes on.
  template <typename Message>
  std::string Refusal(const Message& message) {
    return common::ReasonOf(Take(message).status());
  }
  // Says hello and is welcomed.
  void Join(const v1::HeartbeatRequest& hello = Hello()) {
    const auto next = Take(hello);
    ASSERT_TRUE(next.ok()) << next.status();
    ASSERT_TRUE(next->await_welcome);
    server_.Commit();
    ASSERT_FALSE(transport_->awaiting) << "welcomed";
  }
  // True if the ping is answered.
  bool Beat(std::uint64_t sequence) {
    const auto next = Take(Ping(sequence));
    return next.ok() && next->pong && next->pong->ping.sequence == sequence;
  }

 private:
  HeartbeatHarness& server_;
  const std::shared_ptr<FakeTransport> transport_;
  rpc::HeartbeatProtocol protocol_;
};

// The test of one stream.
class ProtocolStreamTest : public ::testing::Test {
 protected:
  core::RecordPtr Record() const { return server_.world.Record("a"); }

  HeartbeatHarness server_;
  ProtocolStream stream_{server_};
};

}  // namespace liveness::testing
