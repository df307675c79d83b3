// Where it listens: all that was asked for or nothing, several addresses, systemd's sockets.
#include <unistd.h>

#include <fstream>

#include "tests/integration/listener/listener_fixture.h"

namespace liveness::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsSupersetOf;
using ::testing::SizeIs;

std::string PortOf(const std::string& address) { return address.substr(address.rfind(':') + 1); }

// As sd_listen_fds(3) has it: `addresses` (Python) are bound and passed from descriptor 3 on.
std::vector<std::string> Activator(const std::string& addresses) {
  return {"/usr/bin/python3", "-c",
          "import os,socket,sys\n"
          "fds=[]\n"
          "for family,where,kind in " +
              addresses +
              ":\n"
              "  s=socket.socket(family,kind); s.bind(where)\n"
              "  if kind==socket.SOCK_STREAM: s.listen()\n"
              "  fds.append(os.dup2(s.detach(),50+len(fds)))\n"
              "for i,fd in enumerate(fds): os.dup2(fd,3+i); os.close(fd)\n"
              "os.environ.update(LISTEN_FDS=str(len(fds)),LISTEN_PID=str(os.getpid()),"
              "LISTEN_FDNAMES=':'.join('front%d'%i for i in range(len(fds))))\n"
              "os.execv(sys.argv[1],sys.argv[1:])\n"};
}

// In a mount namespace of its own, where `two.example` is 127.0.0.1 and ::1.
std::vector<std::string> WithTwoAddresses(const std::string& hosts) {
  return {"/usr/bin/unshare",
          "-m",
          "/bin/sh",
          "-c",
          "mount --bind '" + hosts + "' /etc/hosts && exec \"$@\"",
          "sh"};
}

TEST_F(ListenerTest, ANameOfWhichHalfIsTakenRefusesTheStart) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root: a hosts file of its own";
  const TempDir dir;
  const std::string hosts = dir.file("hosts");
  std::ofstream(hosts) << "127.0.0.1 two.example\n::1 two.example\n";
  auto launcher = WithTwoAddresses(hosts);
  std::vector<std::string> nothing(launcher.begin() + 1, launcher.end());
  nothing.push_back("/bin/true");
  if (ChildProcess probe(launcher.front(), nothing); probe.Wait(seconds(30)) != 0) {
    GTEST_SKIP() << "no mount namespaces here: " << probe.Err();
  }
  server_ = ServerProcess::StartUnder(
      launcher, {"--listen=two.example:0", "--insecure-anonymous=beat", "--data-dir=:memory:"});
  ASSERT_NE(server_, nullptr);
  const std::string port = PortOf(address());
  EXPECT_EQ(address(), "two.example:" + port);
  EXPECT_TRUE(Beats("127.0.0.1:" + port, "four"));
  EXPECT_TRUE(Beats("[::1]:" + port, "six"));
  ASSERT_EQ(server_->Stop(), 0);

  for (const std::string taken : {"127.0.0.1:", "[::1]:"}) {
    StartServer({"--listen=" + taken + port, "--data-dir=:memory:"});
    std::vector<std::string> args(launcher.begin() + 1, launcher.end());
    args.insert(args.end(), {BinaryPath("livenessd"), "--listen=two.example:" + port,
                             "--insecure-anonymous=beat", "--data-dir=:memory:"});
    ChildProcess second(launcher.front(), args);
    EXPECT_EQ(second.Wait(seconds(30)), 1);
    EXPECT_THAT(second.Err(), HasSubstr("cannot listen on two.example:" + port + " (it is " + taken + port));
    EXPECT_THAT(second.Err(), HasSubstr("in use"));
    ASSERT_EQ(server_->Stop(), 0);
  }
}

TEST_F(ListenerTest, SeveralAddressesAllServe) {
  StartServer({"--listen=127.0.0.1:0,127.0.0.2:0,[::1]:0"});
  EXPECT_THAT(server_->StandardOutput(), ::testing::Not(HasSubstr("127.0.0.2")));
  const auto addresses = Listener().addresses();
  ASSERT_THAT(addresses, SizeIs(3));
  EXPECT_EQ(addresses[0], address());
  for (const std::string& each : addresses) EXPECT_TRUE(Beats(each, each)) << each;
  const auto one_taken = ServerProcess::RunToEnd({"--listen=127.0.0.1:0," + addresses[1]});
  EXPECT_EQ(one_taken.exit_code, 1);
  EXPECT_THAT(one_taken.err, HasSubstr(addresses[1]));
}

TEST_F(ListenerTest, SocketsOfSystemdAreServedWithTheKeepaliveOfTheFlags) {
  server_ = ServerProcess::StartUnder(Activator("[(socket.AF_INET,('127.0.0.1',0),socket.SOCK_STREAM),"
                                                "(socket.AF_INET6,('::1',0),socket.SOCK_STREAM)]"),
                                      {"--data-dir=:memory:", "--keepalive-preset=strict"});
  ASSERT_NE(server_, nullptr);
  channel_ = NewChannel(address());
  const v1::ServerInfo info = Info();
  ASSERT_THAT(info.listener().addresses(), SizeIs(2));
  EXPECT_EQ(info.listener().addresses(0), address());
  EXPECT_EQ(info.keepalive().tcp_idle().seconds(), 6);
  for (const std::string& each : info.listener().addresses()) EXPECT_TRUE(Beats(each, each)) << each;
  EXPECT_EQ(server_->Stop(), 0);
}

TEST_F(ListenerTest, SocketsOfSystemdForAnotherProcessAreLeftAlone) {
  server_ = ServerProcess::StartUnder({"/usr/bin/env", "LISTEN_FDS=1", "LISTEN_PID=1"},
                                      {"--listen=127.0.0.1:0", "--data-dir=:memory:"});
  ASSERT_NE(server_, nullptr);
  EXPECT_TRUE(Beats(address(), "a"));
}

TEST_F(ListenerTest, ASocketOfSystemdThatIsNoStreamRefusesTheStart) {
  auto launcher = Activator("[(socket.AF_INET,('127.0.0.1',0),socket.SOCK_DGRAM)]");
  std::vector<std::string> args(launcher.begin() + 1, launcher.end());
  args.insert(args.end(), {BinaryPath("livenessd"), "--data-dir=:memory:"});
  ChildProcess process(launcher.front(), args);
  EXPECT_EQ(process.Wait(seconds(30)), 1);
  EXPECT_THAT(process.Err(), HasSubstr("descriptor 3 of socket activation (front0)"));
}

}  // namespace
}  // namespace liveness::testing
