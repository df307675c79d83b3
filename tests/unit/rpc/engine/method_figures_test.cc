#include "server/rpc/engine/method_figures.h"

#include <gtest/gtest.h>

#include <numeric>

namespace liveness::rpc {
namespace {

using common::MonoTime;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::uint64_t Timed(const MethodFigures& figures) {
  const auto counts = figures.times().counts;
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

std::uint64_t Ended(const MethodFigures& figures, absl::StatusCode code) {
  return figures.ended(static_cast<std::size_t>(code));
}

TEST(MethodFigures, ACallEndsOnceHoweverManySaySo) {
  MethodFigures figures(MethodFigures::Shape::kUnary);
  CallFigures call;
  call.Begin(figures, MonoTime(seconds(1)));
  EXPECT_EQ(figures.began(), 1u);
  call.End(absl::StatusCode::kNotFound, MonoTime(seconds(1) + milliseconds(7)));
  call.End(absl::StatusCode::kCancelled, MonoTime(seconds(9)));
  EXPECT_EQ(Ended(figures, absl::StatusCode::kNotFound), 1u);
  EXPECT_EQ(Ended(figures, absl::StatusCode::kCancelled), 0u);
  EXPECT_EQ(Timed(figures), 1u);
  EXPECT_EQ(figures.times().sum, milliseconds(7));
}

TEST(MethodFigures, ACallThatNeverBeganDoesNotEnd) {
  CallFigures call;
  call.End(absl::StatusCode::kOk, MonoTime(seconds(1)));
}

TEST(MethodFigures, AStreamsLengthIsNoLatency) {
  MethodFigures figures(MethodFigures::Shape::kStream);
  CallFigures call;
  call.Begin(figures, MonoTime());
  call.End(absl::StatusCode::kCancelled, MonoTime(seconds(3'600)));
  EXPECT_EQ(Ended(figures, absl::StatusCode::kCancelled), 1u);
  EXPECT_EQ(Timed(figures), 0u);
}

TEST(MethodFigures, ACodeThatNobodyKnowsIsUnknown) {
  MethodFigures figures(MethodFigures::Shape::kUnary);
  figures.Ended(static_cast<absl::StatusCode>(99), {});
  figures.Ended(static_cast<absl::StatusCode>(-1), {});
  EXPECT_EQ(Ended(figures, absl::StatusCode::kUnknown), 2u);
}

}  // namespace
}  // namespace liveness::rpc
