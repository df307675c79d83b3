#include "server/core/time/suspend_watch.h"

#include <gtest/gtest.h>

namespace liveness::core {
namespace {

using common::BootTime;
using common::Duration;
using common::MonoTime;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

// Both clocks, as a machine that sleeps now and then has them.
struct Machine {
  MonoTime mono{hours(1)};
  BootTime boot{hours(1) + seconds(90)};  // it slept before we started

  void Runs(Duration span) {
    mono += span;
    boot += span;
  }
  void Sleeps(Duration span) { boot += span; }
};

TEST(SuspendWatchTest, AMachineThatRunsDoesNotSleep) {
  Machine machine;
  SuspendWatch watch(seconds(10));
  for (int i = 0; i < 1'000; ++i) {
    EXPECT_EQ(watch.Observe(machine.boot, machine.mono), Duration(0));
    EXPECT_FALSE(watch.IsSettling(machine.mono));
    machine.Runs(milliseconds(10));
  }
  EXPECT_EQ(watch.count(), 0);
}

TEST(SuspendWatchTest, TheSleepOfTheEssay) {
  Machine machine;
  SuspendWatch watch(seconds(10));
  (void)watch.Observe(machine.boot, machine.mono);
  machine.Runs(seconds(4));
  machine.Sleeps(seconds(8));
  const MonoTime resumed = machine.mono;
  EXPECT_EQ(watch.SleptUnseen(machine.boot, machine.mono), seconds(8));
  EXPECT_EQ(watch.Observe(machine.boot, machine.mono), seconds(8));
  EXPECT_EQ(watch.SleptUnseen(machine.boot, machine.mono), Duration(0));
  EXPECT_TRUE(watch.IsSettling(resumed));
  EXPECT_TRUE(watch.IsSettling(resumed + milliseconds(7'999)));
  EXPECT_FALSE(watch.IsSettling(resumed + seconds(8))) << "it ends by itself";
  EXPECT_EQ(watch.SleptSince(resumed - seconds(6)), seconds(8));
  EXPECT_EQ(watch.SleptSince(resumed), Duration(0));
  EXPECT_EQ(watch.count(), 1);
  machine.Runs(milliseconds(10));
  EXPECT_EQ(watch.Observe(machine.boot, machine.mono), Duration(0)) << "told once";
}

TEST(SuspendWatchTest, NobodySettlesForLongerThanTheBound) {
  Machine machine;
  SuspendWatch watch(seconds(10));
  (void)watch.Observe(machine.boot, machine.mono);
  machine.Sleeps(hours(9));
  EXPECT_EQ(watch.Observe(machine.boot, machine.mono), hours(9));
  EXPECT_FALSE(watch.IsSettling(machine.mono + seconds(10)));
  EXPECT_EQ(watch.total(), hours(9));
}

TEST(SuspendWatchTest, AShortSleepDoesNotCutALongOnesSettling) {
  Machine machine;
  SuspendWatch watch(seconds(10));
  (void)watch.Observe(machine.boot, machine.mono);
  machine.Sleeps(seconds(9));
  (void)watch.Observe(machine.boot, machine.mono);
  const MonoTime resumed = machine.mono;
  machine.Runs(seconds(1));
  machine.Sleeps(seconds(1));
  EXPECT_EQ(watch.Observe(machine.boot, machine.mono), seconds(1));
  EXPECT_TRUE(watch.IsSettling(resumed + milliseconds(8'999)));
  EXPECT_EQ(watch.total(), seconds(10));
}

TEST(SuspendWatchTest, AThreadThatIsPutOffBetweenTheClocksSleptNotAtAll) {
  Machine machine;
  SuspendWatch watch(seconds(10));
  (void)watch.Observe(machine.boot, machine.mono);
  machine.Runs(seconds(1));
  const BootTime read_before = machine.boot;
  machine.Runs(milliseconds(300));
  EXPECT_EQ(watch.Observe(read_before, machine.mono), Duration(0));
  machine.Runs(milliseconds(10));
  EXPECT_EQ(watch.Observe(machine.boot, machine.mono), Duration(0));
  EXPECT_EQ(watch.count(), 0);
}

}  // namespace
}  // namespace liveness::core
