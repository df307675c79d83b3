// The writer over a wire whose operations end when the test says so.
#include "server/rpc/heartbeat/heartbeat_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/status.h"
#include "server/rpc/engine/message_bytes.h"
#include "tests/unit/rpc/heartbeat/heartbeat_harness.h"

namespace liveness::rpc {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class FakeWire final : public HeartbeatWire {
 public:
  void Read() override { begun.emplace_back("read"); }
  void Write(const grpc::ByteBuffer& message) override {
    const grpc::Slice slice = OneSlice(message);
    v1::HeartbeatResponse response;
    EXPECT_TRUE(response.ParseFromArray(slice.begin(), static_cast<int>(slice.size())));
    const auto* field = v1::HeartbeatResponse::descriptor()->FindFieldByNumber(response.message_case());
    begun.push_back("write " + field->name());
  }
  void Finish(const grpc::Status& status) override {
    begun.emplace_back("finish");
    finished = status;
  }
  void SetAlarm(grpc::Alarm&, common::Duration span) override { alarms.push_back(span); }
  void Cancel() override { begun.emplace_back("cancel"); }
  absl::StatusOr<auth::CallerPtr> Identify() const override {
    if (!identified.ok()) return identified;
    return std::make_shared<auth::Caller>(auth::Caller{.principal = "spiffe://a/b"});
  }

  // What was begun since the last call.
  std::vector<std::string> Begun() { return std::exchange(begun, {}); }

  absl::Status identified;  // what the peer shows does not hold
  std::vector<std::string> begun;
  std::vector<common::Duration> alarms;
  std::optional<grpc::Status> finished;
};

class HeartbeatWriterTest : public ::testing::Test {
 protected:
  // Opens the stream, up to the read of the hello.
  void Start() {
    writer_->Start(absl::OkStatus());
    EXPECT_THAT(wire_.Begun(), ElementsAre("read"));
  }
  // Up to the read of the first message after the welcome, which has left.
  void Join() {
    Start();
    EXPECT_TRUE(writer_->AwaitWelcome());
    EXPECT_FALSE(writer_->AlarmFired(false));
    EXPECT_TRUE(Welcome());
    EXPECT_THAT(wire_.Begun(), ElementsAre("read", "write welcome"));
    EXPECT_FALSE(writer_->Written());
  }
  bool Welcome() {
    v1::HeartbeatResponse welcome;
    welcome.mutable_welcome();
    return writer_->Welcome({session_, 1, nullptr, false}, welcome);
  }

  HeartbeatWriterTest() { server_.options.hello_timeout = seconds(7); }

