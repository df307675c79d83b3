// The protocol over a transport that is no gRPC.
#include "server/rpc/heartbeat/heartbeat_protocol.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "common/limits.h"
#include "common/status.h"
#include "tests/unit/rpc/heartbeat/heartbeat_harness.h"

namespace liveness::rpc {
namespace {

using common::ReasonOf;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using testing::Hello;
using ::testing::IsEmpty;
using testing::Ping;

// A stream that records what is asked of it.
class FakeTransport final : public HeartbeatTransport {
 public:
  void Probe(std::uint64_t sequence) override { probes.push_back(sequence); }
  void End(const absl::Status& why) override {
    ends.push_back(why);
    over = true;
  }
  HeartbeatPeer Identify(const std::string& client_id, const std::string& own_address) override {
    identified.emplace_back(client_id, own_address);
    return {.address = "10.0.0.1:1000", .principal = "spiffe://a", .keepalive = nullptr};
  }
  bool AwaitWelcome() override { return !over && (awaiting = true); }
  std::optional<common::Duration> TakeProbeAnswer(std::uint64_t sequence, common::MonoTime) override {
    if (probes.empty() || probes.back() != sequence) return std::nullopt;
    return round_trip;
  }
  bool BeginGoodbye() override { return !std::exchange(leaving, true); }
  bool Welcome(const std::shared_ptr<registry::Session>& its_session, std::uint64_t its_attachment,
               const v1::HeartbeatResponse& message) override {
    if (over) return false;
    awaiting = false;
    session = its_session;
    attachment = its_attachment;
    welcome = message.welcome();
    return true;
  }

  std::vector<std::pair<std::string, std::string>> identified;
  std::vector<std::uint64_t> probes;
  std::vector<absl::Status> ends;
  common::Duration round_trip = milliseconds(7);
  std::shared_ptr<registry::Session> session;
  std::uint64_t attachment = 0;
  v1::Welcome welcome;
  bool awaiting = false;
  bool leaving = false;
  bool over = false;  // the test may set it
};

// One stream of the server.
class Stream {
 public:
  explicit Stream(testing::HeartbeatHarness& server)
      : server_(server),
        transport_(std::make_shared<FakeTransport>()),
        protocol_(server.deps, server.world.registry.pulses().at(0), transport_) {}

