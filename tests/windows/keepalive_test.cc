// The Windows backend of common/tcp_keepalive.h on real sockets of the
// loopback, run natively or under wine. No test framework: it is cross-compiled
// alone. Prints one line per failed check and `N passed, N failed`; exits 1 if
// one failed.
//
// With --hold, it then keeps the sockets open until its standard input ends,
// after it has printed the two ports as `holding CLIENT SERVER`: so that whoever
// runs it can look at the connection from outside.
#include <cstdio>
#include <string_view>

// clang-format off
#include <winsock2.h>
#include <ws2tcpip.h>
// clang-format on

#include "common/tcp_keepalive.h"

namespace {

using liveness::common::GetTcpKeepalive;
using liveness::common::IsTcp;
using liveness::common::SetTcpKeepalive;
using liveness::common::TcpKeepalive;
using std::chrono::milliseconds;
using std::chrono::seconds;

int passed = 0;
int failed = 0;

void Check(bool holds, const char* what) {
  if (holds) {
    ++passed;
    return;
  }
  ++failed;
  std::printf("FAILED: %s\n", what);
}

// As Check, with the system's word for an error.
void CheckNoError(std::error_code error, const char* what) {
  Check(!error, what);
  if (error) std::printf("  error %d: %s\n", error.value(), error.message().c_str());
}

int PortOf(SOCKET socket) {
  sockaddr_in address{};
  int size = sizeof(address);
  getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

struct Pair {
  SOCKET client = INVALID_SOCKET;
  SOCKET server = INVALID_SOCKET;
};

Pair ConnectedPair() {
  const SOCKET listener = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof(address));
  listen(listener, 1);
  address.sin_port = htons(static_cast<u_short>(PortOf(listener)));
  Pair pair;
  pair.client = socket(AF_INET, SOCK_STREAM, IPPROTO_TCP);
  if (connect(pair.client, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0) {
    pair.server = accept(listener, nullptr, nullptr);
  }
  closesocket(listener);
  return pair;
}

bool KeepaliveSwitch(SOCKET socket) {
  DWORD enabled = 0;
  int size = sizeof(enabled);
  getsockopt(socket, SOL_SOCKET, SO_KEEPALIVE, reinterpret_cast<char*>(&enabled), &size);
  return enabled != 0;
}

void TestSetAndReadBack(SOCKET socket) {
  const TcpKeepalive wanted = {true, seconds(6), seconds(2), 5, milliseconds(16000)};
  Check(!KeepaliveSwitch(socket), "keepalive is off before it is set");
  CheckNoError(SetTcpKeepalive(socket, wanted), "the values are accepted on a connected socket");
  Check(KeepaliveSwitch(socket), "SO_KEEPALIVE reads back as on");

  const auto reading = GetTcpKeepalive(socket);
  if (reading.error) {
    // Before Windows 10 1709 and in old wines there is no way to ask.
    std::printf("values cannot be read back here: error %d\n", reading.error.value());
    return;
  }
  Check(reading.values.enabled, "the reading says that it is on");
  Check(reading.values.idle == wanted.idle, "the idle time reads back");
  Check(reading.values.interval == wanted.interval, "the interval reads back");
  Check(reading.values.count == wanted.count, "the count reads back");
  Check(reading.values.user_timeout == wanted.user_timeout || reading.values.user_timeout == seconds(0),
        "the user timeout reads back, or is said to be unknown");
  std::printf("read back: idle %lld s, interval %lld s, count %d, user timeout %lld ms\n",
              static_cast<long long>(reading.values.idle.count()),
              static_cast<long long>(reading.values.interval.count()), reading.values.count,
              static_cast<long long>(reading.values.user_timeout.count()));
}

void TestSwitchOff(SOCKET socket) {
  CheckNoError(SetTcpKeepalive(socket, {}), "the defaults are accepted");
  TcpKeepalive off;
  off.enabled = false;
  CheckNoError(SetTcpKeepalive(socket, off), "keepalive can be switched off");
  Check(!KeepaliveSwitch(socket), "SO_KEEPALIVE reads back as off");
}

void TestRefusals(SOCKET tcp) {
  const SOCKET udp = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
  Check(IsTcp(tcp), "a TCP socket is one");
  Check(!IsTcp(udp), "a UDP socket is none");
  Check(SetTcpKeepalive(udp, {}) == std::errc::wrong_protocol_type, "a UDP socket is refused");
  closesocket(udp);
  Check(!IsTcp(INVALID_SOCKET), "an invalid socket is no TCP socket");
  Check(SetTcpKeepalive(INVALID_SOCKET, {}).value() == WSAENOTSOCK, "an invalid socket is refused");
  Check(GetTcpKeepalive(INVALID_SOCKET).error.value() == WSAENOTSOCK, "an invalid socket cannot be read");
  Check(SetTcpKeepalive(udp, {}).value() == WSAENOTSOCK, "a closed socket is refused");
  const TcpKeepalive endless = {true, seconds(1LL << 33), seconds(1), 3, milliseconds(0)};
  Check(SetTcpKeepalive(tcp, endless) == std::errc::invalid_argument, "a value past 32 bits is refused");
}

}  // namespace

int main(int argc, char** argv) {
  WSADATA data{};
  if (WSAStartup(MAKEWORD(2, 2), &data) != 0) {
    std::printf("FAILED: there is no Winsock 2.2\n");
    return 1;
  }
  const Pair pair = ConnectedPair();
  Check(pair.server != INVALID_SOCKET, "a loopback connection can be made");
  TestRefusals(pair.server);
  TestSwitchOff(pair.server);
  TestSetAndReadBack(pair.client);
  std::printf("%d passed, %d failed\n", passed, failed);
  if (argc > 1 && std::string_view(argv[1]) == "--hold") {
    std::printf("holding %d %d\n", PortOf(pair.client), PortOf(pair.server));
    std::fflush(stdout);
    while (std::getchar() != EOF) {
    }
  }
  closesocket(pair.client);
  closesocket(pair.server);
  WSACleanup();
  return failed == 0 ? 0 : 1;
}
