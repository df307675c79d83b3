// What surrounds a heartbeat stream, under the test's hand: a registry over a store that commits when the
// test says so, a clock that it moves, and a service that records what it is told. Header only.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/measure/histogram.h"
#include "liveness/v1/heartbeat_service.pb.h"
#include "server/auth/call_gate.h"
#include "server/rpc/heartbeat/heartbeat_deps.h"
#include "tests/support/registry/registry_harness.h"
#include "tests/support/stores/manual_store.h"

namespace liveness::testing {

inline v1::HeartbeatRequest Hello(const std::string& client_id = "a", const std::string& instance = "a-1") {
  v1::HeartbeatRequest request;
  request.mutable_hello()->set_client_id(client_id);
  request.mutable_hello()->set_instance_id(instance);
  return request;
}

inline v1::HeartbeatRequest Ping(std::uint64_t sequence) {
  v1::HeartbeatRequest request;
  request.mutable_ping()->set_sequence(sequence);
  return request;
}

// Not thread-safe.
class HeartbeatHarness : private rpc::HeartbeatListener {
 public:
  // What is proposed to the store is committed, the registry told, and what follows from that as well.
  void Commit() {
    while (!store.idle()) {
      store.ApplyAll();
      store.Tell();
    }
  }

  ManualClock clock;
  Ledger ledger;
  ManualStore store{ledger};
  RegistryHarness world{clock, store};
  rpc::HeartbeatOptions options{.server_id = "server-1",
                                .preset = {std::chrono::seconds(1), std::chrono::seconds(3)}};
  const rpc::TokensInUse resume_tokens{rpc::MakeKeyRing({7}, {})};
  net::AcceptedSockets sockets{std::chrono::seconds(10), std::chrono::seconds(10)};
  const net::TcpDiag diag;
  rpc::StreamQuota quota{0};
  rpc::StreamQuota sessions{20};
  rpc::HelloPace pace{1};  // ten at once
  rpc::EndLog log{clock, 20};
  std::atomic<bool> draining{false};
  std::atomic<std::int64_t> pings{0};
  std::atomic<std::int64_t> merged_label_changes{0};
  std::atomic<std::int64_t> progress_left_out{0};
  rpc::MethodFigures figures{rpc::MethodFigures::Shape::kStream};
  common::Histogram rtts{common::kRttBounds};
  std::vector<rpc::EndedStream> ended;
  const rpc::HeartbeatDeps deps{.options = options,
                                .clock = clock,
                                .registry = world.registry,
                                .resume_tokens = resume_tokens,
                                .gate = auth::OpenGate(),
                                .sockets = sockets,
                                .diag = diag,
                                .quota = quota,
                                .sessions = sessions,
                                .pace = pace,
                                .log = log,
                                .listener = *this,
                                .draining = draining,
                                .pings = pings,
                                .merged_label_changes = merged_label_changes,
                                .progress_left_out = progress_left_out,
                                .figures = figures,
                                .rtts = rtts};

 private:
  bool OnOpened(const std::shared_ptr<rpc::HeartbeatWriter>&) override { return true; }
  void OnClosed(const std::shared_ptr<rpc::HeartbeatWriter>&) override {}
  void OnStreamEnded(rpc::EndedStream stream) override { ended.push_back(std::move(stream)); }
};

}  // namespace liveness::testing
