#include "server/core/fleet/self_doubt.h"

#include <gtest/gtest.h>

namespace liveness::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Change = SelfDoubt::Change;

MonoTime At(int ms) { return MonoTime(seconds(1'000) + milliseconds(ms)); }

// All of one voice.
MassFailure::Tally Fell(std::int64_t fallen, std::int64_t members) {
  return {.fallen = fallen,
          .members = members,
          .fallen_voices = static_cast<double>(fallen) / static_cast<double>(members)};
}

// Silent since its suspicion, its stream open, probed then; timeout below 5 s.
SelfDoubt::Suspect Silent(int since_ms, int probed_ms) {
  return {.since = At(since_ms),
          .bound = At(since_ms) + SelfDoubt::kLeastBound,
          .open = true,
          .probed_at = At(probed_ms)};
}
SelfDoubt::Suspect Closed(int since_ms) {
  return {.since = At(since_ms), .bound = At(since_ms) + SelfDoubt::kLeastBound, .closed = true};
}

TEST(SelfDoubtTest, BeginsWhenNearlyEveryoneFell) {
  SelfDoubt doubt({});
  EXPECT_EQ(doubt.Count(Fell(18, 20), At(0)), Change::kNone) << "not more than the share";
  EXPECT_EQ(doubt.Count(Fell(19, 20), At(1)), Change::kBegins);
  EXPECT_EQ(doubt.Count(Fell(20, 20), At(2)), Change::kNone) << "once";
  EXPECT_TRUE(doubt.doubting());
  EXPECT_EQ(doubt.episode_count(), 1);
}

TEST(SelfDoubtTest, AFewProveNothing) {
  SelfDoubt doubt({});
  EXPECT_EQ(doubt.Count(Fell(9, 9), At(0)), Change::kNone);
  EXPECT_EQ(doubt.Count(Fell(0, 20), At(0)), Change::kNone) << "nothing ends that has not begun";
  EXPECT_EQ(doubt.HoldBack(Silent(0, 0), At(10)), std::nullopt);
}

TEST(SelfDoubtTest, AsManyAsAreAskedForAreEnough) {
  SelfDoubt doubt({});
  EXPECT_EQ(doubt.Count(Fell(10, 10), At(0)), Change::kBegins);
}

TEST(SelfDoubtTest, OneVoiceDoesNotSpeakForOthers) {
  SelfDoubt doubt({});
  const MassFailure::Tally bought{
      .fallen = 10'000, .members = 10'050, .beside_the_largest_voice = 50, .fallen_voices = 1.0 / 51};
  EXPECT_EQ(doubt.Count(bought, At(0)), Change::kNone);
  MassFailure::Tally few = bought;
  few.beside_the_largest_voice = 9;
  EXPECT_EQ(doubt.Count(few, At(0)), Change::kBegins) << "a few beside a fleet do not say that all is well";
  EXPECT_EQ(doubt.Count(bought, At(1)), Change::kEnds);
  MassFailure::Tally all = bought;
  all.fallen_voices = 0.95;
  EXPECT_EQ(doubt.Count(all, At(2)), Change::kBegins);
}

TEST(SelfDoubtTest, EndsByItself) {
  SelfDoubt doubt({});
  doubt.Count(Fell(19, 20), At(0));
  EXPECT_EQ(doubt.Count(Fell(10, 20), At(100)), Change::kNone);
  EXPECT_EQ(doubt.Count(Fell(9, 20), At(200)), Change::kEnds);
  EXPECT_EQ(doubt.HoldBack(Silent(300, 300), At(1'000)), std::nullopt) << "suspected after it";
  EXPECT_EQ(doubt.Count(Fell(19, 20), At(400)), Change::kBegins);
  EXPECT_EQ(doubt.episode_count(), 2);
}

TEST(SelfDoubtTest, TurnedOffItHoldsNobody) {
  SelfDoubt doubt({.share = 1});
  EXPECT_EQ(doubt.Count(Fell(20, 20), At(0)), Change::kNone);
}

TEST(SelfDoubtTest, WithoutACanaryAFreshProbeIsWaitedFor) {
  SelfDoubt doubt({});
  doubt.Count(Fell(19, 20), At(900));
  auto hold = doubt.HoldBack(Silent(0, 0), At(1'000));
  ASSERT_TRUE(hold);
  EXPECT_TRUE(hold->probe) << "the one before the doubt proves nothing";
  EXPECT_EQ(hold->until, At(1'200));
  hold = doubt.HoldBack(Silent(0, 1'000), At(1'100));
  ASSERT_TRUE(hold);
  EXPECT_FALSE(hold->probe);
  EXPECT_EQ(hold->until, At(1'200));
  EXPECT_EQ(doubt.HoldBack(Silent(0, 1'000), At(1'200)), std::nullopt);
}

TEST(SelfDoubtTest, AProbeThatWentOutInTheDoubtWillDo) {
  SelfDoubt doubt({});
  doubt.Count(Fell(19, 20), At(0));
  EXPECT_EQ(doubt.HoldBack(Silent(100, 100), At(1'100)), std::nullopt);
}

TEST(SelfDoubtTest, ALongRoundTripGetsItsTime) {
  SelfDoubt doubt({});
  doubt.Count(Fell(19, 20), At(900));
  SelfDoubt::Suspect far = Silent(0, 1'000);
  far.rtt = milliseconds(300);
  ASSERT_TRUE(doubt.HoldBack(far, At(2'199)));
  EXPECT_EQ(doubt.HoldBack(far, At(2'200)), std::nullopt);
}

TEST(SelfDoubtTest, TheCanaryMustHaveSpokenSinceTheSuspicion) {
  SelfDoubt doubt({});
  doubt.Count(Fell(19, 20), At(50));
  doubt.CanaryAnswered(At(0), At(1));
  SelfDoubt::Suspect silent = Silent(100, 100);
  doubt.CanaryAnswered(At(90), At(110));
  EXPECT_TRUE(doubt.HoldBack(silent, At(1'100))) << "its ping was sent before";
  doubt.CanaryAnswered(At(101), At(1'101));
  EXPECT_EQ(doubt.HoldBack(silent, At(1'101)), std::nullopt);
}

TEST(SelfDoubtTest, AnswersMayComeOutOfOrder) {
  SelfDoubt doubt({});
  doubt.Count(Fell(19, 20), At(50));
  doubt.CanaryAnswered(At(200), At(201));
  doubt.CanaryAnswered(At(0), At(202));
  EXPECT_EQ(doubt.HoldBack(Silent(100, 100), At(1'100)), std::nullopt);
}

TEST(SelfDoubtTest, NeverBeyondTheBound) {
  SelfDoubt doubt({});
  doubt.Count(Fell(19, 20), At(50));
  doubt.CanaryAnswered(At(0), At(1));
  const SelfDoubt::Suspect silent = Silent(100, 100);
  MonoTime now = At(1'100);
  int questions = 0;
  while (const auto hold = doubt.HoldBack(silent, now)) {
    ASSERT_GT(hold->until, now);
    ASSERT_LE(hold->until, silent.bound);
    now = hold->until;
    ++questions;
  }
  EXPECT_EQ(now, silent.bound);
  EXPECT_LT(questions, 10) << "few, however long it takes";
}

TEST(SelfDoubtTest, AClosedConnectionUnderALiveCanaryIsNotHeld) {
  SelfDoubt doubt({});
  doubt.Count(Fell(19, 20), At(0));
  doubt.CanaryAnswered(At(-200), At(-190));
  EXPECT_EQ(doubt.HoldBack(Closed(10), At(10)), std::nullopt);
  EXPECT_TRUE(doubt.HoldBack(Closed(1'000), At(1'000))) << "silent for more than a second";
  doubt.CanaryAnswered(At(900), At(1'050));
  EXPECT_EQ(doubt.HoldBack(Closed(1'000), At(1'060)), std::nullopt);
}

TEST(SelfDoubtTest, NorWithoutAnyCanary) {
  SelfDoubt doubt({});
  doubt.Count(Fell(19, 20), At(0));
  EXPECT_EQ(doubt.HoldBack(Closed(10), At(10)), std::nullopt);
}

TEST(SelfDoubtTest, WhoseConnectionWeCutWaitsForTheCanaryAlone) {
  SelfDoubt doubt({});
  doubt.Count(Fell(19, 20), At(0));
  doubt.CanaryAnswered(At(-1'000), At(-999));
  SelfDoubt::Suspect cut = Silent(10, 0);
  cut.open = false;
  const auto hold = doubt.HoldBack(cut, At(1'010));
  ASSERT_TRUE(hold);
  EXPECT_FALSE(hold->probe);
  doubt.CanaryAnswered(At(20), At(1'020));
  EXPECT_EQ(doubt.HoldBack(cut, At(1'020)), std::nullopt);
}

TEST(SelfDoubtTest, ConcernsThoseOfTheWindowOnly) {
  SelfDoubt doubt({.window = seconds(2)});
  doubt.Count(Fell(19, 20), At(10'000));
  EXPECT_TRUE(doubt.HoldBack(Silent(8'000, 8'000), At(10'000)));
  EXPECT_EQ(doubt.HoldBack(Silent(7'999, 7'999), At(10'000)), std::nullopt);
}

TEST(SelfDoubtTest, WhoIsHeldStaysSoBeyondTheDoubt) {
  SelfDoubt doubt({});
  doubt.Count(Fell(19, 20), At(0));
  doubt.CanaryAnswered(At(-1'000), At(-999));
  SelfDoubt::Suspect silent = Silent(10, 10);
  silent.held = true;
  doubt.Count(Fell(1, 20), At(100));
  EXPECT_TRUE(doubt.HoldBack(silent, At(1'010))) << "nobody has spoken yet";
  silent.bound = At(60'000);
  doubt.Count(Fell(19, 20), At(20'000));
  EXPECT_TRUE(doubt.HoldBack(silent, At(20'010))) << "the next, much later, does not let it go either";
}

TEST(SelfDoubtTest, EachDoubtConcernsThoseOfItsOwnTime) {
  SelfDoubt doubt({});
  doubt.CanaryAnswered(At(-100), At(-99));  // and never again
  doubt.Count(Fell(19, 20), At(0));
  doubt.Count(Fell(9, 20), At(200));
  EXPECT_TRUE(doubt.HoldBack(Silent(100, 100), At(1'100))) << "suspected in it, to its own end";
  EXPECT_FALSE(doubt.HoldBack(Silent(300, 300), At(1'300))) << "suspected after it";
  doubt.Count(Fell(19, 20), At(400));
  EXPECT_TRUE(doubt.HoldBack(Silent(450, 450), At(1'450))) << "suspected in the next";
}

TEST(SelfDoubtTest, ACanaryThatSpokeAfterTheCloseLivedThen) {
  SelfDoubt doubt({});
  doubt.Count(Fell(19, 20), At(0));
  doubt.CanaryAnswered(At(90), At(100));
  EXPECT_FALSE(doubt.HoldBack(Closed(0), At(2'000))) << "however long ago that was";
  EXPECT_TRUE(doubt.HoldBack(Closed(500), At(2'000)));
}

TEST(SelfDoubtTest, WhoHasNoStreamIsNotAsked) {
  SelfDoubt doubt({});
  doubt.Count(Fell(19, 20), At(900));
  SelfDoubt::Suspect cut = Silent(0, 0);
  cut.open = false;  // our own keepalive cut it
  EXPECT_FALSE(doubt.HoldBack(cut, At(1'000)));
}

}  // namespace
}  // namespace liveness::core
