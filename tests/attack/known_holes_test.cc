// Holes that are known of gRPC 1.51 as Debian 12 ships it, each tried on the real binary: what an
// unauthenticated peer sends, and that the server lives, stays within its bounds and hears its bystander all
// along (the fixture sees to that). docs/known-holes.md says how each is closed.
#include <gmock/gmock.h>

#include "tests/integration/contract/abuse_fixture.h"
#include "tests/support/raw_connection.h"

namespace liveness::testing {
namespace {

using Frame = Http2Frame;

class KnownHolesTest : public AbuseTest {
 protected:
  v1::ServerInfo Info() {
    v1::ServerInfo info;
    grpc::ClientContext context;
    SetPatience(context);
    EXPECT_TRUE(admin_->GetServerInfo(&context, {}, &info).ok());
    return info;
  }
  // A block of headers in as many frames as it takes.
  static bool SendBlock(Http2Peer& peer, std::uint32_t stream, std::string_view block,
                        bool ends_stream = false) {
    constexpr std::size_t kFrame = 16'000;
    std::uint8_t type = Frame::kHeaders;
    std::uint8_t flags = ends_stream ? Frame::kEndStream : 0;
    for (;; type = Frame::kContinuation, flags = 0) {
      const std::string_view part = block.substr(0, kFrame);
      block.remove_prefix(part.size());
      if (block.empty()) flags |= Frame::kEndHeaders;
      if (!peer.Send({type, flags, stream, std::string(part)})) return false;
      if (block.empty()) return true;
    }
  }
  // Begins a header that never ends, and goes on with `frame`, a thousand at a time, till the server has
  // enough of it.
  void ExpectEndOfEndlessHeader(const std::string& begin, const std::string& frame, const std::string& what) {
    const long before = Rss();
    const auto begun = std::chrono::steady_clock::now();
    Http2Peer peer(address(), Http2Peer::Manners::kIgnores);
    const std::uint32_t stream = peer.NextStream();
    bool open = peer.Send({Frame::kHeaders, 0, stream, Http2Peer::CallHeaders(kGetClient) + begin});
    std::string burst;
    while (burst.size() < 64'000) burst += Http2Peer::Bytes({Frame::kContinuation, 0, stream, frame});
    while (open && std::chrono::steady_clock::now() - begun < seconds(60)) open = peer.SendRaw(burst);
    EXPECT_TRUE(peer.IsClosedWithin(seconds(1))) << what;
    EXPECT_LT(Rss() - before, MayTakeMiB(100)) << what;
    // What it has sent costs nobody anything once it is gone.
    const auto gone = std::chrono::steady_clock::now();
    ExpectServes();
    EXPECT_LT(std::chrono::steady_clock::now() - gone, seconds(10)) << what;
  }
};

// CVE-2023-4785: accept() fails, and the listener of gRPC is deaf for good.
TEST_F(KnownHolesTest, MoreConnectionsThanDescriptors) {
  server_ = ServerProcess::StartUnder({"/usr/bin/prlimit", "--nofile=100"},
                                      {"--listen=127.0.0.1:0", "--http-listen=none", "--data-dir=:memory:"});
  ASSERT_NE(server_, nullptr);
  channel_ = NewChannel(address());
  registry_ = v1::RegistryService::NewStub(channel_);
  bystander_ = std::make_unique<SteadyClient>(address(), kBystander);
  ASSERT_NE(bystander_->incarnation(), 0U);
  {
    std::vector<RawConnection> flood;
    for (int i = 0; i < 200; ++i) flood.emplace_back(address());
    EXPECT_EQ(flood.back().WaitForEnd(), Ending::kOrderly);
  }
  EXPECT_TRUE(Eventually([&] {
    HeartbeatStream newcomer(address());
    return newcomer.Join(HeartbeatStream::Hello("newcomer", "1")).has_value();
  }));
}

// CVE-2023-1428: a header that gRPC cannot write again, then more than 8 KiB of others: abort().
TEST_F(KnownHolesTest, HeadersThatCannotBeToldTheSizeOf) {
  StartServer();
  const auto header = &Http2Peer::Header;
  const std::string rest = header(":path", kHeartbeat) + header(":authority", "x");
  for (const std::string& bad :
       {header("te", "x"), header(":scheme", "ftp"), header("grpclb_client_stats", "x"),
        header(":method", "PATCH"), header("content-type", "x")}) {
    for (const int kilobytes : {8, 12, 16, 40}) {
      std::string more;
      for (int i = 0; i < kilobytes; ++i) more += header("x-" + std::to_string(i), std::string(1'000, 'v'));
      Http2Peer first(address());
      (void)SendBlock(first, first.NextStream(), header(":method", "POST") + bad + rest + more);
      Http2Peer last(address());
      (void)SendBlock(last, last.NextStream(), Http2Peer::CallHeaders(kHeartbeat) + bad + more);
      Http2Peer trailers(address());
      (void)SendBlock(trailers, trailers.Call(kHeartbeat), bad + more, true);
      for (Http2Peer* const peer : {&first, &last, &trailers}) (void)peer->Receive(milliseconds(200));
    }
  }
  ExpectServes();
}

// CVE-2023-33953, in its three ways. gRPC reads what it has of a header again with each frame of it: the
// smaller the frames, the more a byte costs.
TEST_F(KnownHolesTest, AHeaderWithoutEndInLargeFrames) {
  StartServer();
  ExpectEndOfEndlessHeader(std::string("\0\5x-big\x7f\xff\xff\xff\xff\x03", 13), std::string(16'000, 'v'),
                           "value");
  ExpectEndOfEndlessHeader(std::string("\0\x7f\xff\xff\xff\xff\x03", 7), std::string(16'000, 'v'), "name");
}

TEST_F(KnownHolesTest, AHeaderWithoutEndInTinyFrames) {
  StartServer();
  ExpectEndOfEndlessHeader(std::string("\0\5x-big\x7f\xff\xff\xff\xff\x03", 13), "v", "value");
  // Threads were held up, for a moment: it is not what the bystanders' clocks were stopped for.
  const v1::ServerInfo info = Info();
  for (const v1::Incident& each : info.incidents()) {
    if (each.kind() != v1::INCIDENT_KIND_CANARY_DOUBT) continue;
    EXPECT_LT(each.length().seconds(), 5) << each.message();
  }
}

TEST_F(KnownHolesTest, ANumberWithoutEnd) {
  StartServer();
  ExpectEndOfEndlessHeader(std::string("\0\x7f", 2), std::string(16'000, '\x80'), "large frames");
  ExpectEndOfEndlessHeader(std::string("\0\x7f", 2), "\x80", "tiny frames");
  ExpectEndOfEndlessHeader("", "", "empty frames");
}

// Never so much at once that it would be seen by that, and then frames of nothing, each of which reads all of
// it again.
TEST_F(KnownHolesTest, AHeaderThatGrowsSlowly) {
  StartServer();
  Http2Peer peer(address(), Http2Peer::Manners::kIgnores);
  const std::uint32_t stream = peer.NextStream();
  bool open =
      peer.Send({Frame::kHeaders, 0, stream, Http2Peer::CallHeaders(kGetClient) + std::string("\0\x7f", 2)});
  const std::string large = Http2Peer::Bytes({Frame::kContinuation, 0, stream, std::string(16'000, '\x80')});
  for (int i = 0; i < 100 && open; ++i) {
    open = peer.SendRaw(large);
    std::this_thread::sleep_for(milliseconds(50));
  }
  std::string burst;
  for (int i = 0; i < 100; ++i) burst += Http2Peer::Bytes({Frame::kContinuation, 0, stream, ""});
  for (int i = 0; i < 400 && open; ++i) {
    open = peer.SendRaw(burst);
    std::this_thread::sleep_for(milliseconds(50));
  }
  EXPECT_TRUE(!open || peer.IsClosedWithin(seconds(1)));
  ExpectServes();
}

// CVE-2023-32732: what is no Base64 ends the connection. It is the peer's own; the answer says that nothing
// was done. CVE-2024-7246: what is indexed after it is poisoned. The connection is gone before that could be
// used.
TEST_F(KnownHolesTest, ABinaryHeaderThatIsNone) {
  StartServer();
  const auto indexed = [](const std::string& name, const std::string& value) {
    std::string header = Http2Peer::Header(name, value);
    header[0] = '\x40';
    return header;
  };
  for (const std::string& bad :
       {Http2Peer::Header("x-bin", "*&^"), indexed("x-bin", "*&^") + indexed("x-good", "1")}) {
    Http2Peer peer(address());
    ASSERT_TRUE(peer.Send(
        {Frame::kHeaders, Frame::kEndHeaders, peer.NextStream(), Http2Peer::CallHeaders(kGetClient) + bad}));
    // The entry that was made last.
    (void)peer.Send({Frame::kHeaders, Frame::kEndHeaders, peer.NextStream(),
                     Http2Peer::CallHeaders(kGetClient) + "\xbe"});
    EXPECT_TRUE(peer.IsClosedWithin(seconds(20)));
    ExpectServes();
  }
}

// CVE-2023-44487: rapid reset. (AbuseTest has it for each kind of method, and slowly.)
TEST_F(KnownHolesTest, CallsThatAreResetAtOnce) {
  StartServer();
  Http2Peer peer(address());
  const std::string block = Http2Peer::CallHeaders(kHeartbeat);
  bool open = true;
  for (int i = 0; i < 20'000 && open; ++i) {
    const std::uint32_t stream = peer.NextStream();
    open = peer.SendRaw(Http2Peer::Bytes({Frame::kHeaders, Frame::kEndHeaders, stream, block}) +
                        Http2Peer::Bytes({Frame::kReset, 0, stream, std::string("\0\0\0\x8", 4)}));
  }
  EXPECT_TRUE(!open || peer.IsClosedWithin(seconds(60)));
  ExpectServes();
}

}  // namespace
}  // namespace liveness::testing
