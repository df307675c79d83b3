#include "client/cli/doctor/path_figures.h"

#include <gtest/gtest.h>

#include <chrono>

namespace liveness::cli::doctor {
namespace {

using std::chrono::milliseconds;

TEST(PathFigures, OfNothingAreZero) {
  const PathFigures none = Summarize({});
  EXPECT_EQ(none.sent, 0);
  const PathFigures unanswered = Summarize({std::nullopt, std::nullopt});
  EXPECT_EQ(unanswered.sent, 2);
  EXPECT_EQ(unanswered.answered, 0);
  EXPECT_EQ(unanswered.most, milliseconds(0));
}

TEST(PathFigures, PercentilesAreOfTheNearestRank) {
  std::vector<std::optional<common::Duration>> trips;
  for (int i = 100; i >= 1; --i) trips.emplace_back(milliseconds(i));
  const PathFigures figures = Summarize(trips);
  EXPECT_EQ(figures.least, milliseconds(1));
  EXPECT_EQ(figures.p50, milliseconds(50));
  EXPECT_EQ(figures.p90, milliseconds(90));
  EXPECT_EQ(figures.p99, milliseconds(99));
  EXPECT_EQ(figures.most, milliseconds(100));
  EXPECT_EQ(figures.jitter, milliseconds(1));
}

TEST(PathFigures, JitterIsOfNeighboursAlone) {
  // 10 and 14 follow one another; between 14 and 20 a pong is missing.
  const PathFigures figures = Summarize({milliseconds(10), milliseconds(14), std::nullopt, milliseconds(20)});
  EXPECT_EQ(figures.jitter, milliseconds(4));
  EXPECT_EQ(figures.sent, 4);
  EXPECT_EQ(figures.answered, 3);
}

TEST(PathFigures, OfOnePong) {
  const PathFigures figures = Summarize({milliseconds(7)});
  EXPECT_EQ(figures.p50, milliseconds(7));
  EXPECT_EQ(figures.p99, milliseconds(7));
  EXPECT_EQ(figures.jitter, milliseconds(0));
}

}  // namespace
}  // namespace liveness::cli::doctor
