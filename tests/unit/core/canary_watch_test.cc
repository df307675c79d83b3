#include "server/core/canary_watch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>

namespace liveness::core {
namespace {

using common::Duration;
using common::MonoTime;
using std::chrono::milliseconds;
using std::chrono::seconds;

MonoTime At(Duration since_start) { return MonoTime(std::chrono::hours(1) + since_start); }

// Two queues whose canaries ping each 200 ms, and a detector that looks each 10 ms.
class Watched {
 public:
  static constexpr std::size_t kQueues = 2;
  explicit Watched(Duration max_doubt = seconds(10)) : watch(max_doubt) {}

  void RunUntil(Duration end) {
    while (now_ < end) Step();
  }
  // The whole process does not run; the detector finds out first.
  void StopFor(Duration span) {
    const MonoTime expected = At(now_ + kStep);
    now_ += span;
    witness.Observe(expected, At(now_));
    stands = watch.Assess(pulses, At(now_), witness);
  }
  // Witness time since the start.
  Duration witnessed() const { return witness.Elapsed(At(Duration(0)), At(now_)); }
  Duration now() const { return now_; }

  std::array<bool, kQueues> frozen{};  // hears nobody
  std::array<bool, kQueues> connected{true, true};
  Duration answer_after = milliseconds(1);  // a canary's ping is heard
  std::function<void(Watched&)> on_step = [](Watched&) {};
  std::array<Pulse, kQueues> pulses;
  WitnessClock witness;
  CanaryWatch watch;
  bool stands = false;

 private:
  static constexpr Duration kStep = milliseconds(10);

  void Step() {
    now_ += kStep;
    for (std::size_t i = 0; i < kQueues; ++i) {
      Pulse& pulse = pulses[i];
      if (!connected[i]) {
        pulse.sent = Pulse::kNever;
        continue;
      }
      const bool answered = pulse.sent == Pulse::kNever || pulse.heard >= pulse.sent;
      if (answered && (pulse.sent == Pulse::kNever || At(now_) - pulse.sent >= CanaryWatch::kPeriod)) {
        pulse.sent = At(now_);
      } else if (!answered && !frozen[i] && At(now_) - pulse.sent >= answer_after) {
        pulse.heard = At(now_);
      }
    }
    on_step(*this);
    stands = watch.Assess(pulses, At(now_), witness);
  }

