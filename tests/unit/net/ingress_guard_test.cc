#include "server/net/ingress_guard.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "tests/support/manual_clock.h"

namespace liveness::net {
namespace {

using std::chrono::seconds;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// Both ends of TCP connections over loopback.
class IngressGuardTest : public ::testing::Test {
 protected:
  struct Pair {
    int client = -1;
    int server = -1;
  };
  IngressGuardTest() {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    EXPECT_EQ(listen(listener_, 8), 0);
  }
  ~IngressGuardTest() override {
    for (const Pair& pair : pairs_) {
      close(pair.client);
      close(pair.server);
    }
    close(listener_);
  }
  Pair& Connect() {
    sockaddr_in address{};
    socklen_t size = sizeof(address);
    EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    Pair pair;
    pair.client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    EXPECT_EQ(connect(pair.client, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    pair.server = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    EXPECT_GE(pair.server, 0);
    guard_.OnAccept(pair.server);
    pairs_.push_back(pair);
    return pairs_.back();
  }
  // Sent, and received by the kernel and by the reader.
  static void Transfer(const Pair& pair, std::size_t bytes) {
    const std::string text(bytes, 'x');
    EXPECT_EQ(send(pair.client, text.data(), bytes, MSG_NOSIGNAL), static_cast<ssize_t>(bytes));
    std::string read(bytes, ' ');
    EXPECT_EQ(recv(pair.server, read.data(), bytes, MSG_WAITALL), static_cast<ssize_t>(bytes));
  }
  static bool IsOpen(const Pair& pair) {
    pollfd ready{.fd = pair.client, .events = POLLIN, .revents = 0};
    return poll(&ready, 1, 0) == 0;
  }

  testing::ManualClock clock_;
  std::vector<Endpoint> closed_;
  bool stalled_ = false;
  IngressGuard guard_{{.burst = 10'000, .rate = 1'000, .stall_bytes = 3'000, .looks = 4'000},
                      clock_,
                      [this](const Endpoint& last, std::size_t) { closed_.push_back(last); },
                      [this] { return stalled_; }};
  const int listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  std::vector<Pair> pairs_;
};

TEST_F(IngressGuardTest, WhoSendsTooMuchAtOnceIsClosedAndNobodyElse) {
  const Pair loud = Connect();
  const Pair quiet = Connect();
  Transfer(loud, 9'000);
  Transfer(quiet, 5'000);
  guard_.Look();
  EXPECT_TRUE(IsOpen(loud));
  Transfer(loud, 2'000);
  guard_.Look();
  EXPECT_FALSE(IsOpen(loud));
  EXPECT_TRUE(IsOpen(quiet));
  EXPECT_THAT(closed_, SizeIs(1));
  guard_.Look();
  EXPECT_THAT(closed_, SizeIs(1));
}

TEST_F(IngressGuardTest, AtItsRateAConnectionMaySendForEver) {
  const Pair pair = Connect();
  for (int i = 0; i < 50; ++i) {
    Transfer(pair, 2'000);
    clock_.Advance(seconds(2));
    guard_.Look();
  }
  // Also if nobody looked for long.
  for (int i = 0; i < 30; ++i) Transfer(pair, 2'000);
  clock_.Advance(seconds(60));
  guard_.Look();
  EXPECT_TRUE(IsOpen(pair));
  EXPECT_THAT(closed_, IsEmpty());
}

// gRPC reads a header again with each frame of it: few bytes, and a thread that does nothing else.
TEST_F(IngressGuardTest, WhileAThreadIsStalledTheLoudestIsClosed) {
  const Pair before = Connect(), quiet = Connect(), loud = Connect(), louder = Connect();
  Transfer(before, 6'000);
  for (int i = 0; i < 2; ++i) {
    clock_.Advance(seconds(1));
    guard_.Look();
  }
  Transfer(quiet, 2'000);
  Transfer(loud, 4'000);
  Transfer(louder, 5'000);
  guard_.Look();  // not seen as a stall yet
  stalled_ = true;
  guard_.Look();
  EXPECT_FALSE(IsOpen(louder));
  EXPECT_TRUE(IsOpen(loud)) << "one at a time: it may have been that one alone";
  guard_.Look();
  EXPECT_TRUE(IsOpen(loud)) << "not so soon";
  clock_.Advance(seconds(1));
  guard_.Look();
  EXPECT_FALSE(IsOpen(loud));
  clock_.Advance(seconds(1));
  guard_.Look();
  EXPECT_TRUE(IsOpen(quiet));
  EXPECT_TRUE(IsOpen(before)) << "what it sent while all was well does not count";
}

// What the peer sent before and nobody read yet would be read on.
TEST_F(IngressGuardTest, WhatWasSentAndNotReadIsDropped) {
  const Pair pair = Connect();
  const std::string text(20'000, 'x');
  ASSERT_EQ(send(pair.client, text.data(), text.size(), MSG_NOSIGNAL), 20'000);
  pollfd ready{.fd = pair.server, .events = POLLIN, .revents = 0};
  ASSERT_EQ(poll(&ready, 1, 10'000), 1);
  guard_.Look();
  char byte = 0;
  EXPECT_LE(recv(pair.server, &byte, 1, MSG_DONTWAIT), 0);
}

TEST_F(IngressGuardTest, ANumberThatIsAnothersNowIsLeftAlone) {
  const Pair first = Connect();
  Transfer(first, 2'000);
  // As when gRPC closes it, and the next descriptor of the process takes its number.
  Pair other;
  other.client = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size);
  ASSERT_EQ(connect(other.client, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  other.server = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  ASSERT_EQ(dup2(other.server, first.server), first.server);
  Transfer(other, 20'000);
  guard_.Look();
  EXPECT_TRUE(IsOpen(other));
  EXPECT_THAT(closed_, IsEmpty());
  pairs_.push_back(other);
}

TEST_F(IngressGuardTest, WhatIsNoTcpConnectionIsIgnored) {
  int ends[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
  guard_.OnAccept(ends[0]);
  guard_.OnAccept(-1);
  guard_.OnAccept(listener_);
  guard_.Look();
  EXPECT_THAT(closed_, IsEmpty());
  close(ends[0]);
  close(ends[1]);
}

}  // namespace
}  // namespace liveness::net
