// systemd's watchdog, played by a socket of the test's: a word while the server works,
// silence once it does not.
#include <signal.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <optional>

#include "tests/integration/operations/operated_server.h"
#include "tests/support/frozen_thread.h"

namespace liveness::testing {
namespace {

class WatchdogTest : public OperatedServerTest {
 protected:
  void SetUp() override {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = dir_.file("notify");
    path.copy(address.sun_path, sizeof(address.sun_path) - 1);
    socket_ = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    ASSERT_EQ(bind(socket_, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
    setenv("WATCHDOG_USEC", "1000000", 1);
  }
  void TearDown() override {
    for (const char* name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) unsetenv(name);
    close(socket_);
  }
  // The next word within `patience`.
  std::optional<std::string> Hear(milliseconds patience) {
    const timeval limit{patience.count() / 1000, patience.count() % 1000 * 1000};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    char text[256];
    const ssize_t size = recv(socket_, text, sizeof(text), 0);
    if (size < 0) return std::nullopt;
    return std::string(text, static_cast<std::size_t>(size));
  }
  bool Hears(const std::string& word) {
    const auto give_up = std::chrono::steady_clock::now() + seconds(30);
    while (std::chrono::steady_clock::now() < give_up) {
      const auto heard = Hear(milliseconds(1'000));
      if (heard && heard->find(word) != std::string::npos) return true;
    }
    return false;
  }
  // No word for the whole of a watchdog's period, after what was under way.
  bool FallsSilent() {
    const auto give_up = std::chrono::steady_clock::now() + seconds(30);
    while (std::chrono::steady_clock::now() < give_up) {
      if (!Hear(milliseconds(1'500))) return true;
    }
    return false;
  }
  // Whether the server falls silent while its thread of that name is frozen.
  void ExpectSilenceWhileFrozen(const std::string& name) {
    const auto threads = ThreadsNamed(server_->pid(), name);
    ASSERT_FALSE(threads.empty());
    {
      const auto frozen = FrozenThread::Freeze(server_->pid(), threads.front());
      if (frozen == nullptr) GTEST_SKIP() << "ptrace is needed";
      EXPECT_TRUE(FallsSilent()) << name;
    }
    EXPECT_TRUE(Hears("WATCHDOG=1")) << name;
  }

  int socket_ = -1;
};

TEST_F(WatchdogTest, IsFedWhileTheServerWorks) {
  StartServer();
  EXPECT_TRUE(Hears("READY=1"));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(Hear(milliseconds(5'000)), "WATCHDOG=1");
  server_->Signal(SIGHUP);
  EXPECT_TRUE(Hears("RELOADING=1\nMONOTONIC_USEC="));
  EXPECT_TRUE(Hears("READY=1"));
  server_->Signal(SIGTERM);
  EXPECT_TRUE(Hears("STOPPING=1"));
  EXPECT_EQ(server_->WaitForExit(seconds(20)), 0);
}

TEST_F(WatchdogTest, ADetectorThatHangsStarvesIt) {
  StartServer();
  ASSERT_TRUE(Hears("WATCHDOG=1"));
  ExpectSilenceWhileFrozen("live-detector");
}

TEST_F(WatchdogTest, AnIoThreadThatHangsStarvesIt) {
  StartServer({"--max-doubt=500ms"});
  ASSERT_TRUE(Eventually([&] { return Info().canary().state() == v1::CANARY_STATE_WATCHING; }));
  ExpectSilenceWhileFrozen("live-io-");
}

TEST_F(WatchdogTest, AStoppedProcessStarvesIt) {
  StartServer();
  ASSERT_TRUE(Hears("WATCHDOG=1"));
  server_->Pause();
  EXPECT_TRUE(FallsSilent());
  server_->Continue();
  EXPECT_TRUE(Hears("WATCHDOG=1"));
}

TEST_F(WatchdogTest, OneForAnotherProcessIsNotOurs) {
  setenv("WATCHDOG_PID", "1", 1);
  StartServer();
  EXPECT_TRUE(Hears("READY=1"));
  EXPECT_EQ(Hear(milliseconds(1'500)), std::nullopt);
}

}  // namespace
}  // namespace liveness::testing
