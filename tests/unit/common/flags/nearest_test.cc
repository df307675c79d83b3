#include "common/flags/nearest.h"

#include <gtest/gtest.h>

namespace liveness::common {
namespace {

TEST(NearestTest, DistancesCountLettersPutInLeftOutChangedAndSwapped) {
  EXPECT_EQ(EditDistance("", "", 3), 0U);
  EXPECT_EQ(EditDistance("listen", "listen", 3), 0U);
  EXPECT_EQ(EditDistance("listn", "listen", 3), 1U);
  EXPECT_EQ(EditDistance("listenn", "listen", 3), 1U);
  EXPECT_EQ(EditDistance("lysten", "listen", 3), 1U);
  EXPECT_EQ(EditDistance("lisetn", "listen", 3), 1U);
  EXPECT_EQ(EditDistance("kitten", "sitting", 3), 3U);
  EXPECT_EQ(EditDistance("", "abc", 3), 3U);
}

TEST(NearestTest, DistancesAreNotCountedBeyondTheLimit) {
  EXPECT_EQ(EditDistance("abcdef", "uvwxyz", 2), 3U);
  EXPECT_EQ(EditDistance("a", "abcdef", 2), 3U);
  EXPECT_EQ(EditDistance("a", "b", 0), 1U);
}

TEST(NearestTest, TheNearestNameIsMeant) {
  const std::vector<std::string> names = {"listen", "min-interval", "max-clients", "max-watchers"};
  EXPECT_EQ(Nearest("min-intervall", names), "min-interval");
  EXPECT_EQ(Nearest("min_interval", names), "min-interval");
  EXPECT_EQ(Nearest("minInterval", names), "min-interval");
  EXPECT_EQ(Nearest("max-client", names), "max-clients");
  EXPECT_EQ(Nearest("lsiten", names), "listen");
  EXPECT_EQ(Nearest("listen", names), "listen");
}

TEST(NearestTest, WhatIsFarFromAllIsNobodysName) {
  const std::vector<std::string> names = {"listen", "min-interval"};
  EXPECT_EQ(Nearest("port", names), "");
  EXPECT_EQ(Nearest("", names), "");
  EXPECT_EQ(Nearest("listen", {}), "");
}

TEST(NearestTest, OfTwoThatAreAsNearTheFirstIsMeant) {
  EXPECT_EQ(Nearest("cat", {"bat", "rat"}), "bat");
  EXPECT_EQ(Nearest("rat", {"bat", "rat"}), "rat");
}

}  // namespace
}  // namespace liveness::common
