// A name whose first addresses are dead, as a name server gives it after hosts were lost.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>
#include <string>
#include <vector>

#include "tests/integration/client/state_log.h"
#include "tests/support/fake_heartbeat_server.h"

namespace liveness::testing {
namespace {

sockaddr_in Loopback(std::uint8_t last, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(0x7F000100U + last);  // 127.0.1.x
  return address;
}

// Addresses that answer no SYN: listeners whose queue is full.
class DeadAddresses {
 public:
  explicit DeadAddresses(int count) {
    for (int i = 1; i <= count; ++i) {
      sockaddr_in address = Loopback(static_cast<std::uint8_t>(i), 0);
      socklen_t size = sizeof(address);
      const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
      EXPECT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), size), 0);
      EXPECT_EQ(listen(listener, 0), 0);
      getsockname(listener, reinterpret_cast<sockaddr*>(&address), &size);
      fds_.push_back(listener);
      for (int filler = 0; filler < 3; ++filler) {
        fds_.push_back(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
        (void)connect(fds_.back(), reinterpret_cast<sockaddr*>(&address), size);
      }
      text_ += "127.0.1." + std::to_string(i) + ":" + std::to_string(ntohs(address.sin_port)) + ",";
    }
  }
  ~DeadAddresses() {
    for (const int fd : fds_) close(fd);
  }
  // Each followed by a comma.
  const std::string& text() const { return text_; }

 private:
  std::vector<int> fds_;
  std::string text_;
};

grpc::Status Script(FakeStream& stream) {
  stream.ReadHello();
  stream.Welcome(1, 100, 10'000);
  return stream.Serve();
}

TEST(ClientDeadAddresses, AGoodOneBehindManyDeadIsReached) {
  const DeadAddresses dead(6);
  FakeHeartbeatServer server(Script);
  StateLog log;
  // How gRPC is told what a name server would tell it.
  ClientOptions options = OptionsFor("ipv4:" + dead.text() + server.target(), log);
  options.connect_timeout = std::chrono::milliseconds(800);
  options.welcome_timeout = std::chrono::milliseconds(2'000);
  const auto client = StartClient(options);
  // 2 s are gone on 800 ms each, and on 400 ms each; 200 ms each are 1.2 s.
  EXPECT_TRUE(log.WaitFor("LIVE"));
}

}  // namespace
}  // namespace liveness::testing
