#include "tests/soak/trend.h"

#include <gtest/gtest.h>

namespace liveness::soak {
namespace {

std::vector<Sample> Series(int count, long first, long step, int life = 1) {
  std::vector<Sample> all;
  for (int i = 0; i < count; ++i) all.push_back({life, first + i * step, 100 + i % 7, 20});
  return all;
}

TEST(TrendTest, WhatStaysIsNoGrowth) {
  std::vector<Sample> samples = Series(120, 100, 0);
  for (std::size_t i = 0; i < samples.size(); i += 5) samples[i].memory_mib += 80;  // bursts
  EXPECT_EQ(Growth(samples), std::nullopt);
}

TEST(TrendTest, ALeakIsFound) {
  EXPECT_EQ(Growth(Series(120, 100, 2)), "memory, in MiB grew from 220 to 300");
  std::vector<Sample> samples = Series(120, 100, 0);
  for (std::size_t i = 0; i < samples.size(); ++i) samples[i].files += static_cast<long>(i) * 6;
  EXPECT_NE(Growth(samples), std::nullopt);
  samples = Series(120, 100, 0);
  for (std::size_t i = 0; i < samples.size(); ++i) samples[i].threads += static_cast<long>(i) / 4;
  EXPECT_NE(Growth(samples), std::nullopt);
}

TEST(TrendTest, FillingUpAtFirstIsNoLeak) {
  std::vector<Sample> samples = Series(40, 50, 5);
  for (const Sample& each : Series(80, 250, 0)) samples.push_back(each);
  EXPECT_EQ(Growth(samples), std::nullopt);
}

TEST(TrendTest, ARestartBeginsAnew) {
  std::vector<Sample> samples = Series(60, 100, 5, 1);
  for (const Sample& each : Series(60, 100, 0, 2)) samples.push_back(each);
  EXPECT_EQ(Growth(samples), std::nullopt);
  samples.resize(66);
  EXPECT_EQ(Growth(samples), std::nullopt) << "too short to tell";
}

}  // namespace
}  // namespace liveness::soak
