// What a stream is ended for, and what is borne with.
#include <gmock/gmock.h>

#include "tests/integration/contract/contract_fixture.h"
#include "tests/integration/contract/raw_stream.h"

namespace liveness::testing {
namespace {

using ::testing::ElementsAre;

using BadMessageTest = ContractTest;

TEST_F(BadMessageTest, HelloMissingRepeatedAndLate) {
  StartServer();
  HeartbeatStream late(address());  // says nothing: waits out its five seconds beside the others
  const auto begun = std::chrono::steady_clock::now();
  for (int kind = 0; kind < 4; ++kind) {
    v1::HeartbeatRequest first;
    if (kind == 0) first.mutable_ping()->set_sequence(1);
    if (kind == 1) first.mutable_pong()->set_sequence(1);
    if (kind == 2) first.mutable_update();
    if (kind == 3) first.mutable_goodbye();
    HeartbeatStream stream(channel_);
    stream.Send(first);
    ExpectEnd(stream, grpc::StatusCode::FAILED_PRECONDITION, "HELLO_MISSING");
  }
  HeartbeatStream twice(channel_);
  ASSERT_TRUE(twice.Join(HeartbeatStream::Hello("twice", "1")));
  twice.Send(HeartbeatStream::Hello("twice", "1"));
  ExpectEnd(twice, grpc::StatusCode::FAILED_PRECONDITION, "HELLO_REPEATED");

  // What is ignored is no hello either.
  HeartbeatStream empty(address());
  EXPECT_TRUE(empty.Send(v1::HeartbeatRequest()));
  ExpectEnd(late, grpc::StatusCode::DEADLINE_EXCEEDED, "HELLO_TIMEOUT");
  EXPECT_GE(std::chrono::steady_clock::now() - begun, milliseconds(4500));
  EXPECT_LE(std::chrono::steady_clock::now() - begun, seconds(15));
  ExpectEnd(empty, grpc::StatusCode::DEADLINE_EXCEEDED, "HELLO_TIMEOUT");
}

TEST_F(BadMessageTest, SequenceMustGrowAndGapsAreCounted) {
  StartServer();
  HeartbeatStream gaps(channel_);
  ASSERT_TRUE(gaps.Join(HeartbeatStream::Hello("gaps", "1")));
  for (const std::uint64_t sequence : {7U, 8U, 12U, 100U}) {
    ASSERT_TRUE(gaps.Ping(sequence));
    const auto pong = gaps.Receive();
    ASSERT_TRUE(pong && pong->has_pong());
    EXPECT_EQ(pong->pong().sequence(), sequence);
  }
  v1::HeartbeatRequest failure;
  failure.mutable_goodbye()->set_exit_code(3);
  ASSERT_TRUE(gaps.Send(failure));
  EXPECT_TRUE(gaps.End() && gaps.End()->ok());
  const v1::Client client = Get("gaps");
  EXPECT_EQ(client.cause(), v1::CAUSE_PROCESS_EXITED);
  EXPECT_EQ(client.evidence().heartbeat().missed(), 3U + 87U);
  EXPECT_EQ(client.evidence().heartbeat().last_sequence(), 100U);

  for (const auto& [first, second] :
       std::vector<std::pair<std::uint64_t, std::uint64_t>>{{5, 5}, {5, 4}, {1, 0}, {~std::uint64_t{0}, 1}}) {
    HeartbeatStream stream(channel_);
    ASSERT_TRUE(stream.Join(HeartbeatStream::Hello("stuck", "1")));
    ASSERT_TRUE(stream.Ping(first));
    stream.Ping(second);
    ExpectEnd(stream, grpc::StatusCode::INVALID_ARGUMENT, "BAD_SEQUENCE");
  }
}

TEST_F(BadMessageTest, PingFlood) {
  StartServer();
  HeartbeatStream stream(channel_);
  ASSERT_TRUE(stream.Join(HeartbeatStream::Hello("flood", "1", seconds(60), seconds(120))));
  int sent = 0;
  while (sent < 500 && stream.Ping(++sent)) {
  }
  ExpectEnd(stream, grpc::StatusCode::RESOURCE_EXHAUSTED, "PING_FLOOD");
  EXPECT_GE(sent, 100);
}

// Each would be a transition for every watcher.
TEST_F(BadMessageTest, AFloodOfUpdatesIsOneToo) {
  StartServer();
  HeartbeatStream stream(channel_);
  ASSERT_TRUE(stream.Join(HeartbeatStream::Hello("flood", "1", seconds(60), seconds(120))));
  v1::HeartbeatRequest update;
  int sent = 0;
  do {
    (*update.mutable_update()->mutable_labels())["n"] = std::to_string(++sent);
  } while (sent < 500 && stream.Send(update));
  ExpectEnd(stream, grpc::StatusCode::RESOURCE_EXHAUSTED, "PING_FLOOD");
  EXPECT_GE(sent, 100);
}

TEST_F(BadMessageTest, PingFloodIsAllowedWhereTheOperatorSaysSo) {
  StartServer({"--max-ping-rate=0"});
  HeartbeatStream stream(channel_);
  ASSERT_TRUE(stream.Join(HeartbeatStream::Hello("flood", "1", seconds(60), seconds(120))));
  for (int i = 1; i <= 2000; ++i) ASSERT_TRUE(stream.Ping(i));
  // Under backpressure only the latest is answered; that one always is.
  std::uint64_t last = 0;
  while (last < 2000) {
    const auto pong = stream.Receive();
    ASSERT_TRUE(pong && pong->has_pong());
    EXPECT_GT(pong->pong().sequence(), last);
    last = pong->pong().sequence();
  }
}

TEST_F(BadMessageTest, BytesThatAreNoMessage) {
  StartServer();
  const std::string hello = HeartbeatStream::Hello("bytes", "1").SerializeAsString();
  for (const std::string& bad :
       {std::string("\xff\xff\xff\xff"),
        std::string("\x0a\x7f"
                    "abc"),
        std::string("\x00", 1), std::string("GET / HTTP/1.1\r\n\r\n"), hello.substr(0, hello.size() - 1)}) {
    RawStream first(channel_);
    first.Write(bad);
    ExpectEnd(first.End(), grpc::StatusCode::INVALID_ARGUMENT, "BAD_MESSAGE");
    RawStream later(channel_);
    ASSERT_TRUE(later.Write(hello));
    ASSERT_TRUE(later.Read());
    later.Write(bad);
    ExpectEnd(later.End(), grpc::StatusCode::INVALID_ARGUMENT, "BAD_MESSAGE");
  }
}

TEST_F(BadMessageTest, BadFieldsAfterTheHello) {
  StartServer();
  {
    HeartbeatStream stream(channel_);
    ASSERT_TRUE(stream.Join(HeartbeatStream::Hello("fields", "1")));
    v1::HeartbeatRequest update;
    (*update.mutable_update()->mutable_labels())["key"] = std::string(257, 'v');
    stream.Send(update);
    ExpectEnd(stream, grpc::StatusCode::INVALID_ARGUMENT, "BAD_MESSAGE");
    EXPECT_THAT(FieldsOf(*stream.End()), ElementsAre("update.labels[\"key\"]"));
  }
  HeartbeatStream stream(channel_);
  ASSERT_TRUE(stream.Join(HeartbeatStream::Hello("fields", "1")));
  v1::HeartbeatRequest ping;
  ping.mutable_ping()->set_sequence(1);
  ping.mutable_ping()->add_progress()->mutable_age()->set_seconds(-1);
  stream.Send(ping);
  ExpectEnd(stream, grpc::StatusCode::INVALID_ARGUMENT, "BAD_MESSAGE");
  EXPECT_THAT(FieldsOf(*stream.End()), ElementsAre("ping.progress[0].name", "ping.progress[0].age"));
}

TEST_F(BadMessageTest, TooLarge) {
  StartServer();
  const auto goodbye = [](std::size_t size) {
    v1::HeartbeatRequest request;
    request.mutable_goodbye()->set_reason(std::string(size, 'x'));
    return request;
  };
  // Just over our bound, over that of a query, over gRPC's usual one.
  for (const std::size_t size : {16U << 10, 70U << 10, 5U << 20}) {
    HeartbeatStream stream(address());
    ASSERT_TRUE(stream.Join(HeartbeatStream::Hello("large", "1")));
    stream.Send(goodbye(size));
    const auto status = stream.End();
    ASSERT_TRUE(status);
    ExpectEnd(*status, grpc::StatusCode::RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE");
  }
  auto hello = HeartbeatStream::Hello("large", "1");
  hello.mutable_hello()->set_last_will(std::string(20 << 10, 'w'));
  HeartbeatStream first(channel_);
  first.Send(hello);
  ExpectEnd(first, grpc::StatusCode::RESOURCE_EXHAUSTED, "MESSAGE_TOO_LARGE");
  // The largest that is taken.
  HeartbeatStream stream(channel_);
  ASSERT_TRUE(stream.Join(HeartbeatStream::Hello("fits", "1")));
  auto fits = goodbye(16'000);
  while (fits.ByteSizeLong() < 16U << 10) fits.mutable_goodbye()->mutable_reason()->push_back('x');
  ASSERT_EQ(fits.ByteSizeLong(), 16U << 10);
  ASSERT_TRUE(stream.Send(fits));
  EXPECT_TRUE(stream.End() && stream.End()->ok()) << stream.End()->error_message();
}

TEST_F(BadMessageTest, SessionsOtherThanTheOnlyOne) {
  StartServer();
  auto hello = HeartbeatStream::Hello("one", "1");
  hello.set_session(1);
  HeartbeatStream first(channel_);
  first.Send(hello);
  ExpectEnd(first, grpc::StatusCode::UNIMPLEMENTED, "SESSIONS_UNIMPLEMENTED");

  HeartbeatStream later(channel_);
  ASSERT_TRUE(later.Join(HeartbeatStream::Hello("one", "1")));
  v1::HeartbeatRequest ping;
  ping.set_session(7);
  ping.mutable_ping()->set_sequence(1);
  later.Send(ping);
  ExpectEnd(later, grpc::StatusCode::UNIMPLEMENTED, "SESSIONS_UNIMPLEMENTED");
}

TEST_F(BadMessageTest, WhatANewerClientMaySendIsIgnored) {
  StartServer();
  RawStream stream(channel_);
  const std::string unknown_field("\xfa\x3e\x03xyz", 6);     // field 1007, three bytes
  const std::string unknown_message("\x52\x02\x08\x01", 4);  // field 10: a message of a later oneof
  ASSERT_TRUE(stream.Write(unknown_message));
  ASSERT_TRUE(stream.Write(HeartbeatStream::Hello("newer", "1").SerializeAsString() + unknown_field));
  v1::HeartbeatResponse response;
  auto bytes = stream.Read();
  ASSERT_TRUE(bytes && response.ParseFromString(*bytes));
  ASSERT_TRUE(response.has_welcome());
  ASSERT_TRUE(stream.Write(unknown_message));
  ASSERT_TRUE(stream.Write(""));
  v1::HeartbeatRequest ping;
  ping.mutable_ping()->set_sequence(1);
  ASSERT_TRUE(stream.Write(ping.SerializeAsString() + unknown_field));
  bytes = stream.Read();
  ASSERT_TRUE(bytes && response.ParseFromString(*bytes));
  EXPECT_EQ(response.pong().sequence(), 1U);
  v1::HeartbeatRequest goodbye;
  goodbye.mutable_goodbye();
  ASSERT_TRUE(stream.Write(goodbye.SerializeAsString()));
  EXPECT_TRUE(stream.End().ok());
}

}  // namespace
}  // namespace liveness::testing
