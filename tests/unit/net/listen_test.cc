// Real sockets on loopback and in a directory of the test's own.
#include "server/net/listen.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>

#include "server/net/descriptor_limit.h"
#include "server/net/unix_listener.h"
#include "tests/support/raw_connection.h"
#include "tests/support/temp_dir.h"

namespace liveness::net {
namespace {

using ::testing::HasSubstr;
using testing::RawConnection;
using ::testing::SizeIs;
using ::testing::StartsWith;
using testing::TempDir;

absl::StatusOr<std::vector<ListenSocket>> ListenOn(const std::string& list,
                                                   const ListenOptions& options = {}) {
  return Listen(*ParseListenAddresses(list), options);
}

TEST(ListenAddress, ReadsItsForms) {
  EXPECT_EQ(ParseListenAddress("a.example:80")->host, "a.example");
  EXPECT_EQ(ParseListenAddress("[::1]:80")->host, "::1");
  EXPECT_EQ(ParseListenAddress("[::1]:80")->port, 80);
  EXPECT_EQ(ParseListenAddress("unix:/run/x")->unix_path, "/run/x");
  EXPECT_EQ(WithPort(*ParseListenAddress("[::]:0"), 81), "[::]:81");
  EXPECT_THAT(*ParseListenAddresses("127.0.0.1:1,unix:/x,[::]:2"), SizeIs(3));
  for (const char* wrong :
       {"", "80", ":80", "h:", "h:x", "h:70000", "h:-1", "h:+1", "unix:", "h:1,", ",h:1"}) {
    EXPECT_FALSE(ParseListenAddresses(wrong).ok()) << wrong;
  }
  EXPECT_THAT(std::string(ParseListenAddress("unix:/" + std::string(200, 'x')).status().message()),
              HasSubstr("107 bytes"));
}

TEST(Listen, APortOfAllAddressesOfANameIsOne) {
  const auto sockets = ListenOn("localhost:0");
  ASSERT_TRUE(sockets.ok()) << sockets.status();
  for (const ListenSocket& each : *sockets) {
    EXPECT_EQ(each.port(), sockets->front().port());
    EXPECT_TRUE(RawConnection(each.text()).connected()) << each.text();
  }
}

TEST(Listen, OneThatIsTakenIsNamedAndNothingListens) {
  const auto taken = ListenOn("127.0.0.1:0");
  const auto free = ListenOn("127.0.0.1:0");
  const std::string free_text = free->front().text();
  ASSERT_TRUE(taken.ok() && free.ok());
  const std::size_t before = OpenDescriptors();
  const std::string other = "127.0.0.2:" + std::to_string(taken->front().port());
  const auto both = ListenOn(other + "," + taken->front().text());
  ASSERT_TRUE(absl::IsUnavailable(both.status())) << both.status();
  EXPECT_THAT(std::string(both.status().message()), HasSubstr(taken->front().text()));
  EXPECT_THAT(std::string(both.status().message()), HasSubstr("in use"));
  EXPECT_EQ(OpenDescriptors(), before);
  EXPECT_FALSE(RawConnection(other).connected());
}

// A name of these addresses, whatever it is.
ListenOptions Named(std::vector<std::string> hosts) {
  ListenOptions options;
  options.resolve = [hosts = std::move(hosts)](const ListenAddress& address) {
    std::vector<sockaddr_storage> all;
    for (const std::string& host : hosts) {
      const auto one = *ResolveByName(*ParseListenAddress(host + ":" + std::to_string(address.port)));
      all.insert(all.end(), one.begin(), one.end());
    }
    return all;
  };
  return options;
}

// As localhost is 127.0.0.1 and ::1: whichever is taken, the other alone does not do.
TEST(Listen, HalfANameIsNotEnough) {
  const ListenOptions both = Named({"127.0.0.1", "[::1]"});
  for (const std::string taken : {"127.0.0.1:0", "[::1]:0"}) {
    const auto other = ListenOn(taken);
    ASSERT_TRUE(other.ok()) << other.status();
    const std::string name = "two.example:" + std::to_string(other->front().port());
    const auto refused = ListenOn(name, both);
    ASSERT_TRUE(absl::IsUnavailable(refused.status())) << refused.status();
    EXPECT_THAT(std::string(refused.status().message()),
                StartsWith("cannot listen on " + name + " (it is " + other->front().text() + " too): port "));
  }
  const auto free = ListenOn("two.example:0", both);
  ASSERT_TRUE(free.ok()) << free.status();
  ASSERT_THAT(*free, SizeIs(2));
  EXPECT_EQ((*free)[0].port(), (*free)[1].port());
}

TEST(Listen, AnAddressThatThisMachineLacksIsLeftOutAndTold) {
  ListenOptions options = Named({"192.0.2.1", "127.0.0.1"});
  std::string notice;
  options.on_notice = [&](const std::string& text) { notice = text; };
  const auto sockets = ListenOn("two.example:0", options);
  ASSERT_TRUE(sockets.ok()) << sockets.status();
  EXPECT_THAT(*sockets, SizeIs(1));
  EXPECT_THAT(notice, HasSubstr("192.0.2.1"));
  EXPECT_TRUE(absl::IsUnavailable(ListenOn("two.example:0", Named({"192.0.2.1"})).status()));
}

TEST(Listen, TheWildcardOfIpv6TakesIpv4Too) {
  const auto sockets = ListenOn("[::]:0");
  ASSERT_TRUE(sockets.ok()) << sockets.status();
  EXPECT_TRUE(RawConnection("127.0.0.1:" + std::to_string(sockets->front().port())).connected());
}

TEST(Listen, WhatIsAcceptedHasTheKeepalive) {
  ListenOptions options;
  options.keepalive.idle = std::chrono::seconds(7);
  options.keepalive.count = 4;
  const auto sockets = ListenOn("127.0.0.1:0", options);
  ASSERT_TRUE(sockets.ok());
  EXPECT_EQ(common::GetTcpKeepalive(sockets->front().fd()).values, common::InForce(options.keepalive));
  const RawConnection peer(sockets->front().text());
  const int fd = accept(sockets->front().fd(), nullptr, nullptr);
  EXPECT_EQ(common::GetTcpKeepalive(fd).values, common::InForce(options.keepalive));
  close(fd);
}

TEST(Listen, ThePresetBacklogIsReadBack) {
  ListenOptions options;
  options.backlog = 3;
  const auto sockets = ListenOn("127.0.0.1:0", options);
  EXPECT_EQ(sockets->front().backlog().limit, 3U);
  const RawConnection one(sockets->front().text());
  const RawConnection two(sockets->front().text());
  EXPECT_EQ(sockets->front().backlog().waiting, 2U);
}

mode_t ModeOf(const std::string& path) {
  struct stat found {};
  EXPECT_EQ(stat(path.c_str(), &found), 0);
  return found.st_mode & 07777;
}

TEST(UnixListener, HasItsModeAndIsRemovedAtTheEnd) {
  const TempDir dir;
  const std::string path = dir.file("s");
  for (const mode_t mode : {0660, 0600, 0777}) {
    const auto socket = ListenOnUnix(path, mode, 8);
    ASSERT_TRUE(socket.ok()) << socket.status();
    EXPECT_EQ(ModeOf(path), mode);
    EXPECT_TRUE(RawConnection("unix:" + path).connected());
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(UnixListener, ReplacesALeftFileButNotALivingServerNorAFile) {
  const TempDir dir;
  const std::string path = dir.file("s");
  {
    // As a killed server leaves it.
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof(address.sun_path) - 1);
    ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    close(fd);
  }
  auto first = ListenOnUnix(path, 0660, 8);
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = ListenOnUnix(path, 0660, 8);
  EXPECT_TRUE(absl::IsAlreadyExists(second.status())) << second.status();
  EXPECT_TRUE(RawConnection("unix:" + path).connected());

  // Somebody put another one in its place: that one is not ours to remove.
  std::filesystem::remove(path);
  const auto other = ListenOnUnix(path, 0660, 8);
  ASSERT_TRUE(other.ok());
  first = absl::CancelledError();
  EXPECT_TRUE(RawConnection("unix:" + path).connected());

  const std::string file = dir.file("plain");
  std::ofstream(file) << "kept";
  EXPECT_TRUE(absl::IsFailedPrecondition(ListenOnUnix(file, 0660, 8).status()));
  EXPECT_TRUE(std::filesystem::is_regular_file(file));
  EXPECT_FALSE(ListenOnUnix(dir.file("no/such/dir"), 0660, 8).ok());
}

TEST(UnixListener, OfManyThatStartAtOnceOneListens) {
  const TempDir dir;
  const std::string path = dir.file("s");
  std::vector<absl::StatusOr<ListenSocket>> sockets(8);
  std::vector<std::thread> threads;
  for (auto& each : sockets) threads.emplace_back([&] { each = ListenOnUnix(path, 0660, 8); });
  for (std::thread& thread : threads) thread.join();
  const auto listening = std::count_if(sockets.begin(), sockets.end(), [](const auto& s) { return s.ok(); });
  EXPECT_EQ(listening, 1);
  EXPECT_TRUE(RawConnection("unix:" + path).connected());
}

TEST(DescriptorLimit, LeavesAReserve) {
  EXPECT_EQ(ConnectionsWithin(80, 10), 30U);
  EXPECT_EQ(ConnectionsWithin(20'000, 20), 18'956U);
  EXPECT_EQ(ConnectionsWithin(30, 10), 0U);
}

}  // namespace
}  // namespace liveness::net
