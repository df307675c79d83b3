// What is small in each part and large in all: messages, headers and bodies that come piece by piece, on
// gRPC's port and on that of HTTP. The attacker's own call or connection comes to its end; memory stays, and
// the bystander hears nothing of it (the fixtures see to that).
#include <gmock/gmock.h>

#include "tests/integration/contract/abuse_fixture.h"
#include "tests/integration/http/http_fixture.h"

namespace liveness::testing {
namespace {

using ::testing::AnyOf;
using Frame = Http2Frame;
using std::chrono::steady_clock;

class PartsAttack : public AbuseTest {
 protected:
  // Sends `count` times `part`, each of which takes `room` of the window that the server gives. True if the
  // server ends the call or the connection before it is all sent.
  static bool IsEndedWhileSent(Http2Peer& peer, const std::string& part, std::size_t room, int count) {
    std::size_t window = 65'535 - 5;
    const auto give_up = steady_clock::now() + seconds(60);
    while (count > 0 && steady_clock::now() < give_up) {
      std::string burst;
      for (; count > 0 && window >= room && burst.size() < 64'000; window -= room, --count) burst += part;
      if (!peer.SendRaw(burst)) return true;
      if (window >= room) continue;
      const auto frame = peer.Receive(seconds(20));
      if (!frame || frame->type == Frame::kReset || frame->type == Frame::kGoaway) return true;
      if (frame->type == Frame::kHeaders && (frame->flags & Frame::kEndStream) != 0) return true;
      if (frame->type == Frame::kWindowUpdate && frame->stream == 0) {
        window += static_cast<std::uint8_t>(frame->payload[1]) << 16U |
                  static_cast<std::uint8_t>(frame->payload[2]) << 8U |
                  static_cast<std::uint8_t>(frame->payload[3]);
      }
    }
    return false;
  }
};

// 8 MiB is what a message may have at most, and so no bound of gRPC's holds while it gathers them; each frame
// of them brings little, so that each costs the most.
TEST_F(PartsAttack, AMessageInAHundredThousandFrames) {
  StartServer();
  for (const char* method : {kHeartbeat, kGetClient, kWatchClients}) {
    const long before = Rss();
    Http2Peer peer(address());
    const std::uint32_t stream = peer.Call(method);
    ASSERT_TRUE(peer.Send({Frame::kData, 0, stream, std::string("\0\0\x7f\xff\xff", 5)})) << method;
    constexpr int kPart = 80, kParts = 8 * 1024 * 1024 / kPart + 1;
    const std::string part = Http2Peer::Bytes({Frame::kData, 0, stream, std::string(kPart, 'x')});
    EXPECT_TRUE(IsEndedWhileSent(peer, part, kPart, kParts) || Ends(peer)) << method;
    EXPECT_LT(Rss() - before, MayTakeMiB(100)) << method;
    ExpectServes();
  }
}

// Frames that bring nothing at all, and take no room of any window.
TEST_F(PartsAttack, FramesOfNothingWithoutEnd) {
  StartServer();
  const long before = Rss();
  Http2Peer peer(address());
  const std::uint32_t stream = peer.Call(kHeartbeat);
  const std::string nothing = Http2Peer::Bytes({Frame::kData, 0, stream, ""});
  EXPECT_TRUE(IsEndedWhileSent(peer, nothing, 0, 5'000'000) || peer.IsClosedWithin(seconds(20)));
  EXPECT_LT(Rss() - before, MayTakeMiB(100));
  ExpectServes();
}

// A header of 4,000 bytes is put into the connection's table, and then named by a byte each time: 60 KB that
// unpack to 240 MB.
TEST_F(PartsAttack, AHeaderThatUnpacksToAThousandfold) {
  StartServer();
  const long before = Rss();
  Http2Peer peer(address());
  std::string indexed = Http2Peer::Header("x-big", std::string(4'000, 'v'));
  indexed[0] = '\x40';
  ASSERT_TRUE(peer.Send({Frame::kHeaders, Frame::kEndHeaders, peer.NextStream(),
                         Http2Peer::CallHeaders(kGetClient) + indexed}));
  for (int i = 0; i < 4; ++i) {
    const std::uint32_t stream = peer.NextStream();
    if (!peer.Send({Frame::kHeaders, 0, stream, Http2Peer::CallHeaders(kGetClient)})) break;
    if (!peer.Send({Frame::kContinuation, Frame::kEndHeaders, stream, std::string(15'000, '\xbe')})) break;
  }
  (void)peer.Receive(seconds(1));
  EXPECT_LT(Rss() - before, MayTakeMiB(50));
  ExpectServes();
}

class HttpPartsAttack : public HttpTest {
 protected:
  // Sends `begin`, and then `part` without end; how it was ended. 64 MiB at most.
  HttpAnswer SendParts(const std::string& begin, const std::string& part) const {
    HttpConnection connection(http());
    std::string burst;
    while (burst.size() < 16'000) burst += part;
    bool open = connection.Send(begin);
    for (int i = 0; i < 4'096 && open && !connection.IsAnswered(milliseconds(0)); ++i) {
      open = connection.Send(burst);
    }
    return connection.ReadAnswer();
  }
};

TEST_F(HttpPartsAttack, WhatIsSmallInEachPartIsRefusedAsAWhole) {
  StartHttp({"--http-admin"});
  const long before = ResidentMiB(server_->pid());
  const std::string get = "GET /livez HTTP/1.1\r\nHost: localhost\r\n";
  const std::string post =
      "POST /api/v1/maintenance HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
      "Transfer-Encoding: chunked\r\n\r\n";
  struct Attack {
    const char* what;
    std::string begin, part;
  };
  for (const auto& [what, begin, part] :
       {Attack{"a field's value", get + "X: ", "v"}, Attack{"fields", get, "X: v\r\n"},
        Attack{"the path", "GET /", "a"}, Attack{"chunks of a byte", post, "1\r\nx\r\n"},
        Attack{"a chunk's extension", post + "1;", "x"},
        Attack{"extensions of chunks", post, "1;x=yyyyyyyyyyyy\r\nx\r\n"},
        Attack{"a chunk's length", post, "0"}, Attack{"fields behind the body", post + "0\r\n", "X: v\r\n"},
        Attack{"lines before a request", "", "\r\n"}}) {
    // Whoever sends on is cut off, and may not get to read why.
    const HttpAnswer answer = SendParts(begin, part);
    EXPECT_THAT(answer.status, AnyOf(0, 400, 413, 431)) << what << ": " << answer.body;
    EXPECT_LT(ResidentMiB(server_->pid()) - before, MayTakeMiB(30)) << what;
    EXPECT_EQ(Fetch("/livez").status, 200) << what;
  }
}

}  // namespace
}  // namespace liveness::testing
