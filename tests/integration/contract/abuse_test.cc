// What an unauthenticated peer can do with HTTP/2 by hand: it costs others nothing, its
// memory is bounded, and it comes to a clear end.
#include <gmock/gmock.h>

#include "tests/integration/contract/abuse_fixture.h"
#include "tests/integration/contract/raw_stream.h"

namespace liveness::testing {
namespace {

using ::testing::HasSubstr;
using Frame = Http2Frame;

TEST_F(AbuseTest, ARequestThatDoesNotCome) {
  StartServer({"--request-timeout=1s"});
  std::vector<std::unique_ptr<RawStream>> calls;
  for (const char* method :
       {kGetClient, kListClients, kHealthCheck, kWatchClients, kHealthWatch, kReflection}) {
    calls.push_back(std::make_unique<RawStream>(channel_, method));
  }
  const auto begun = std::chrono::steady_clock::now();
  for (const auto& call : calls) {
    ExpectError(call->End(), grpc::StatusCode::DEADLINE_EXCEEDED, "REQUEST_TIMEOUT");
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begun, seconds(10));
  // Half of one does not count as one.
  Http2Peer peer(address());
  const std::uint32_t stream = peer.Call(kGetClient);
  EXPECT_TRUE(peer.Send({Frame::kData, 0, stream, Http2Peer::Message("half of it").substr(0, 9)}));
  EXPECT_TRUE(Ends(peer));
}

TEST_F(AbuseTest, StreamsAreBoundedPerConnection) {
  StartServer({"--request-timeout=1s"});
  Http2Peer peer(address());
  for (int i = 0; i < 100; ++i) ASSERT_NE(peer.Call(kGetClient), 0U);
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(Ends(peer)) << i;
  // A client's further calls wait in its gRPC until there is room.
  const auto channel = NewChannel(address());
  std::vector<std::unique_ptr<HeartbeatStream>> streams;
  for (int i = 0; i < 100; ++i) {
    streams.push_back(std::make_unique<HeartbeatStream>(channel));
    ASSERT_TRUE(streams.back()->Join(
        HeartbeatStream::Hello("many-" + std::to_string(i), "1", seconds(10), seconds(60))));
  }
  std::atomic<bool> welcomed{false};
  // The call itself waits, before a word of it is sent.
  std::thread waits([&] {
    HeartbeatStream waiting(channel);
    welcomed = waiting.Join(HeartbeatStream::Hello("waiting", "1")).has_value();
  });
  std::this_thread::sleep_for(milliseconds(300));
  EXPECT_FALSE(welcomed);
  EXPECT_TRUE(streams.front()->Goodbye());
  waits.join();
  EXPECT_TRUE(welcomed);
}

// gRPC believes a peer that never acknowledges the bound.
TEST_F(AbuseTest, StreamsWithoutEndOfOneWhoIgnoresTheBound) {
  for (const char* method : {kGetClient, kHeartbeat, kHealthWatch}) {
    if (server_ == nullptr) StartServer();
    const long before = Rss();
    Http2Peer peer(address(), Http2Peer::Manners::kIgnores);
    for (int i = 1; i <= 20'000 && peer.Call(method) != 0; ++i) {
      // A thread that is sent more than it can read does nothing else.
      if (i % 200 == 0) std::this_thread::sleep_for(milliseconds(10));
    }
    EXPECT_TRUE(peer.IsClosedWithin(seconds(20))) << method;
    EXPECT_LT(Rss() - before, MayTakeMiB(100)) << method;
    ExpectServes();
  }
}

TEST_F(AbuseTest, CallsThatAreResetAtOnce) {
  StartServer();
  for (const char* method : {kGetClient, kHeartbeat, "/no.such/Method"}) {
    const long before = Rss();
    Http2Peer peer(address());
    const std::string block = Http2Peer::CallHeaders(method);
    for (int i = 0; i < 200; ++i) {
      std::string burst;
      for (int k = 0; k < 100; ++k) {
        const std::uint32_t stream = peer.NextStream();
        burst += Http2Peer::Bytes({Frame::kHeaders, Frame::kEndHeaders, stream, block}) +
                 Http2Peer::Bytes({Frame::kReset, 0, stream, std::string("\0\0\0\x8", 4)});
      }
      if (!peer.SendRaw(burst)) break;
    }
    EXPECT_TRUE(peer.IsClosedWithin(seconds(60))) << method;
    EXPECT_LT(Rss() - before, MayTakeMiB(300)) << method;
    ExpectServes();
  }
}

// Never many at once, so that it is the resets which are counted.
TEST_F(AbuseTest, CallsThatAreResetOneAfterAnother) {
  StartServer();
  for (const char* method : {kGetClient, kHeartbeat}) {
    Http2Peer peer(address());
    const std::string block = Http2Peer::CallHeaders(method);
    bool closed = false;
    for (int i = 0; i < 2'000 && !closed; ++i) {
      const std::uint32_t stream = peer.NextStream();
      closed = !peer.SendRaw(Http2Peer::Bytes({Frame::kHeaders, Frame::kEndHeaders, stream, block}) +
                             Http2Peer::Bytes({Frame::kReset, 0, stream, std::string("\0\0\0\x8", 4)}));
      if (i % 10 == 0) std::this_thread::sleep_for(milliseconds(10));
    }
    EXPECT_TRUE(closed || peer.IsClosedWithin(seconds(5))) << method;
    ExpectServes();
  }
}

TEST_F(AbuseTest, CallsThatTheServerEndsAreNoResets) {
  StartServer();
  const auto channel = NewChannel(address());
  for (int i = 0; i < 600; ++i) {
    HeartbeatStream stream(channel);
    ASSERT_TRUE(stream.Ping(1));
    const auto status = stream.End();
    ASSERT_TRUE(status) << i;
    ASSERT_EQ(status->error_code(), grpc::StatusCode::FAILED_PRECONDITION) << i;
  }
}

// 64 KiB that unpack to 64 MiB, on the thread that serves heartbeats.
TEST_F(AbuseTest, PackedMessagesAreRefusedUnopened) {
  StartServer();
  const long before = Rss();
  for (const char* method : {kGetClient, kHeartbeat, kReflection}) {
    for (const char* packing : {"gzip", "deflate"}) {
      Http2Peer peer(address());
      const std::uint32_t stream = peer.Call(method, {{"grpc-encoding", packing}});
      (void)peer.Send({Frame::kData, Frame::kEndStream, stream, Http2Peer::Message("packed", true)});
      const auto end = NextOf(peer, Frame::kHeaders, seconds(20));
      ASSERT_TRUE(end) << method;
      EXPECT_THAT(end->payload, HasSubstr("is disabled")) << method << " " << packing;
    }
  }
  EXPECT_LT(Rss() - before, MayTakeMiB(20));
}

TEST_F(AbuseTest, AnswersThatAreNotTaken) {
  StartServer({"--answer-timeout=1s"});
  // No room for a single byte of an answer.
  Http2Peer peer(address(), Http2Peer::Manners::kAcknowledges, std::string("\0\x4\0\0\0\0", 6));
  for (int i = 0; i < 50; ++i) {
    ASSERT_NE(peer.Ask(kListClients, ""), 0U);
    ASSERT_NE(peer.Ask(kGetClient, std::string("\x0a\x11") + "clients/bystander"), 0U);
  }
  int resets = 0;
  while (resets < 100 && NextOf(peer, Frame::kReset, seconds(20))) ++resets;
  EXPECT_EQ(resets, 100);
}

// The workers' queue and the memory for answers are everybody's.
TEST_F(AbuseTest, ListsOfOneAddressHaveTheirShare) {
  StartServer({"--answer-timeout=2s"});
  Http2Peer peer(address(), Http2Peer::Manners::kAcknowledges, std::string("\0\x4\0\0\0\0", 6));
  for (int i = 0; i < 80; ++i) ASSERT_NE(peer.Ask(kListClients, ""), 0U);
  // What is refused needs no room for a message.
  int refused = 0;
  while (refused < 16) {
    const auto frame = NextOf(peer, Frame::kHeaders, seconds(20));
    ASSERT_TRUE(frame) << refused;
    if ((frame->flags & Frame::kEndStream) != 0) ++refused;
  }
  grpc::ClientContext context;
  SetPatience(context);
  v1::ListClientsResponse response;
  const grpc::Status busy = registry_->ListClients(&context, {}, &response);
  ExpectError(busy, grpc::StatusCode::RESOURCE_EXHAUSTED, "SERVER_BUSY");
  EXPECT_TRUE(DetailsOf(busy).retry_delay.has_value());
  // They are cut off, and there is room again.
  EXPECT_TRUE(Eventually([&] {
    grpc::ClientContext again;
    SetPatience(again);
    return registry_->ListClients(&again, {}, &response).ok();
  }));
}

TEST_F(AbuseTest, HeadersWithoutEnd) {
  StartServer();
  for (const auto manners : {Http2Peer::Manners::kAcknowledges, Http2Peer::Manners::kIgnores}) {
    const long before = Rss();
    Http2Peer peer(address(), manners);
    const std::uint32_t stream = peer.NextStream();
    bool open = peer.Send({Frame::kHeaders, 0, stream, Http2Peer::CallHeaders(kGetClient)});
    const std::string more = Http2Peer::Header("x-more", std::string(16'000, 'v'));
    for (int i = 0; i < 8'000 && open; ++i) open = peer.Send({Frame::kContinuation, 0, stream, more});
    EXPECT_TRUE(peer.IsClosedWithin(seconds(20)));
    EXPECT_LT(Rss() - before, MayTakeMiB(100));
    ExpectServes();
  }
}

// gRPC gathers a whole message before it looks at the bound on it.
TEST_F(AbuseTest, MessagesThatClaimToBeHuge) {
  StartServer();
  for (const char* method : {kHeartbeat, kGetClient}) {
    const long before = Rss();
    Http2Peer peer(address());
    const auto begun = std::chrono::steady_clock::now();
    const auto elapsed = [begun] { return std::chrono::steady_clock::now() - begun; };
    const std::uint32_t stream = peer.Call(method);
    // Its length alone: 1 GiB.
    bool open = peer.Send({Frame::kData, 0, stream, std::string("\0\x40\0\0\0", 5)});
    const std::string piece(16'384, 'x');
    std::size_t window = 65'535 - 5;
    double sent = 0;
    while (open && elapsed() < seconds(20)) {
      for (; open && window >= piece.size(); window -= piece.size()) {
        open = peer.Send({Frame::kData, 0, stream, piece});
        sent += static_cast<double>(piece.size());
      }
      const auto frame = peer.Receive(seconds(10));
      if (!frame || frame->type == Frame::kHeaders || frame->type == Frame::kReset) break;
      if (frame->type != Frame::kWindowUpdate || frame->stream != 0) continue;
      window += static_cast<std::uint8_t>(frame->payload[1]) << 16U |
                static_cast<std::uint8_t>(frame->payload[2]) << 8U |
                static_cast<std::uint8_t>(frame->payload[3]);
    }
    // A server that is too slow to be sent more than any peer may send has no reason to close.
    const double may_send = (8 + 4 * std::chrono::duration<double>(elapsed()).count()) * 1024 * 1024;
    EXPECT_LT(Rss() - before, MayTakeMiB(200)) << method;
    EXPECT_TRUE(peer.IsClosedWithin(seconds(20)) || sent < may_send) << method;
    ExpectServes();
  }
}

TEST_F(AbuseTest, ConnectionsThatSayNothingEnd) {
  StartServer({"--idle-connection-timeout=1s"});
  Http2Peer idle(address());
  Http2Peer silent(address(), Http2Peer::Manners::kSilent);
  EXPECT_TRUE(NextOf(idle, Frame::kGoaway, seconds(20)));
  EXPECT_TRUE(idle.IsClosedWithin(seconds(20)));
  EXPECT_TRUE(silent.IsClosedWithin(seconds(30)));  // it has ten seconds for its preface
}

TEST_F(AbuseTest, FramesThatAskForAnswers) {
  StartServer();
  const long before = Rss();
  for (const std::uint8_t type : {Frame::kPing, Frame::kSettings}) {
    Http2Peer peer(address());
    std::string burst;
    for (int k = 0; k < 1'000; ++k) {
      burst += Http2Peer::Bytes({type, 0, 0, type == Frame::kPing ? std::string(8, 'p') : std::string()});
    }
    // It reads none of them.
    for (int i = 0; i < 300 && peer.SendRaw(burst); ++i) {
    }
    ExpectServes();
  }
  EXPECT_LT(Rss() - before, MayTakeMiB(150));
}

TEST_F(AbuseTest, HeadersThatAreNoCall) {
  StartServer();
  const auto block = [](const std::string& method, const std::string& scheme, const std::string& te,
                        const std::string& path) {
    return Http2Peer::Header(":method", method) + Http2Peer::Header(":scheme", scheme) +
           Http2Peer::Header(":path", path) + Http2Peer::Header(":authority", "x") +
           Http2Peer::Header("te", te) + Http2Peer::Header("content-type", "application/grpc");
  };
  for (const std::string& headers :
       {block("POST", "http", "", kGetClient), block("POST", "http", "gzip", kGetClient),
        block("POST", "http", "trailers, deflate", kGetClient), block("POST", "", "trailers", kGetClient),
        block("POST", "grpc", "trailers", kGetClient), block("GET", "http", "trailers", kGetClient),
        block("PUT", "http", "trailers", kGetClient), block("POST", "http", "trailers", ""),
        block("POST", "http", "trailers", std::string("/a\0b", 4)),
        block("POST", "http", "trailers", "/\r\n\xff\xfe"), std::string("\xff\xff\xff\xff\xff\xff\xff\xff"),
        std::string("\x80"), std::string("\x3f\xff\xff\xff\xff\x7f")}) {
    Http2Peer peer(address());
    EXPECT_TRUE(peer.Send({Frame::kHeaders, Frame::kEndHeaders | Frame::kEndStream, 1, headers}));
    EXPECT_TRUE(peer.Receive(seconds(20)) || peer.IsClosedWithin(seconds(1)));
  }
  // A name that goes on for ever is not told back.
  Http2Peer peer(address());
  EXPECT_NE(peer.Call("/" + std::string(6'000, 'a')), 0U);
  const auto end = NextOf(peer, Frame::kHeaders, seconds(20));
  ASSERT_TRUE(end);
  EXPECT_LT(end->payload.size(), 500U);
  ExpectServes();
}

}  // namespace
}  // namespace liveness::testing
