#include "common/target.h"

#include <gtest/gtest.h>

namespace liveness::common {
namespace {

TEST(TargetTest, HostsAndSockets) {
  for (const char* good : {"a:1", "[::1]:7700", "dns:///a:7700", "unix:/run/x.sock", "unix:x", "unix:7700"}) {
    EXPECT_EQ(TargetProblem(good), "") << good;
  }
  EXPECT_EQ(TargetProblem("unix:" + std::string(107, 'p')), "");
  for (const std::string& bad :
       {std::string(), std::string("a"), std::string(":1"), std::string("a:"), std::string("unix:"),
        std::string("unix:/a\0b", 9), "unix:" + std::string(108, 'p')}) {
    EXPECT_NE(TargetProblem(bad), "") << bad;
  }
}

TEST(TargetTest, APathMeansItself) {
  EXPECT_EQ(GrpcTarget("host:7700"), "host:7700");
  EXPECT_EQ(GrpcTarget("unix:/run/liveness.sock"), "unix:/run/liveness.sock");
  EXPECT_EQ(GrpcTarget("unix:/a b%20?#/\xc3\xbc"), "unix:/a%20b%2520%3F%23/%C3%BC");
}

}  // namespace
}  // namespace liveness::common
