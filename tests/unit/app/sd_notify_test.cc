#include "server/app/sd_notify.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <string>

namespace liveness::app {
namespace {

// Both forms that systemd uses: a path and, with '@', an abstract name.
class SdNotifyTest : public ::testing::TestWithParam<bool> {};

TEST_P(SdNotifyTest, ReachesTheSocket) {
  const std::string name = "liveness-notify-" + std::to_string(getpid());
  const std::string path = GetParam() ? "@" + name : ::testing::TempDir() + name;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof(address.sun_path) - 1);
  if (GetParam()) address.sun_path[0] = '\0';
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
  const int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
  ASSERT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);

  setenv("NOTIFY_SOCKET", path.c_str(), 1);
  SdNotify("READY=1");
  unsetenv("NOTIFY_SOCKET");
  SdNotify("STOPPING=1");  // nobody asked

  char text[32] = "";
  EXPECT_EQ(recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT), 7);
  EXPECT_STREQ(text, "READY=1");
  EXPECT_EQ(recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT), -1);
  close(fd);
  if (!GetParam()) unlink(path.c_str());
}

INSTANTIATE_TEST_SUITE_P(Forms, SdNotifyTest, ::testing::Bool());

}  // namespace
}  // namespace liveness::app
