// What a stream says after its hello: the protocol over a transport that is no gRPC.
#include "server/rpc/heartbeat/heartbeat_protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "common/status.h"
#include "tests/unit/rpc/heartbeat/protocol_stream.h"

namespace liveness::rpc {
namespace {

using common::ReasonOf;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using testing::Hello;
using ::testing::IsEmpty;
using testing::Ping;
using testing::ProtocolStream;

using HeartbeatProtocolTest = testing::ProtocolStreamTest;

// --- Pings -------------------------------------------------------------------

TEST_F(HeartbeatProtocolTest, APongEchoesThePingAndVouches) {
  stream_.Join();
  server_.clock.Advance(milliseconds(300));
  v1::HeartbeatRequest ping = Ping(4);
  ping.mutable_ping()->mutable_send_time()->set_seconds(17);
  const auto next = stream_.Take(ping);
  ASSERT_TRUE(next.ok()) << next.status();
  ASSERT_TRUE(next->pong);
  EXPECT_EQ(next->pong->ping.sequence, 4U);
  EXPECT_EQ(next->pong->ping.send_seconds, 17);
  EXPECT_EQ(next->pong->receive_time, server_.clock.Wall());
  EXPECT_EQ(next->pong->vouched_for, seconds(3));
  EXPECT_EQ(stream_.transport().session->last_heard(), server_.clock.Mono());
  EXPECT_EQ(server_.pings, 1);
}

TEST_F(HeartbeatProtocolTest, GapsAreCountedAndAnswered) {
  stream_.Join();
  EXPECT_TRUE(stream_.Beat(10)) << "a stream may start anywhere";
  EXPECT_TRUE(stream_.Beat(11));
  EXPECT_TRUE(stream_.Beat(15));
  EXPECT_EQ(stream_.transport().session->missed(), 3U);
  EXPECT_EQ(stream_.transport().session->last_sequence(), 15U);
}

TEST_F(HeartbeatProtocolTest, ASequenceThatDoesNotGrowEndsTheStream) {
  for (const std::uint64_t second : {5U, 4U, 0U}) {
    ProtocolStream stream(server_);
    stream.Join(Hello("client-" + std::to_string(second), "1"));
    ASSERT_TRUE(stream.Beat(5));
    EXPECT_EQ(stream.Refusal(Ping(second)), "BAD_SEQUENCE") << second;
    EXPECT_EQ(stream.transport().session->last_sequence(), 5U);
  }
}

TEST_F(HeartbeatProtocolTest, AFloodEndsTheStreamWhateverItIsMadeOf) {
  for (const std::string& message : {Ping(0).SerializeAsString(), std::string()}) {
    ProtocolStream stream(server_);
    stream.Join(Hello("client-" + std::to_string(message.size()), "1"));
    std::uint64_t sequence = 0;
    std::string reason;
    while (reason.empty() && sequence < 1000) {
      ++sequence;
      reason = message.empty() ? stream.Refusal(std::string_view()) : stream.Refusal(Ping(sequence));
    }
    EXPECT_EQ(reason, "PING_FLOOD");
    EXPECT_EQ(sequence, 101U) << "a hundred are forgiven, and no time has passed";
  }
}

TEST_F(HeartbeatProtocolTest, TimeGivesRoomAndZeroNoLimit) {
  stream_.Join();
  std::uint64_t sequence = 0;
  while (sequence < 100) ASSERT_TRUE(stream_.Beat(++sequence));
  // Ten times what an interval of 1 s asks for, this server's own stops included.
  server_.world.Stall(seconds(2));
  while (sequence < 120) ASSERT_TRUE(stream_.Beat(++sequence));
  EXPECT_EQ(stream_.Refusal(Ping(++sequence)), "PING_FLOOD");

  server_.options.max_ping_rate = 0;
  ProtocolStream unbounded(server_);
  unbounded.Join(Hello("b", "b-1"));
  for (std::uint64_t i = 1; i <= 1000; ++i) ASSERT_TRUE(unbounded.Beat(i));
}

TEST_F(HeartbeatProtocolTest, AReplacedStreamIsNotAnswered) {
  stream_.Join();
  ASSERT_TRUE(stream_.Beat(1));
  v1::HeartbeatRequest hello = Hello();
  hello.mutable_hello()->set_resume_token(stream_.transport().welcome.resume_token());
  ProtocolStream newer(server_);
  newer.Join(hello);
  ASSERT_EQ(stream_.transport().ends.size(), 1U);
  EXPECT_EQ(ReasonOf(stream_.transport().ends[0]), "STREAM_REPLACED");
  const auto next = stream_.Take(Ping(2));
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_FALSE(next->pong);
  EXPECT_EQ(server_.pings, 1) << "it does not count";
  EXPECT_TRUE(newer.Beat(1));
}

// --- Reports, updates, probes ------------------------------------------------

v1::HeartbeatRequest Report(std::uint64_t sequence, seconds age) {
  v1::HeartbeatRequest request = Ping(sequence);
  v1::Progress& token = *request.mutable_ping()->add_progress();
  token.set_name("work");
  token.mutable_age()->set_seconds(age.count());
  token.mutable_deadline()->set_seconds(5);
  return request;
}

TEST_F(HeartbeatProtocolTest, AStaleTokenStallsTheClientUntilAPingSaysOtherwise) {
  stream_.Join();
  const auto health_after = [&](const v1::HeartbeatRequest& request) {
    const auto next = stream_.Take(request);
    EXPECT_TRUE(next.ok() && next->pong) << "answered all the same";
    server_.Commit();
    return Record()->health;
  };
  EXPECT_EQ(health_after(Report(1, seconds(1))), core::Health::kOk);
  EXPECT_EQ(health_after(Report(2, seconds(6))), core::Health::kStalled);
  EXPECT_EQ(health_after(Ping(3)), core::Health::kOk) << "a plain ping has no token that is stale";
}

TEST_F(HeartbeatProtocolTest, ABadReportEndsTheStreamAndItsPingDoesNotCount) {
  stream_.Join();
  const auto refused = stream_.Take(Report(1, seconds(-1))).status();
  EXPECT_EQ(ReasonOf(refused), "BAD_MESSAGE");
  EXPECT_EQ(common::ViolationsOf(refused)[0].field, "ping.progress[0].age");
  EXPECT_EQ(server_.pings, 0);
}

TEST_F(HeartbeatProtocolTest, AnUpdateReplacesTheLabels) {
  stream_.Join();
  v1::HeartbeatRequest update;
  (*update.mutable_update()->mutable_labels())["zone"] = "b";
  EXPECT_EQ(stream_.Refusal(update), "");
  server_.Commit();
  EXPECT_EQ(Record()->info.FindLabel("zone"), "b");
  (*update.mutable_update()->mutable_labels())[""] = "b";
  EXPECT_EQ(stream_.Refusal(update), "BAD_MESSAGE");
}

TEST_F(HeartbeatProtocolTest, APongToAProbeRefutesAndShowsTheRoundTrip) {
  stream_.Join();
  server_.world.registry.BeginServing();
  for (int i = 0; i < 35; ++i) {
    server_.world.Run(milliseconds(100));
    server_.Commit();
  }
  ASSERT_EQ(Record()->state, core::State::kSuspect);
  ASSERT_FALSE(stream_.transport().probes.empty());
  v1::HeartbeatRequest pong;
  pong.mutable_pong()->set_sequence(stream_.transport().probes.back() + 1);
  EXPECT_EQ(stream_.Refusal(pong), "");
  EXPECT_EQ(stream_.transport().session->rtt(), common::Duration::zero()) << "no such probe was sent";
  server_.Commit();
  EXPECT_EQ(Record()->state, core::State::kAlive) << "whatever a client says refutes";
  pong.mutable_pong()->set_sequence(stream_.transport().probes.back());
  EXPECT_EQ(stream_.Refusal(pong), "");
  EXPECT_EQ(stream_.transport().session->rtt(), milliseconds(7));
}

// --- Goodbye -----------------------------------------------------------------

TEST_F(HeartbeatProtocolTest, AGoodbyeIsAnsweredOnceItIsCommittedAndCountsOnce) {
  stream_.Join();
  v1::HeartbeatRequest goodbye;
  goodbye.mutable_goodbye()->set_reason("done");
  EXPECT_EQ(stream_.Refusal(goodbye), "");
  EXPECT_THAT(stream_.transport().ends, IsEmpty()) << "a crash of the server may still undo it";
  goodbye.mutable_goodbye()->set_exit_code(1);
  EXPECT_EQ(stream_.Refusal(goodbye), "");
  server_.Commit();
  EXPECT_THAT(stream_.transport().ends, ElementsAre(absl::OkStatus()));
  EXPECT_EQ(Record()->state, core::State::kLeft) << "the first one counts";
}

TEST_F(HeartbeatProtocolTest, AGoodbyeWithAnExitCodeIsADeath) {
  stream_.Join();
  v1::HeartbeatRequest goodbye;
  goodbye.mutable_goodbye()->set_exit_code(3);
  EXPECT_EQ(stream_.Refusal(goodbye), "");
  server_.Commit();
  EXPECT_EQ(Record()->state, core::State::kDead);
  EXPECT_EQ(Record()->cause, core::Cause::kProcessExited);
}

}  // namespace
}  // namespace liveness::rpc
