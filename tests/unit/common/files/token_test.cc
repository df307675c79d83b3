#include "common/files/token.h"

#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace liveness::common {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(TokenFile, IsOneLine) {
  const testing::TempDir dir;
  const std::string path = dir.file("token");
  const auto read = [&](const std::string& text) {
    std::ofstream(path) << text;
    return ReadTokenFile("--token-file", path);
  };
  EXPECT_EQ(*read("lvt_abc\n"), "lvt_abc");
  EXPECT_EQ(*read("lvt_abc\r\n"), "lvt_abc");
  EXPECT_EQ(*read("lvt_abc"), "lvt_abc");
  for (const std::string bad : {"", "\n", "lvt_a b", "lvt_a\nlvt_b", "lvt_\xc3\xa9", "lvt_\x01"}) {
    const auto token = read(bad);
    ASSERT_FALSE(token.ok()) << bad;
    EXPECT_THAT(std::string(token.status().message()), HasSubstr("--token-file=" + path));
    EXPECT_THAT(std::string(token.status().message()), Not(HasSubstr("lvt_")));
  }
  EXPECT_FALSE(read(std::string(5'000, 'x')).ok());
  EXPECT_THAT(std::string(ReadTokenFile("--token-file", dir.file("none")).status().message()),
              HasSubstr("No such file"));
}

TEST(TokenFile, IsShownToNobodyOnTheWay) {
  EXPECT_TRUE(CheckTokenIsSafe("t", "prod.example:7700", true).ok());
  for (const char* here : {"127.0.0.1:7700", "127.8.9.10:1", "[::1]:7700", "localhost:7700", "unix:/run/x"}) {
    EXPECT_TRUE(CheckTokenIsSafe("t", here, false).ok()) << here;
  }
  for (const char* there : {"prod.example:7700", "10.0.0.1:7700", "127.0.0.1.evil.example:7700", "[::2]:7700",
                            "localhost.evil.example:7700", "0.0.0.0:7700", "127.evil:7700"}) {
    EXPECT_FALSE(CheckTokenIsSafe("t", there, false).ok()) << there;
  }
}

}  // namespace
}  // namespace liveness::common
