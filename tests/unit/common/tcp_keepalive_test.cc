// On real sockets: what was asked for is read back from the kernel.
#include "common/tcp_keepalive.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <utility>

namespace liveness::common {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

class Socket {
 public:
  explicit Socket(int fd) : fd_(fd) { EXPECT_GE(fd, 0); }
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  int fd() const { return fd_; }

 private:
  int fd_;
};

Socket Listen(int family) {
  Socket listener(socket(family, SOCK_STREAM, 0));
  sockaddr_storage address{};
  address.ss_family = static_cast<sa_family_t>(family);
  if (family == AF_INET) {
    reinterpret_cast<sockaddr_in*>(&address)->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  } else {
    reinterpret_cast<sockaddr_in6*>(&address)->sin6_addr = in6addr_loopback;
  }
  if (bind(listener.fd(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) return Socket(-1);
  EXPECT_EQ(listen(listener.fd(), 4), 0);
  return listener;
}

// A client connected to `listener`, and the accepted end.
std::pair<Socket, Socket> Connect(const Socket& listener, int family) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  EXPECT_EQ(getsockname(listener.fd(), reinterpret_cast<sockaddr*>(&address), &size), 0);
  Socket client(socket(family, SOCK_STREAM, 0));
  EXPECT_EQ(connect(client.fd(), reinterpret_cast<sockaddr*>(&address), size), 0);
  Socket accepted(accept(listener.fd(), nullptr, nullptr));
  return {std::move(client), std::move(accepted)};
}

constexpr TcpKeepalive kStrict = {true, seconds(6), seconds(1), 3, milliseconds(9000)};

TEST(TcpKeepaliveTest, AFreshSocketHasTheKernelsTwoHours) {
  // What all the others are measured against: were this read wrongly, they
  // could not fail.
  const Socket socket = Listen(AF_INET);
  const TcpKeepaliveReading reading = GetTcpKeepalive(socket.fd());
  ASSERT_FALSE(reading.error) << reading.error.message();
  EXPECT_FALSE(reading.values.enabled);
  EXPECT_EQ(reading.values.user_timeout, milliseconds(0));
  EXPECT_NE(reading.values, kStrict);
}

TEST(TcpKeepaliveTest, ReadsBackWhatWasSet) {
  const Socket listener = Listen(AF_INET);
  const auto [client, accepted] = Connect(listener, AF_INET);
  ASSERT_FALSE(SetTcpKeepalive(client.fd(), kStrict));
  const TcpKeepaliveReading reading = GetTcpKeepalive(client.fd());
  ASSERT_FALSE(reading.error) << reading.error.message();
  EXPECT_EQ(reading.values, kStrict);
  EXPECT_FALSE(GetTcpKeepalive(accepted.fd()).values.enabled);  // the other end is not touched
}

TEST(TcpKeepaliveTest, AnAcceptedSocketInheritsFromItsListener) {
  const Socket listener = Listen(AF_INET);
  ASSERT_FALSE(SetTcpKeepalive(listener.fd(), kStrict));
  const auto [client, accepted] = Connect(listener, AF_INET);
  EXPECT_EQ(GetTcpKeepalive(accepted.fd()).values, kStrict);
  EXPECT_FALSE(GetTcpKeepalive(client.fd()).values.enabled);
}

TEST(TcpKeepaliveTest, SetOnAConnectedSocketReplacesWhatWasInherited) {
  const Socket listener = Listen(AF_INET);
  ASSERT_FALSE(SetTcpKeepalive(listener.fd(), kStrict));
  const auto [client, accepted] = Connect(listener, AF_INET);
  const TcpKeepalive other = {true, seconds(30), seconds(3), 5, milliseconds(12345)};
  ASSERT_FALSE(SetTcpKeepalive(accepted.fd(), other));
  EXPECT_EQ(GetTcpKeepalive(accepted.fd()).values, other);
}

TEST(TcpKeepaliveTest, WorksOverIpv6) {
  if (!IsTcp(Socket(socket(AF_INET6, SOCK_STREAM, 0)).fd())) GTEST_SKIP() << "no IPv6 here";
  const Socket socket6(socket(AF_INET6, SOCK_STREAM, 0));
  ASSERT_FALSE(SetTcpKeepalive(socket6.fd(), kStrict));
  EXPECT_EQ(GetTcpKeepalive(socket6.fd()).values, kStrict);
}

TEST(TcpKeepaliveTest, TheUserTimeoutIsNeverLeftAtForEver) {
  const Socket socket = Listen(AF_INET);
  ASSERT_FALSE(SetTcpKeepalive(socket.fd(), {true, seconds(30), seconds(3), 3, milliseconds(0)}));
  EXPECT_EQ(GetTcpKeepalive(socket.fd()).values.user_timeout, seconds(39));
}

TEST(TcpKeepaliveTest, SmallValuesAreRaisedToTheLeastTheKernelKnows) {
  const Socket socket = Listen(AF_INET);
  ASSERT_FALSE(SetTcpKeepalive(socket.fd(), {true, seconds(0), seconds(0), 0, milliseconds(1)}));
  const TcpKeepalive least = {true, seconds(1), seconds(1), 1, milliseconds(1)};
  EXPECT_EQ(GetTcpKeepalive(socket.fd()).values, least);
}

TEST(TcpKeepaliveTest, AValueThatTheKernelRefusesIsAnErrorAndSwitchesNothingOn) {
  const TcpKeepalive bad[] = {{true, seconds(32768), seconds(1), 3, milliseconds(0)},
                              {true, seconds(1), seconds(32768), 3, milliseconds(0)},
                              {true, seconds(1), seconds(1), 128, milliseconds(0)},
                              {true, seconds((1LL << 32) + 1), seconds(1), 3, milliseconds(0)},
                              {true, seconds(1), seconds(1), 3, milliseconds(1LL << 32)}};
  for (const TcpKeepalive& keepalive : bad) {
    const Socket socket = Listen(AF_INET);
    EXPECT_EQ(SetTcpKeepalive(socket.fd(), keepalive), std::errc::invalid_argument);
    EXPECT_FALSE(GetTcpKeepalive(socket.fd()).values.enabled);
  }
}

TEST(TcpKeepaliveTest, CanBeSwitchedOff) {
  const Socket socket = Listen(AF_INET);
  ASSERT_FALSE(SetTcpKeepalive(socket.fd(), kStrict));
  TcpKeepalive off = kStrict;
  off.enabled = false;
  ASSERT_FALSE(SetTcpKeepalive(socket.fd(), off));
  EXPECT_EQ(GetTcpKeepalive(socket.fd()).values, off);
}

TEST(TcpKeepaliveTest, AUnixSocketIsLeftAlone) {
  int pair[2] = {-1, -1};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
  const Socket one(pair[0]);
  const Socket other(pair[1]);
  EXPECT_FALSE(IsTcp(one.fd()));
  EXPECT_EQ(SetTcpKeepalive(one.fd(), kStrict), std::errc::wrong_protocol_type);
  EXPECT_EQ(GetTcpKeepalive(one.fd()).error, std::errc::wrong_protocol_type);
  // SO_KEEPALIVE would be taken by a Unix socket, and mean nothing.
  int enabled = -1;
  socklen_t size = sizeof(enabled);
  ASSERT_EQ(getsockopt(one.fd(), SOL_SOCKET, SO_KEEPALIVE, &enabled, &size), 0);
  EXPECT_EQ(enabled, 0);
}

TEST(TcpKeepaliveTest, NeitherUdpNorAFileNorNothingIsTcp) {
  EXPECT_FALSE(IsTcp(Socket(socket(AF_INET, SOCK_DGRAM, 0)).fd()));
  int ends[2] = {-1, -1};
  ASSERT_EQ(pipe(ends), 0);
  const Socket reader(ends[0]);
  const Socket writer(ends[1]);
  EXPECT_FALSE(IsTcp(reader.fd()));
  EXPECT_EQ(SetTcpKeepalive(reader.fd(), kStrict), std::errc::not_a_socket);
  EXPECT_FALSE(IsTcp(-1));
  EXPECT_EQ(SetTcpKeepalive(-1, kStrict), std::errc::bad_file_descriptor);
  EXPECT_EQ(GetTcpKeepalive(-1).error, std::errc::bad_file_descriptor);
}

TEST(TcpKeepaliveTest, SpansRoundUpToWholeSeconds) {
  EXPECT_EQ(RoundUpToSeconds(milliseconds(0)), seconds(1));
  EXPECT_EQ(RoundUpToSeconds(milliseconds(-5)), seconds(1));
  EXPECT_EQ(RoundUpToSeconds(milliseconds(100)), seconds(1));
  EXPECT_EQ(RoundUpToSeconds(milliseconds(1000)), seconds(1));
  EXPECT_EQ(RoundUpToSeconds(milliseconds(1001)), seconds(2));
  EXPECT_EQ(RoundUpToSeconds(std::chrono::nanoseconds::max()), seconds(9223372037));
}

TEST(TcpKeepaliveTest, TheDefaultUserTimeoutCannotOverflow) {
  EXPECT_EQ(DefaultUserTimeout(seconds(30), seconds(3), 3), seconds(39));
  EXPECT_EQ(DefaultUserTimeout(seconds::max(), seconds::max(), std::numeric_limits<int>::max()),
            seconds(2147483));
}

}  // namespace
}  // namespace liveness::common
