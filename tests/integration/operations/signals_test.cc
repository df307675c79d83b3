// What a server does with the signals that others send it: none of them ends it
// without a drain while it serves.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/integration/operations/operated_server.h"
#include "tests/support/child_process.h"
#include "tests/support/heartbeat_stream.h"

namespace liveness::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class SignalsTest : public OperatedServerTest {};

TEST_F(SignalsTest, HangupReloadsAndSaysSo) {
  StartServer();
  HeartbeatStream stream(server_->address());
  ASSERT_TRUE(stream.Join(HeartbeatStream::Hello("a", "1")));
  server_->Signal(SIGHUP);
  EXPECT_TRUE(LogSays("reload: no TLS files are in use"));
  server_->Signal(SIGHUP);
  EXPECT_TRUE(Info().ready());
  ASSERT_TRUE(stream.Ping(1));
  EXPECT_TRUE(stream.Receive());
  EXPECT_EQ(server_->Stop(), 0);
}

TEST_F(SignalsTest, WhatIsNotMeantForItChangesNothing) {
  StartServer();
  for (const int number : {SIGUSR1, SIGUSR2, SIGPIPE, SIGXFSZ, SIGTTOU}) server_->Signal(number);
  EXPECT_TRUE(LogSays("SIGUSR1 and SIGUSR2 mean nothing"));
  EXPECT_TRUE(Info().ready());
  EXPECT_EQ(server_->Stop(), 0);
}

TEST_F(SignalsTest, QuitAndInterruptDrainAsTermDoes) {
  for (const int number : {SIGQUIT, SIGINT}) {
    StartServer({"--drain-timeout=2s"});
    HeartbeatStream stream(server_->address());
    ASSERT_TRUE(stream.Join(HeartbeatStream::Hello("a", "1")));
    server_->Signal(number);
    const auto drain = stream.Receive();
    EXPECT_TRUE(drain && drain->has_drain()) << number;
    EXPECT_EQ(server_->WaitForExit(seconds(20)), 0) << number;
  }
}

TEST_F(SignalsTest, DuringADrainAReloadIsNoHurryAndASecondStopIs) {
  StartServer({"--drain-timeout=60s"});
  HeartbeatStream stream(server_->address());
  ASSERT_TRUE(stream.Join(HeartbeatStream::Hello("a", "1")));
  server_->Signal(SIGTERM);
  ASSERT_TRUE(LogSays("draining: asked 1"));
  server_->Signal(SIGHUP);
  EXPECT_EQ(server_->WaitForExit(milliseconds(1'000)), -1);
  server_->Signal(SIGTERM);
  EXPECT_EQ(server_->WaitForExit(seconds(20)), 0);
}

TEST_F(SignalsTest, AStartThatWaitsCanBeEnded) {
  // An etcd that is connected to and never answers.
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  const int silent = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  ASSERT_EQ(bind(silent, reinterpret_cast<sockaddr*>(&address), size), 0);
  ASSERT_EQ(listen(silent, 8), 0);
  getsockname(silent, reinterpret_cast<sockaddr*>(&address), &size);
  ChildProcess server("livenessd",
                      {"--listen=127.0.0.1:0", "--data-dir=" + dir_.path().string(), "--store=etcd",
                       "--etcd-endpoints=127.0.0.1:" + std::to_string(ntohs(address.sin_port))});
  ASSERT_TRUE(Eventually([&] { return std::filesystem::exists(dir_.file("lock")); }));
  std::this_thread::sleep_for(milliseconds(300));
  server.Signal(SIGTERM);
  EXPECT_EQ(server.Wait(seconds(2)), 0) << server.Err();
  EXPECT_THAT(server.Err(), HasSubstr("told to stop before the start was done"));
  EXPECT_THAT(server.Out(), Not(HasSubstr("listening")));
  close(silent);
}

// The hangup of a terminal, as the kernel sends it: to a session of the test's own,
// whose terminal's other end is closed. The server is the session's leader.
class TerminalTest : public SignalsTest {
 protected:
  // What came of it is in the log.
  std::string LogAfterHangup(const std::string& before) {
    const std::string binary =
        (std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() / "bin/livenessd")
            .string();
    const std::string program =
        "import os,pty,signal,sys,time\n"
        "open(sys.argv[1],'w').close()\n"
        "pid,fd=pty.fork()\n"
        "if pid==0:\n"
        "  log=os.open(sys.argv[1],os.O_CREAT|os.O_WRONLY,0o600)\n"
        "  os.dup2(log,1); os.dup2(log,2)\n" +
        before +
        "  os.execv(sys.argv[2],sys.argv[2:])\n"
        "while b'listening on' not in open(sys.argv[1],'rb').read(): time.sleep(.05)\n"
        "os.close(fd)\n"
        "time.sleep(1)\n"
        "os.kill(pid,signal.SIGTERM)\n"
        "print(os.waitstatus_to_exitcode(os.waitpid(pid,0)[1]))\n";
    ChildProcess python("/usr/bin/python3", {"-c", program, dir_.file("log"), binary, "--listen=127.0.0.1:0",
                                             "--data-dir=" + dir_.file("data")});
    EXPECT_EQ(python.Wait(seconds(60)), 0) << python.Err();
    EXPECT_EQ(python.Out(), "0\n");
    std::ifstream log(dir_.file("log"));
    return {std::istreambuf_iterator<char>(log), {}};
  }
};

TEST_F(TerminalTest, ClosedItIsAStopWithADrain) {
  const std::string log = LogAfterHangup("");
  EXPECT_THAT(log, HasSubstr("stopping within"));
  EXPECT_THAT(log, Not(HasSubstr("reload")));
}

TEST_F(TerminalTest, UnderNohupItIsNothing) {
  const std::string log = LogAfterHangup("  signal.signal(signal.SIGHUP,signal.SIG_IGN)\n");
  EXPECT_THAT(log, HasSubstr("ignored"));
}

}  // namespace
}  // namespace liveness::testing
