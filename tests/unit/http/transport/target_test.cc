#include "server/http/transport/target.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace liveness::http {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(Target, PathAndQueryAreDecoded) {
  const auto target = ParseTarget("/a%20b/%C3%BC?filter=state+%3D%20ALIVE&empty=&bare&&x=1%2B1#part");
  ASSERT_TRUE(target.ok()) << target.status();
  EXPECT_EQ(target->path, "/a b/\xC3\xBC");
  EXPECT_THAT(target->query, ElementsAre(Pair("filter", "state = ALIVE"), Pair("empty", ""), Pair("bare", ""),
                                         Pair("x", "1+1")));
}

TEST(Target, APlusInAPathIsAPlus) { EXPECT_EQ(ParseTarget("/a+b")->path, "/a+b"); }

TEST(Target, NothingIsMadeShorter) {
  EXPECT_EQ(ParseTarget("/../a/./b//c")->path, "/../a/./b//c");
  EXPECT_EQ(ParseTarget("/%2e%2e%2fa")->path, "/../a");
  EXPECT_THAT(ParseTarget("/a?")->query, IsEmpty());
}

TEST(Target, WhatIsNoPathIsRefused) {
  for (const char* bad : {"", "*", "http://host/", "a", "/%", "/%4", "/%4g", "/%00", "/%0a", "/%7f", "/%ff",
                          "/%c3", "/?a=%zz", "/?%0d=1"}) {
    EXPECT_FALSE(ParseTarget(bad).ok()) << bad;
  }
}

}  // namespace
}  // namespace liveness::http
