#include "server/core/fleet/voices.h"

#include <string>

#include <gtest/gtest.h>

namespace liveness::core {
namespace {

TEST(VoicesTest, EachCountsTheSameHoweverManyItHas) {
  Voices voices;
  EXPECT_EQ(voices.FallenShare(), 0);
  for (int i = 0; i < 3; ++i) voices.Add("small" + std::to_string(i), 1, 0);
  voices.Add("large", 1'000, 1'000);
  EXPECT_DOUBLE_EQ(voices.FallenShare(), 0.25);
  voices.Add("small0", 0, 1);
  EXPECT_DOUBLE_EQ(voices.FallenShare(), 0.5);
  voices.Add("large", 0, -500);
  EXPECT_DOUBLE_EQ(voices.FallenShare(), 0.375);
}

TEST(VoicesTest, ALoneVoiceSaysWhatItsClientsSay) {
  Voices voices;
  voices.Add("a", 20, 19);
  EXPECT_DOUBLE_EQ(voices.FallenShare(), 0.95);
  EXPECT_EQ(voices.BesideTheLargest(), 0);
}

TEST(VoicesTest, TheLargestMayChange) {
  Voices voices;
  voices.Add("a", 5, 0);
  voices.Add("b", 3, 0);
  voices.Add("c", 5, 0);
  EXPECT_EQ(voices.BesideTheLargest(), 8);
  voices.Add("a", -5, 0);
  voices.Add("c", -4, 0);
  EXPECT_EQ(voices.BesideTheLargest(), 1);
  EXPECT_EQ(voices.size(), 2U);
}

TEST(VoicesTest, WhoHasNobodyLeftIsNoVoice) {
  Voices voices;
  for (int i = 0; i < 1'000; ++i) voices.Add(std::to_string(i), 3, i % 3);
  for (int i = 0; i < 1'000; ++i) voices.Add(std::to_string(i), -3, -(i % 3));
  EXPECT_EQ(voices.size(), 0U);
  EXPECT_EQ(voices.FallenShare(), 0);
  EXPECT_EQ(voices.BesideTheLargest(), 0);
  voices.Add("a", 2, 1);
  EXPECT_EQ(voices.FallenShare(), 0.5) << "rounding leaves nothing behind";
}

}  // namespace
}  // namespace liveness::core
