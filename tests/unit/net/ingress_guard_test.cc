#include "server/net/ingress_guard.h"

#include <arpa/inet.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>

#include "tests/support/manual_clock.h"

namespace liveness::net {
namespace {

using std::chrono::milliseconds;
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
    const int now = 1;  // nothing waits for an acknowledgement
    for (const int end : {pair.client, pair.server}) {
      EXPECT_EQ(setsockopt(end, IPPROTO_TCP, TCP_NODELAY, &now, sizeof(now)), 0);
    }
    guard_.OnAccept(pair.server);
    pairs_.push_back(pair);
    return pairs_.back();
  }
  // Sent, and received by the kernel.
  static void Send(const Pair& pair, std::size_t bytes) {
    int before = 0;
    EXPECT_EQ(ioctl(pair.server, SIOCINQ, &before), 0);
    const std::string text(bytes, 'x');
    EXPECT_EQ(send(pair.client, text.data(), bytes, MSG_NOSIGNAL), static_cast<ssize_t>(bytes));
    std::string seen(bytes + static_cast<std::size_t>(before), ' ');
    EXPECT_EQ(recv(pair.server, seen.data(), seen.size(), MSG_PEEK | MSG_WAITALL),
              static_cast<ssize_t>(seen.size()));
  }
  static void Read(const Pair& pair, std::size_t bytes) {
    std::string read(bytes, ' ');
    EXPECT_EQ(recv(pair.server, read.data(), bytes, MSG_WAITALL), static_cast<ssize_t>(bytes));
  }
  static void Transfer(const Pair& pair, std::size_t bytes) { Move(pair.client, pair.server, bytes); }
  static void Answer(const Pair& pair, std::size_t bytes) {
    Move(pair.server, pair.client, bytes);
    const int now = 1;  // the acknowledgement
    EXPECT_EQ(setsockopt(pair.client, IPPROTO_TCP, TCP_QUICKACK, &now, sizeof(now)), 0);
  }
  static void Move(int from, int to, std::size_t bytes) {
    const std::string text(bytes, 'x');
    EXPECT_EQ(send(from, text.data(), bytes, MSG_NOSIGNAL), static_cast<ssize_t>(bytes));
    std::string read(bytes, ' ');
    EXPECT_EQ(recv(to, read.data(), bytes, MSG_WAITALL), static_cast<ssize_t>(bytes));
  }
  static bool IsOpen(const Pair& pair) {
    pollfd ready{.fd = pair.client, .events = POLLIN, .revents = 0};
    return poll(&ready, 1, 0) == 0;
  }

  testing::ManualClock clock_;
  std::vector<Endpoint> closed_;
  IngressGuard guard_{{.burst = 10'000, .per_answered = 10, .backlog = 1'000},
                      clock_,
                      [this] { return clock_.Mono().time_since_epoch(); },
                      [this](const Endpoint& last, std::size_t) { closed_.push_back(last); }};
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

TEST_F(IngressGuardTest, WhoTakesAnswersMaySendForEver) {
  const Pair pair = Connect();
  for (int i = 0; i < 50; ++i) {
    Transfer(pair, 9'000);
    Answer(pair, 900);
    guard_.Look();
  }
  EXPECT_TRUE(IsOpen(pair));
  Answer(pair, 90'000);
  guard_.Look();
  Transfer(pair, 11'000);
  guard_.Look();
  EXPECT_FALSE(IsOpen(pair)) << "nobody saves up for more than the burst";
}

// gRPC reads a header again with each frame of it: few bytes, and a thread that does nothing else.
TEST_F(IngressGuardTest, WhoseBytesWaitForLongIsClosed) {
  const Pair small = Connect(), little = Connect(), much = Connect();
  Send(small, 1'000);
  Send(little, 2'000);
  Send(much, 8'000);
  guard_.Look();
  for (int looks = 0; looks < 3; ++looks) {
    EXPECT_TRUE(IsOpen(much)) << looks;
    clock_.Advance(milliseconds(50));
    guard_.Look();
  }
  EXPECT_FALSE(IsOpen(much)) << "1,200 bytes times seconds";
  for (int looks = 0; looks < 6; ++looks) {
    EXPECT_TRUE(IsOpen(little)) << looks;
    clock_.Advance(milliseconds(50));
    guard_.Look();
  }
  clock_.Advance(milliseconds(100));
  guard_.Look();
  EXPECT_FALSE(IsOpen(little)) << "1,100";
  EXPECT_TRUE(IsOpen(small)) << "as good as nothing";
}

// Or a thread would be kept for as many rounds as it takes to be sure, of all connections each.
TEST_F(IngressGuardTest, WhoWaitsIsLookedAtBeforeItsTurn) {
  for (int i = 0; i < 300; ++i) Connect();
  const Pair waits = Connect();
  guard_.Look();
  Send(waits, 8'000);
  int looks = 0;
  for (; IsOpen(waits) && looks < 100; ++looks) {
    clock_.Advance(milliseconds(50));
    guard_.Look();
  }
  EXPECT_LE(looks, 7 + 3) << "found in one round over 600 descriptors, and seen in three more looks";
}

// As a long message is, or whoever sends faster than it is served: there is more all the time, and room is
// made for more.
TEST_F(IngressGuardTest, WhoIsAnsweredDoesNotWait) {
  const Pair pair = Connect();
  Send(pair, 8'000);
  for (int looks = 0; looks < 100; ++looks) {
    guard_.Look();
    Read(pair, 1'000);
    Answer(pair, 100);
    Send(pair, 1'000);
    clock_.Advance(milliseconds(50));
  }
  EXPECT_TRUE(IsOpen(pair));
}

// Nor does it help an attacker to take slowly what was written to it before.
TEST_F(IngressGuardTest, WhatIsTakenLateIsNoAnswer) {
  const Pair pair = Connect();
  const std::string text(200'000, 'x');
  ASSERT_EQ(send(pair.server, text.data(), text.size(), MSG_NOSIGNAL | MSG_DONTWAIT), 200'000);
  guard_.Look();
  Send(pair, 8'000);
  guard_.Look();
  for (int looks = 0; looks < 4; ++looks) {
    std::string taken(1'000, ' ');
    EXPECT_EQ(recv(pair.client, taken.data(), taken.size(), MSG_WAITALL), 1'000);
    clock_.Advance(milliseconds(50));
    guard_.Look();
  }
  char end = 0;
  while (recv(pair.client, &end, 1, MSG_DONTWAIT) > 0) {
  }
  EXPECT_EQ(errno, ECONNRESET);
}

TEST_F(IngressGuardTest, WhoIsReadInBetweenDoesNotWait) {
  const Pair pair = Connect();
  for (int i = 0; i < 30; ++i) {
    for (int looks = 0; looks < 3; ++looks) {
      Send(pair, 3'000);
      guard_.Look();
      clock_.Advance(milliseconds(50));
    }
    Read(pair, 9'000);
    Answer(pair, 900);
    guard_.Look();
  }
  EXPECT_TRUE(IsOpen(pair));
}

// What the peer sent before and nobody read yet would be read on.
TEST_F(IngressGuardTest, WhatWasSentAndNotReadIsDropped) {
  const Pair pair = Connect();
  Transfer(pair, 12'000);
  Send(pair, 2'000);
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