  testing::HeartbeatHarness server_;
  FakeWire wire_;
  const std::shared_ptr<registry::Session> session_ = std::make_shared<registry::Session>();
  const std::shared_ptr<HeartbeatWriter> writer_ =
      std::make_shared<HeartbeatWriter>(server_.deps, wire_, net::Endpoint{});
};

TEST_F(HeartbeatWriterTest, ThePongGoesBeforeTheReadAndOneWriteAtATime) {
  Join();
  EXPECT_FALSE(writer_->Taken(PendingPong{.ping = {.sequence = 1}}));
  EXPECT_THAT(wire_.Begun(), ElementsAre("write pong", "read"));
  writer_->Probe(1);
  writer_->Drain(seconds(1));
  EXPECT_FALSE(writer_->Taken(PendingPong{.ping = {.sequence = 2}}));
  EXPECT_THAT(wire_.Begun(), ElementsAre("read")) << "the first pong has not left yet";
  for (const char* next : {"write drain", "write ping", "write pong"}) {
    EXPECT_FALSE(writer_->Written());
    EXPECT_THAT(wire_.Begun(), ElementsAre(next));
  }
  EXPECT_FALSE(writer_->Written());
  EXPECT_THAT(wire_.Begun(), IsEmpty());
}

TEST_F(HeartbeatWriterTest, AHelloHasItsTime) {
  Start();
  EXPECT_THAT(wire_.alarms, ElementsAre(server_.options.hello_timeout));
  EXPECT_FALSE(writer_->AlarmFired(true));
  EXPECT_THAT(wire_.Begun(), ElementsAre("finish"));
  EXPECT_EQ(wire_.finished->error_code(), grpc::DEADLINE_EXCEEDED);
  EXPECT_FALSE(writer_->AwaitWelcome()) << "a hello comes too late";
  EXPECT_FALSE(Welcome());
}

TEST_F(HeartbeatWriterTest, AnAlarmThatFiredAsTheHelloCameEndsNothing) {
  Start();
  EXPECT_TRUE(writer_->AwaitWelcome());
  EXPECT_FALSE(writer_->AlarmFired(true)) << "it was not cancelled in time";
  EXPECT_THAT(wire_.Begun(), IsEmpty());
  EXPECT_TRUE(Welcome());
}

TEST_F(HeartbeatWriterTest, ARefusedStreamIsEndedUnread) {
  writer_->Start(common::Error(absl::StatusCode::kUnavailable, "DRAINING", "going away"));
  EXPECT_THAT(wire_.Begun(), ElementsAre("finish"));
  EXPECT_EQ(wire_.finished->error_code(), grpc::UNAVAILABLE);
  EXPECT_FALSE(writer_->Done(core::StreamEnd::kNone));
  EXPECT_TRUE(writer_->Finished());
}

TEST_F(HeartbeatWriterTest, AHalfClosedStreamIsInOrderAndTold) {
  Join();
  EXPECT_FALSE(writer_->ReadsEnded());
  EXPECT_THAT(wire_.Begun(), ElementsAre("finish"));
  EXPECT_TRUE(wire_.finished->ok());
  EXPECT_FALSE(writer_->Done(core::StreamEnd::kHalfClosed));
  ASSERT_EQ(server_.ended.size(), 1U);
  EXPECT_EQ(server_.ended[0].session, session_);
  EXPECT_EQ(server_.ended[0].stream, writer_);
  EXPECT_EQ(server_.ended[0].how, core::StreamEnd::kHalfClosed);
  EXPECT_TRUE(writer_->Finished()) << "nothing is under way any more";
  // The registry may still hold the stream.
  writer_->Probe(2);
  writer_->Drain(seconds(1));
  writer_->End(absl::AbortedError("superseded"));
  EXPECT_EQ(writer_->Look().taken_at, common::MonoTime{});
  EXPECT_THAT(wire_.Begun(), IsEmpty());
  EXPECT_EQ(session_.use_count(), 2) << "only this test's, and what the listener was told";
}

TEST_F(HeartbeatWriterTest, AfterAGoodbyeTheStreamWaitsForItsCommit) {
  Join();
  EXPECT_TRUE(writer_->BeginGoodbye());
  EXPECT_FALSE(writer_->BeginGoodbye());
  EXPECT_FALSE(writer_->ReadsEnded());
  EXPECT_THAT(wire_.Begun(), IsEmpty());
  writer_->End(absl::OkStatus());
  EXPECT_THAT(wire_.Begun(), ElementsAre("finish"));
  EXPECT_TRUE(wire_.finished->ok());
  EXPECT_FALSE(writer_->Finished());
  EXPECT_TRUE(writer_->Done(core::StreamEnd::kHalfClosed));
  EXPECT_THAT(server_.ended, IsEmpty()) << "the registry knows";
}

TEST_F(HeartbeatWriterTest, AFaultIsToldOnceAndWithoutALook) {
  Join();
  writer_->Fail(common::Error(absl::StatusCode::kInvalidArgument, "BAD_SEQUENCE", "it must grow"));
  EXPECT_THAT(wire_.Begun(), ElementsAre("finish"));
  EXPECT_FALSE(writer_->Taken(std::nullopt));
  EXPECT_THAT(wire_.Begun(), IsEmpty()) << "nothing is read any more";
  writer_->Fail(absl::InternalError("another"));
  EXPECT_EQ(wire_.finished->error_code(), grpc::INVALID_ARGUMENT) << "the first one counts";
  EXPECT_FALSE(writer_->Done(core::StreamEnd::kNone));
  ASSERT_EQ(server_.ended.size(), 1U);
  EXPECT_EQ(server_.ended[0].how, core::StreamEnd::kByServer);
  EXPECT_FALSE(server_.ended[0].look);
}

TEST_F(HeartbeatWriterTest, WhoDoesNotReadItsAnswersIsCancelledAfterAWhile) {
  Join();
  EXPECT_FALSE(writer_->Taken(PendingPong{}));
  wire_.Begun();
  writer_->End(absl::AbortedError("superseded"));
  EXPECT_THAT(wire_.Begun(), IsEmpty()) << "the pong is still on its way";
  EXPECT_THAT(wire_.alarms, ElementsAre(server_.options.hello_timeout, kFinishPatience));
  EXPECT_FALSE(writer_->AlarmFired(true));
  EXPECT_THAT(wire_.Begun(), ElementsAre("cancel"));
}

TEST_F(HeartbeatWriterTest, OnlyTheProbeThatWaitsIsAnswered) {
  Join();
  EXPECT_FALSE(writer_->TakeProbeAnswer(0, server_.clock.Mono())) << "none was sent";
  writer_->Probe(1);
  EXPECT_FALSE(writer_->Written());
  server_.clock.Advance(milliseconds(20));
  writer_->Probe(2);
  server_.clock.Advance(milliseconds(5));
  EXPECT_FALSE(writer_->TakeProbeAnswer(1, server_.clock.Mono()));
  EXPECT_EQ(writer_->TakeProbeAnswer(2, server_.clock.Mono()), milliseconds(5));
  EXPECT_FALSE(writer_->TakeProbeAnswer(2, server_.clock.Mono())) << "once";
}

TEST_F(HeartbeatWriterTest, TheConnectionIsKnownFromTheHelloOn) {
  const net::Endpoint remote = *net::FromText("10.0.0.1:1000");
  const net::Endpoint local = *net::FromText("10.0.0.2:7700");
  server_.sockets.Remember(remote, {.local = local, .cookie = 9});
  for (const auto& [own, proxied, maybe] :
       {std::tuple("10.0.0.1:1000", false, false), std::tuple("192.168.0.7:1", true, false),
        std::tuple("", false, true)}) {
    FakeWire wire;
    const auto writer = std::make_shared<HeartbeatWriter>(server_.deps, wire, remote);
    const auto identified = writer->Identify("a", own);
    ASSERT_TRUE(identified.ok());
    const HeartbeatPeer& peer = *identified;
    EXPECT_EQ(peer.address, "10.0.0.1:1000");
    EXPECT_EQ(peer.caller->principal, "spiffe://a/b");
    const core::LinkEvidence seen = writer->Look();
    const core::TcpEvidence tcp = server_.diag.Ask({.local = local, .remote = remote, .cookie = 9});
    EXPECT_EQ(seen.tcp.absence, proxied ? core::TcpAbsence::kProxy : tcp.absence) << own;
    EXPECT_EQ(seen.maybe_proxied, maybe) << own;
  }
}

TEST_F(HeartbeatWriterTest, WhoIsRevokedIsOutAndTheRegistryHears) {
  (void)writer_->Identify("a", "");
  Join();
  writer_->AskGate();
  EXPECT_THAT(wire_.Begun(), IsEmpty()) << "it still holds";
  wire_.identified =
      common::Error(absl::StatusCode::kUnauthenticated, "CERTIFICATE_REVOKED", "it was revoked");
  writer_->AskGate();
  EXPECT_THAT(wire_.Begun(), ElementsAre("finish"));
  EXPECT_EQ(wire_.finished->error_code(), grpc::PERMISSION_DENIED);
  ASSERT_EQ(server_.ended.size(), 1U);
  EXPECT_EQ(server_.ended.front().how, core::StreamEnd::kRevoked);
  writer_->AskGate();
  EXPECT_EQ(server_.ended.size(), 1U) << "once";
}

// --- Until all has come back -------------------------------------------------

TEST_F(HeartbeatWriterTest, ACallIsNotOverWhileSomethingOfItIsUnderWay) {
  Join();
  EXPECT_FALSE(writer_->Taken(PendingPong{}));  // a read and a write
  EXPECT_FALSE(writer_->Done(core::StreamEnd::kNone));
  EXPECT_FALSE(writer_->ReadsEnded()) << "the write is under way";
  EXPECT_TRUE(writer_->Written());

  FakeWire wire;
  const auto other = std::make_shared<HeartbeatWriter>(server_.deps, wire, net::Endpoint{});
  other->Start(absl::OkStatus());  // a read and an alarm
  EXPECT_FALSE(other->Done(core::StreamEnd::kNone));
  EXPECT_FALSE(other->AlarmFired(false)) << "the read is under way";
  EXPECT_TRUE(other->ReadsEnded());
}

TEST_F(HeartbeatWriterTest, TheHellosAlarmIsWaitedForToo) {
  Start();
  EXPECT_FALSE(writer_->Done(core::StreamEnd::kNone));
  EXPECT_FALSE(writer_->ReadsEnded());
  EXPECT_TRUE(writer_->AlarmFired(true)) << "it was not cancelled in time";
  EXPECT_FALSE(wire_.finished) << "whose call is over has not let its hello wait";
  EXPECT_THAT(server_.ended, IsEmpty()) << "there was no session";
}

TEST_F(HeartbeatWriterTest, AnAlarmThatFiredAsTheCallEndedBlamesNobody) {
  Start();
  EXPECT_FALSE(writer_->Done(core::StreamEnd::kNone));
  EXPECT_FALSE(writer_->AlarmFired(true));
  EXPECT_THAT(server_.log.counts(), IsEmpty());
  EXPECT_TRUE(writer_->ReadsEnded());
}

TEST_F(HeartbeatWriterTest, ACallThatIsOverReadsNoMore) {
  Join();
  EXPECT_FALSE(writer_->Done(core::StreamEnd::kNone));
  EXPECT_TRUE(writer_->Taken(std::nullopt)) << "the message was the last";
  EXPECT_THAT(wire_.Begun(), IsEmpty());
}

TEST_F(HeartbeatWriterTest, AnEndThatWaitsForNoWriteSetsNoAlarm) {
  Start();
  EXPECT_TRUE(writer_->AwaitWelcome());
  writer_->End(absl::AbortedError("superseded"));
  EXPECT_THAT(wire_.Begun(), ElementsAre("finish"));
  EXPECT_FALSE(writer_->AlarmFired(false));
  EXPECT_THAT(wire_.alarms, ElementsAre(server_.options.hello_timeout));
}

TEST_F(HeartbeatWriterTest, ACallThatIsOverJoinsNothing) {
  Start();
  EXPECT_FALSE(writer_->Done(core::StreamEnd::kNone));
  EXPECT_FALSE(writer_->AwaitWelcome());
  EXPECT_FALSE(Welcome());
  EXPECT_THAT(wire_.Begun(), IsEmpty());
}

TEST_F(HeartbeatWriterTest, BeforeItsWelcomeAStreamIsNotAskedToMoveAndItsFaultIsNobodys) {
  Start();
  writer_->Drain(seconds(1));
  EXPECT_THAT(wire_.Begun(), IsEmpty());
  writer_->Fail(common::Error(absl::StatusCode::kInvalidArgument, "BAD_MESSAGE", "no message"));
  EXPECT_THAT(wire_.Begun(), ElementsAre("finish"));
  EXPECT_THAT(server_.ended, IsEmpty());
}

TEST_F(HeartbeatWriterTest, AnEndHasItsTimeAlsoWhereTheHellosAlarmComesBackFirst) {
  Start();
  EXPECT_TRUE(writer_->AwaitWelcome());
  EXPECT_TRUE(Welcome());  // it is being written, and the alarm that was cancelled has not come back
  writer_->End(absl::AbortedError("superseded"));
  EXPECT_THAT(wire_.alarms, ElementsAre(server_.options.hello_timeout)) << "one at a time";
  EXPECT_FALSE(writer_->AlarmFired(false));
  EXPECT_EQ(wire_.alarms.back(), kFinishPatience);
  EXPECT_EQ(wire_.alarms.size(), 2U);
  wire_.Begun();
  EXPECT_FALSE(writer_->Written());
  EXPECT_THAT(wire_.Begun(), ElementsAre("finish"));
  EXPECT_FALSE(writer_->AlarmFired(true)) << "what was to be cancelled has left";
  EXPECT_THAT(wire_.Begun(), IsEmpty());
}

}  // namespace
}  // namespace liveness::rpc