  FakeTransport& transport() { return *transport_; }
  absl::StatusOr<HeartbeatProtocol::Next> Take(std::string_view bytes) {
    if (absl::Status fits = HeartbeatProtocol::CheckSize(bytes.size()); !fits.ok()) return fits;
    return protocol_.Take({reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
  }
  absl::StatusOr<HeartbeatProtocol::Next> Take(const v1::HeartbeatRequest& request) {
    return Take(request.SerializeAsString());
  }
  // The reason that the stream would end for; empty if it goes on.
  template <typename Message>
  std::string Refusal(const Message& message) {
    return ReasonOf(Take(message).status());
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
  testing::HeartbeatHarness& server_;
  const std::shared_ptr<FakeTransport> transport_;
  HeartbeatProtocol protocol_;
};

class HeartbeatProtocolTest : public ::testing::Test {
 protected:
  core::RecordPtr Record() const { return server_.world.Record("a"); }

  testing::HeartbeatHarness server_;
  Stream stream_{server_};
};

// --- Hello -------------------------------------------------------------------

TEST_F(HeartbeatProtocolTest, HelloComesFirst) {
  for (const auto& make : std::vector<std::function<void(v1::HeartbeatRequest&)>>{
           [](auto& request) { request.mutable_ping()->set_sequence(1); },
           [](auto& request) { request.mutable_ping()->add_progress()->set_name("work"); },
           [](auto& request) { request.mutable_pong(); },
           [](auto& request) { request.mutable_update(); },
           [](auto& request) { request.mutable_goodbye(); },
       }) {
    v1::HeartbeatRequest request;
    make(request);
    EXPECT_EQ(Stream(server_).Refusal(request), "HELLO_MISSING") << request.ShortDebugString();
  }
}

TEST_F(HeartbeatProtocolTest, TheWelcomeComesWithTheCommitAndSaysWhatHolds) {
  v1::HeartbeatRequest hello = Hello();
  hello.mutable_hello()->mutable_interval()->set_seconds(2);
  hello.mutable_hello()->mutable_timeout()->set_seconds(8);
  hello.mutable_hello()->set_local_address("10.0.0.1:1000");
  const auto next = stream_.Take(hello);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_TRUE(next->await_welcome);
  EXPECT_FALSE(next->pong);
  EXPECT_TRUE(stream_.transport().awaiting);
  EXPECT_THAT(stream_.transport().identified, ElementsAre(std::pair("a", "10.0.0.1:1000")));

  server_.Commit();
  EXPECT_FALSE(stream_.transport().awaiting);
  const v1::Welcome& welcome = stream_.transport().welcome;
  EXPECT_EQ(welcome.incarnation(), Record()->incarnation);
  EXPECT_EQ(welcome.server_id(), "server-1");
  EXPECT_EQ(welcome.interval().seconds(), 2);
  EXPECT_EQ(welcome.timeout().seconds(), 8);
  EXPECT_EQ(welcome.vouched_for().seconds(), 8);
  EXPECT_EQ(welcome.detection().method(), v1::DETECTION_METHOD_FIXED);
  const auto token = server_.resume_tokens.Verify(welcome.resume_token(), "a", "a-1");
  EXPECT_EQ(token.verdict, core::ResumeVerdict::kValid);
  EXPECT_EQ(token.claim.incarnation, Record()->incarnation);
  EXPECT_EQ(Record()->info.peer_address(), "10.0.0.1:1000") << "as the transport shows it";
  EXPECT_EQ(Record()->info.principal(), "spiffe://a");
}

TEST_F(HeartbeatProtocolTest, ASecondHelloEndsTheStream) {
  stream_.Join();
  EXPECT_EQ(stream_.Refusal(Hello()), "HELLO_REPEATED");
  Stream other(server_);
  other.Join(Hello("b", "b-1"));
  ASSERT_TRUE(other.Beat(1));
  EXPECT_EQ(other.Refusal(Hello("c", "c-1")), "HELLO_REPEATED");
  EXPECT_EQ(server_.world.Record("c"), nullptr);
}

TEST_F(HeartbeatProtocolTest, ABadHelloNamesItsFieldsAndRegistersNobody) {
  const auto refused = stream_.Take(Hello("", "")).status();
  EXPECT_EQ(ReasonOf(refused), "BAD_HELLO");
  EXPECT_EQ(common::ViolationsOf(refused).size(), 2U);
  // Text that is no UTF-8, which Protobuf refuses without a word: 0x0a opens the hello, and in it the id.
  const auto unreadable = Stream(server_).Take("\x0a\x04\x0a\x02\xff\xff").status();
  EXPECT_EQ(ReasonOf(unreadable), "BAD_HELLO");
  ASSERT_EQ(common::ViolationsOf(unreadable).size(), 1U);
  EXPECT_EQ(common::ViolationsOf(unreadable)[0].field, "hello.client_id");
  EXPECT_TRUE(server_.store.idle());
}

TEST_F(HeartbeatProtocolTest, ADrainingServerTakesNoHello) {
  server_.draining = true;
  EXPECT_EQ(stream_.Refusal(Hello()), "DRAINING");
  EXPECT_TRUE(server_.store.idle());
}

TEST_F(HeartbeatProtocolTest, ATokenResumesAndAForgedOneIsRefused) {
  stream_.Join();
  v1::HeartbeatRequest hello = Hello();
  hello.mutable_hello()->set_resume_token(stream_.transport().welcome.resume_token());
  Stream resumed(server_);
  resumed.Join(hello);
  EXPECT_EQ(resumed.transport().welcome.incarnation(), stream_.transport().welcome.incarnation());
  EXPECT_GT(resumed.transport().attachment, stream_.transport().attachment);

  Stream thief(server_);
  hello.mutable_hello()->set_client_id("b");
  EXPECT_EQ(thief.Refusal(hello), "RESUME_TOKEN_OTHER_CLIENT");
  EXPECT_THAT(thief.transport().identified, ElementsAre(std::pair("b", ""))) << "for the log";
  hello.mutable_hello()->set_resume_token("no token");
  EXPECT_EQ(Stream(server_).Refusal(hello), "RESUME_TOKEN_FORGED");
}

TEST_F(HeartbeatProtocolTest, AHelloThatComesTooLateRegistersNobody) {
  stream_.transport().over = true;
  const auto next = stream_.Take(Hello());
  ASSERT_TRUE(next.ok());
  EXPECT_FALSE(next->await_welcome);
  EXPECT_TRUE(server_.store.idle());
}

TEST_F(HeartbeatProtocolTest, AStreamThatEndsBeforeItsSessionBeganIsTold) {
  ASSERT_TRUE(stream_.Take(Hello()).ok());
  stream_.transport().over = true;
  server_.Commit();
  ASSERT_EQ(server_.ended.size(), 1U);
  EXPECT_NE(server_.ended[0].session, nullptr);
  EXPECT_EQ(server_.ended[0].how, core::StreamEnd::kConnectionClosed);
  EXPECT_FALSE(server_.ended[0].look);
  EXPECT_EQ(server_.ended[0].stream, nullptr) << "no line in the log";
}

TEST_F(HeartbeatProtocolTest, WhatTheRegistryRefusesEndsTheStream) {
  stream_.Join();
  Stream other(server_);
  other.Join(Hello("a", "a-2"));
  // The first instance again, with its token: superseded for good.
  v1::HeartbeatRequest hello = Hello();
  hello.mutable_hello()->set_resume_token(stream_.transport().welcome.resume_token());
  Stream superseded(server_);
  const auto next = superseded.Take(hello);
  ASSERT_TRUE(next.ok()) << next.status();
  server_.Commit();
  ASSERT_EQ(superseded.transport().ends.size(), 1U);
  EXPECT_EQ(ReasonOf(superseded.transport().ends[0]), "SUPERSEDED");
  EXPECT_THAT(server_.ended, IsEmpty());
}

// --- Bytes -------------------------------------------------------------------

TEST_F(HeartbeatProtocolTest, BytesThatDoNotParseEndTheStream) {
  EXPECT_EQ(Stream(server_).Refusal(std::string_view("\xff\xff\xff")), "BAD_MESSAGE");
  stream_.Join();
  EXPECT_EQ(stream_.Refusal(std::string_view("\xff\xff\xff")), "BAD_MESSAGE");
}

TEST_F(HeartbeatProtocolTest, OneSessionPerStream) {
  v1::HeartbeatRequest hello = Hello();
  hello.set_session(1);
  EXPECT_EQ(Stream(server_).Refusal(hello), "SESSIONS_UNIMPLEMENTED");
  stream_.Join();
  v1::HeartbeatRequest ping = Ping(1);
  ping.set_session(7);
  EXPECT_EQ(stream_.Refusal(ping), "SESSIONS_UNIMPLEMENTED");
}

TEST_F(HeartbeatProtocolTest, AMessageHasABound) {
  EXPECT_TRUE(HeartbeatProtocol::CheckSize(common::kMaxHeartbeatMessageBytes).ok());
  const absl::Status refused = HeartbeatProtocol::CheckSize(common::kMaxHeartbeatMessageBytes + 1);
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(refused), "MESSAGE_TOO_LARGE");
}

TEST_F(HeartbeatProtocolTest, AnUnknownMessageIsIgnoredButHeard) {
  const std::string newer = "\xc2\x3e\x01x";  // field 1000, of a protocol to come
  EXPECT_EQ(stream_.Refusal(std::string_view()), "") << "before the hello too";
  EXPECT_EQ(stream_.Refusal(newer), "");
  stream_.Join();
  server_.clock.Advance(milliseconds(100));
  const auto next = stream_.Take(newer);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_FALSE(next->pong);
  EXPECT_EQ(stream_.transport().session->last_heard(), server_.clock.Mono());
  server_.clock.Advance(milliseconds(100));
  EXPECT_EQ(stream_.Refusal(std::string_view()), "");
  EXPECT_EQ(stream_.transport().session->last_heard(), server_.clock.Mono());
  EXPECT_EQ(server_.pings, 0);
}

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
    Stream stream(server_);
    stream.Join(Hello("client-" + std::to_string(second), "1"));
    ASSERT_TRUE(stream.Beat(5));
    EXPECT_EQ(stream.Refusal(Ping(second)), "BAD_SEQUENCE") << second;
    EXPECT_EQ(stream.transport().session->last_sequence(), 5U);
  }
}

TEST_F(HeartbeatProtocolTest, AFloodEndsTheStreamWhateverItIsMadeOf) {
  for (const std::string& message : {Ping(0).SerializeAsString(), std::string()}) {
    Stream stream(server_);
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
  Stream unbounded(server_);
  unbounded.Join(Hello("b", "b-1"));
  for (std::uint64_t i = 1; i <= 1000; ++i) ASSERT_TRUE(unbounded.Beat(i));
}

TEST_F(HeartbeatProtocolTest, AReplacedStreamIsNotAnswered) {
  stream_.Join();
  ASSERT_TRUE(stream_.Beat(1));
  v1::HeartbeatRequest hello = Hello();
  hello.mutable_hello()->set_resume_token(stream_.transport().welcome.resume_token());
  Stream newer(server_);
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
