#include "server/http/metrics/process_figures.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <vector>

namespace liveness::http {
namespace {

TEST(ProcessFigures, AreReadBehindAnyName) {
  const auto figures = ParseProcessStat(
      "42 (a) b (1 2) S 1 42 42 0 -1 4194560 10 0 0 0 250 50 0 0 20 0 7 0 1000 123456 30 1844674407 1 1 0",
      100, 4096);
  ASSERT_TRUE(figures);
  EXPECT_EQ(figures->cpu_seconds, 3.0);
  EXPECT_EQ(figures->threads, 7);
  EXPECT_EQ(figures->virtual_bytes, 123456);
  EXPECT_EQ(figures->resident_bytes, 30 * 4096);
}

TEST(ProcessFigures, OfWhatIsNoneAreNone) {
  EXPECT_FALSE(ParseProcessStat("", 100, 4096));
  EXPECT_FALSE(ParseProcessStat("42 (name) S 1", 100, 4096));
}

TEST(ProcessFigures, OfThisProcessCountItsDescriptors) {
  const auto before = ReadProcessFigures();
  ASSERT_TRUE(before);
  EXPECT_GT(before->resident_bytes, 0);
  EXPECT_GE(before->threads, 1);
  EXPECT_GT(before->max_fds, before->open_fds);
  std::vector<int> opened;
  for (int i = 0; i < 5; ++i) opened.push_back(open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(ReadProcessFigures()->open_fds, before->open_fds + 5);
  for (const int fd : opened) close(fd);
}

}  // namespace
}  // namespace liveness::http