  Duration now_{};
};

TEST(CanaryWatchTest, AHealthyServerIsNotDoubted) {
  Watched world;
  world.RunUntil(seconds(60));
  EXPECT_EQ(world.watch.state(), CanaryDoubt::kNone);
  EXPECT_EQ(world.watch.doubts(), 0);
  EXPECT_EQ(world.witness.credited(), Duration(0));
}

TEST(CanaryWatchTest, OrdinaryLatenessIsNotCredited) {
  Watched world;
  world.answer_after = CanaryWatch::kTolerance;
  world.RunUntil(seconds(60));
  EXPECT_EQ(world.watch.doubts(), 0);
  EXPECT_EQ(world.witness.credited(), Duration(0));
}

TEST(CanaryWatchTest, AFrozenQueueStopsTheClockUntilItIsHeard) {
  Watched world;
  world.RunUntil(seconds(1));
  const Duration before = world.witnessed();
  world.frozen[0] = true;
  world.RunUntil(seconds(2));
  EXPECT_TRUE(world.stands);
  EXPECT_TRUE(world.watch.in_doubt());
  EXPECT_EQ(world.watch.state(), CanaryDoubt::kCredited);
  world.RunUntil(seconds(6));
  // Nothing of the freeze has passed, and of the time before it no more than a period was taken.
  EXPECT_LE(world.witnessed(), before);
  EXPECT_GE(world.witnessed(), before - CanaryWatch::kPeriod);
  world.frozen[0] = false;
  world.RunUntil(seconds(7));
  EXPECT_FALSE(world.stands);
  EXPECT_GE(world.witnessed(), before - CanaryWatch::kPeriod + milliseconds(980));
  EXPECT_EQ(world.watch.doubts(), 1);
  EXPECT_EQ(world.watch.episodes(), 1);
  EXPECT_EQ(world.watch.credited(), world.witness.credited());
}

TEST(CanaryWatchTest, TheFrozenQueueOfTheEssay) {
  WitnessClock witness;
  CanaryWatch watch(seconds(10));
  std::array<Pulse, 1> pulses{Pulse{.sent = At(milliseconds(200)), .heard = At(Duration(0))}};
  EXPECT_FALSE(watch.Assess(pulses, At(milliseconds(250)), witness));
  EXPECT_TRUE(watch.Assess(pulses, At(milliseconds(251)), witness));
  EXPECT_EQ(witness.credited(), milliseconds(251));
  EXPECT_TRUE(watch.Assess(pulses, At(milliseconds(2'890)), witness));
  pulses[0].heard = At(milliseconds(2'900));
  EXPECT_FALSE(watch.Assess(pulses, At(milliseconds(2'900)), witness));
  EXPECT_EQ(witness.credited(), milliseconds(2'900));
}

TEST(CanaryWatchTest, OneClientThatIsHeardShowsThatTheQueueIsServed) {
  Watched world;
  world.answer_after = std::chrono::hours(1);  // the canary is never answered
  world.on_step = [](Watched& w) {
    for (Pulse& pulse : w.pulses) {
      if (w.now() % milliseconds(30) == Duration(0)) pulse.heard = At(w.now());
    }
  };
  world.RunUntil(seconds(10));
  EXPECT_EQ(world.watch.doubts(), 0);
}

TEST(CanaryWatchTest, AClientThatIsHeardEndsADoubt) {
  Watched world;
  world.RunUntil(seconds(1));
  world.frozen[1] = true;
  world.RunUntil(seconds(2));
  ASSERT_TRUE(world.stands);
  world.pulses[1].heard = At(seconds(2));
  world.RunUntil(milliseconds(2'010));
  EXPECT_FALSE(world.stands);
}

TEST(CanaryWatchTest, ADoubtThatDoesNotEndIsCreditedUpToTheBound) {
  Watched world(seconds(3));
  world.RunUntil(seconds(1));
  world.frozen[0] = true;
  world.RunUntil(seconds(30));
  EXPECT_EQ(world.watch.state(), CanaryDoubt::kSpent);
  EXPECT_TRUE(world.watch.in_doubt());
  EXPECT_FALSE(world.stands) << "time runs on";
  EXPECT_EQ(world.witness.credited(), seconds(3));
  EXPECT_EQ(world.witnessed(), seconds(27));
  world.frozen[0] = false;
  world.RunUntil(seconds(32));
  EXPECT_FALSE(world.watch.in_doubt());
  EXPECT_EQ(world.watch.state(), CanaryDoubt::kSpent) << "not well for as long as was credited";
  world.RunUntil(milliseconds(33'100));
  EXPECT_EQ(world.watch.state(), CanaryDoubt::kNone);
  EXPECT_EQ(world.witness.credited(), seconds(3));
  // The next episode has a credit of its own.
  world.frozen[0] = true;
  world.RunUntil(seconds(60));
  EXPECT_EQ(world.watch.episodes(), 2);
  EXPECT_EQ(world.witness.credited(), seconds(6));
}

TEST(CanaryWatchTest, AServerThatGaspsGetsOneEpisode) {
  Watched world(seconds(5));
  for (int i = 0; i < 100; ++i) {
    world.frozen = {true, true};
    world.RunUntil(world.now() + milliseconds(600));
    world.frozen = {false, false};
    world.RunUntil(world.now() + milliseconds(100));
  }
  EXPECT_EQ(world.watch.episodes(), 1);
  EXPECT_EQ(world.watch.state(), CanaryDoubt::kSpent);
  EXPECT_EQ(world.witness.credited(), seconds(5));
}

TEST(CanaryWatchTest, ACanaryWithoutAStreamSaysNothing) {
  Watched world;
  world.connected = {false, false};
  world.frozen = {true, true};
  world.RunUntil(seconds(60));
  EXPECT_EQ(world.watch.doubts(), 0);
  EXPECT_EQ(world.witness.credited(), Duration(0));
}

TEST(CanaryWatchTest, AStreamThatBreaksEndsTheCreditAndNewOnesGetNoMore) {
  Watched world(seconds(3));
  world.RunUntil(seconds(1));
  world.frozen[0] = true;
  world.RunUntil(seconds(2));
  ASSERT_TRUE(world.stands);
  // Its streams come and break and are never heard: one episode, however often.
  for (int i = 0; i < 50; ++i) {
    world.connected[0] = false;
    world.RunUntil(world.now() + seconds(5));
    EXPECT_FALSE(world.stands);
    EXPECT_NE(world.watch.state(), CanaryDoubt::kNone) << "nobody was heard";
    world.connected[0] = true;
    world.RunUntil(world.now() + seconds(1));
  }
  EXPECT_EQ(world.watch.episodes(), 1);
  EXPECT_EQ(world.watch.state(), CanaryDoubt::kSpent);
  EXPECT_EQ(world.witness.credited(), seconds(3));
  world.frozen[0] = false;
  world.RunUntil(world.now() + seconds(4));
  EXPECT_EQ(world.watch.state(), CanaryDoubt::kNone);
}

TEST(CanaryWatchTest, AStoppedProcessIsCreditedOnItsOwnProof) {
  Watched world;
  world.RunUntil(milliseconds(1'010));  // a ping is on its way
  const Duration before = world.witnessed();
  world.StopFor(seconds(30));
  EXPECT_FALSE(world.stands) << "a ping that waited while all of us did is not late";
  world.RunUntil(seconds(40));
  EXPECT_EQ(world.watch.doubts(), 0);
  EXPECT_EQ(world.watch.credited(), Duration(0));
  EXPECT_EQ(world.witnessed() - before, world.now() - seconds(31));
}

TEST(CanaryWatchTest, AStopAmidstADoubtIsCreditedOnceAndNotOnTheCanarysWord) {
  Watched world(seconds(10));
  world.RunUntil(seconds(1));
  world.frozen[0] = true;
  world.RunUntil(seconds(2));
  const Duration before = world.watch.credited();
  world.StopFor(seconds(60));
  EXPECT_LE(world.watch.credited() - before, milliseconds(10));
  EXPECT_EQ(world.watch.state(), CanaryDoubt::kCredited);
  world.RunUntil(seconds(63));
  EXPECT_LE(world.witness.credited(), seconds(62) + CanaryWatch::kPeriod);
}

TEST(CanaryWatchTest, TwoQueuesInDoubtAreCreditedOnce) {
  Watched one, both;
  for (Watched* world : {&one, &both}) {
    world->RunUntil(seconds(1));
    world->frozen = {true, world == &both};
    world->RunUntil(seconds(5));
    world->frozen = {false, false};
    world->RunUntil(seconds(8));
  }
  EXPECT_EQ(both.watch.doubts(), 2);
  EXPECT_EQ(both.watch.episodes(), 1);
  EXPECT_EQ(both.witness.credited(), one.witness.credited());
}

}  // namespace
}  // namespace liveness::core
