// A server that answers with anything that parses.
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "common/clock.h"
#include "tests/integration/client/state_log.h"
#include "tests/support/fake_heartbeat_server.h"
#include "tests/support/random_message.h"

namespace liveness::testing {
namespace {

using namespace std::chrono_literals;

v1::HeartbeatResponse Anything(RandomMessage& any, const v1::HeartbeatRequest& to) {
  v1::HeartbeatResponse answer;
  if (to.has_hello()) {
    any.Fill(*answer.mutable_welcome());
  } else if (to.has_ping() && any.Chance(70)) {
    any.Fill(*answer.mutable_pong());
    if (any.Chance(70)) answer.mutable_pong()->set_sequence(to.ping().sequence());
  } else {
    any.Fill(answer);
  }
  return answer;
}

TEST(ClientHostileServer, WhateverItSaysTheClientIsCertainOfNoMoreThanItAskedFor) {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    SCOPED_TRACE(seed);
    std::atomic<std::uint64_t> number{seed * 1'000};
    FakeHeartbeatServer server([&](FakeStream& stream) {
      RandomMessage any(++number);
      while (const auto request = stream.Read()) {
        if (request->has_goodbye()) return grpc::Status::OK;
        stream.Write(Anything(any, *request));
        if (any.Chance(3)) return grpc::Status(grpc::StatusCode::UNAVAILABLE, "enough");
      }
      return grpc::Status::CANCELLED;
    });
    StateLog log;
    ClientOptions options = OptionsFor(server.target(), log);
    options.interval = 20ms;
    options.timeout = 100ms;
    const auto client = StartClient(options);
    const auto begun = std::chrono::steady_clock::now();
    while (std::chrono::steady_clock::now() < begun + 300ms) {
      // Read first: the client's word may only be older than the clock's.
      const auto until = client->alive_until();
      ASSERT_LE(until, common::SystemClock().Boot().time_since_epoch() + 100ms);
      std::this_thread::sleep_for(1ms);
    }
    const auto ran = std::chrono::steady_clock::now() - begun;
    EXPECT_LE(client->counters().pings_sent, 200u + static_cast<std::uint64_t>(ran / 10ms));
    EXPECT_NE(client->state(), State::kStopped) << "nothing of it was final";
  }
}

}  // namespace
}  // namespace liveness::testing
