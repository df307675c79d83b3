// How a stream gets its session, and which bytes end it: the protocol over a transport that is no gRPC.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "common/limits.h"
#include "common/status.h"
#include "tests/unit/rpc/heartbeat/protocol_stream.h"

namespace liveness::rpc {
namespace {

using common::ReasonOf;
using std::chrono::milliseconds;
using ::testing::ElementsAre;
using testing::Hello;
using ::testing::IsEmpty;
using testing::Ping;
using testing::ProtocolStream;

using HeartbeatJoiningTest = testing::ProtocolStreamTest;

TEST_F(HeartbeatJoiningTest, HelloComesFirst) {
  for (const auto& make : std::vector<std::function<void(v1::HeartbeatRequest&)>>{
           [](auto& request) { request.mutable_ping()->set_sequence(1); },
           [](auto& request) { request.mutable_ping()->add_progress()->set_name("work"); },
           [](auto& request) { request.mutable_pong(); },
           [](auto& request) { request.mutable_update(); },
           [](auto& request) { request.mutable_goodbye(); },
       }) {
    v1::HeartbeatRequest request;
    make(request);
    EXPECT_EQ(ProtocolStream(server_).Refusal(request), "HELLO_MISSING") << request.ShortDebugString();
  }
}

TEST_F(HeartbeatJoiningTest, TheWelcomeComesWithTheCommitAndSaysWhatHolds) {
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
  const auto token =
      server_.resume_tokens.Now()->Verify(welcome.resume_token(), "a", "a-1", server_.clock.Wall());
  EXPECT_EQ(token.verdict, core::ResumeVerdict::kValid);
  EXPECT_EQ(token.claim.incarnation, Record()->incarnation);
  EXPECT_EQ(Record()->info.peer_address(), "10.0.0.1:1000") << "as the transport shows it";
  EXPECT_EQ(Record()->info.principal(), "spiffe://a/b");
}

TEST_F(HeartbeatJoiningTest, AGoodbyeThatIsReadAsTheCallEndsIsOne) {
  stream_.Join();
  stream_.transport().over = true;  // the client hung up behind its first and last words
  v1::HeartbeatRequest goodbye;
  goodbye.mutable_goodbye();
  EXPECT_TRUE(stream_.Take(goodbye).ok());
  server_.Commit();
  EXPECT_EQ(Record()->state, core::State::kLeft);
}

TEST_F(HeartbeatJoiningTest, ASecondHelloEndsTheStream) {
  stream_.Join();
  EXPECT_EQ(stream_.Refusal(Hello()), "HELLO_REPEATED");
  ProtocolStream other(server_);
  other.Join(Hello("b", "b-1"));
  ASSERT_TRUE(other.Beat(1));
  EXPECT_EQ(other.Refusal(Hello("c", "c-1")), "HELLO_REPEATED");
  EXPECT_EQ(server_.world.Record("c"), nullptr);
}

TEST_F(HeartbeatJoiningTest, ABadHelloNamesItsFieldsAndRegistersNobody) {
  const auto refused = stream_.Take(Hello("", "")).status();
  EXPECT_EQ(ReasonOf(refused), "BAD_HELLO");
  EXPECT_EQ(common::ViolationsOf(refused).size(), 2U);
  // Text that is no UTF-8, which Protobuf refuses without a word: 0x0a opens the hello, and in it the id.
  const auto unreadable = ProtocolStream(server_).Take("\x0a\x04\x0a\x02\xff\xff").status();
  EXPECT_EQ(ReasonOf(unreadable), "BAD_HELLO");
  ASSERT_EQ(common::ViolationsOf(unreadable).size(), 1U);
  EXPECT_EQ(common::ViolationsOf(unreadable)[0].field, "hello.client_id");
  EXPECT_TRUE(server_.store.idle());
}

TEST_F(HeartbeatJoiningTest, ADrainingServerTakesNoHello) {
  server_.draining = true;
  EXPECT_EQ(stream_.Refusal(Hello()), "DRAINING");
  EXPECT_TRUE(server_.store.idle());
}

TEST_F(HeartbeatJoiningTest, ATokenResumesAndAForgedOneIsRefused) {
  stream_.Join();
  v1::HeartbeatRequest hello = Hello();
  hello.mutable_hello()->set_resume_token(stream_.transport().welcome.resume_token());
  ProtocolStream resumed(server_);
  resumed.Join(hello);
  EXPECT_EQ(resumed.transport().welcome.incarnation(), stream_.transport().welcome.incarnation());
  EXPECT_GT(resumed.transport().attachment, stream_.transport().attachment);

  ProtocolStream thief(server_);
  hello.mutable_hello()->set_client_id("b");
  EXPECT_EQ(thief.Refusal(hello), "RESUME_TOKEN_OTHER_CLIENT");
  EXPECT_THAT(thief.transport().identified, ElementsAre(std::pair("b", ""))) << "for the log";
  hello.mutable_hello()->set_resume_token("no token");
  EXPECT_EQ(ProtocolStream(server_).Refusal(hello), "RESUME_TOKEN_FORGED");
}

TEST_F(HeartbeatJoiningTest, AHelloThatComesTooLateRegistersNobody) {
  stream_.transport().over = true;
  const auto next = stream_.Take(Hello());
  ASSERT_TRUE(next.ok());
  EXPECT_FALSE(next->await_welcome);
  EXPECT_TRUE(server_.store.idle());
}

TEST_F(HeartbeatJoiningTest, AStreamThatEndsBeforeItsSessionBeganIsTold) {
  ASSERT_TRUE(stream_.Take(Hello()).ok());
  stream_.transport().over = true;
  server_.Commit();
  ASSERT_EQ(server_.ended.size(), 1U);
  EXPECT_NE(server_.ended[0].session, nullptr);
  EXPECT_EQ(server_.ended[0].how, core::StreamEnd::kConnectionClosed);
  EXPECT_FALSE(server_.ended[0].look);
  EXPECT_EQ(server_.ended[0].stream, nullptr) << "no line in the log";
}

TEST_F(HeartbeatJoiningTest, WhatTheRegistryRefusesEndsTheStream) {
  stream_.Join();
  ProtocolStream other(server_);
  other.Join(Hello("a", "a-2"));
  // The first instance again, with its token: superseded for good.
  v1::HeartbeatRequest hello = Hello();
  hello.mutable_hello()->set_resume_token(stream_.transport().welcome.resume_token());
  ProtocolStream superseded(server_);
  const auto next = superseded.Take(hello);
  ASSERT_TRUE(next.ok()) << next.status();
  server_.Commit();
  ASSERT_EQ(superseded.transport().ends.size(), 1U);
  EXPECT_EQ(ReasonOf(superseded.transport().ends[0]), "SUPERSEDED");
  EXPECT_THAT(server_.ended, IsEmpty());
}

// --- Bytes -------------------------------------------------------------------

TEST_F(HeartbeatJoiningTest, BytesThatDoNotParseEndTheStream) {
  EXPECT_EQ(ProtocolStream(server_).Refusal(std::string_view("\xff\xff\xff")), "BAD_MESSAGE");
  stream_.Join();
  EXPECT_EQ(stream_.Refusal(std::string_view("\xff\xff\xff")), "BAD_MESSAGE");
}

TEST_F(HeartbeatJoiningTest, OneSessionPerStream) {
  v1::HeartbeatRequest hello = Hello();
  hello.set_session(1);
  EXPECT_EQ(ProtocolStream(server_).Refusal(hello), "SESSIONS_UNIMPLEMENTED");
  stream_.Join();
  v1::HeartbeatRequest ping = Ping(1);
  ping.set_session(7);
  EXPECT_EQ(stream_.Refusal(ping), "SESSIONS_UNIMPLEMENTED");
}

TEST_F(HeartbeatJoiningTest, AMessageHasABound) {
  EXPECT_TRUE(HeartbeatProtocol::CheckSize(common::kMaxHeartbeatMessageBytes).ok());
  const absl::Status refused = HeartbeatProtocol::CheckSize(common::kMaxHeartbeatMessageBytes + 1);
  EXPECT_EQ(refused.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(ReasonOf(refused), "MESSAGE_TOO_LARGE");
}

TEST_F(HeartbeatJoiningTest, AnUnknownMessageIsIgnoredButHeard) {
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

}  // namespace
}  // namespace liveness::rpc
