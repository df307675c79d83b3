// Each checker of what watchers are told, on a story told by hand: quiet when it is
// true, and complaining of the one thing that is broken in it.
#include <gtest/gtest.h>

#include "tests/simulation/rules/honest_watch.h"
#include "tests/simulation/rules/one_death.h"
#include "tests/simulation/rules/tale.h"

namespace liveness::simulation {
namespace {

using core::Cause;
using core::State;

// --- Invariant 4 -------------------------------------------------------------

// A watcher with a snapshot of "a" ALIVE; then "a" is suspected, dies and is told of.
class HonestWatchTest : public ::testing::Test {
 protected:
  HonestWatchTest() {
    checker.OnTold(tale.story[0], At(0));
    checker.OnWatch(0, nullptr, 0);
    checker.OnPulled(0, tale.Snapshot());
    suspect = tale.Tell(State::kSuspect, Cause::kUnknown);
    dead = tale.Tell(State::kDead, Cause::kUnknown);
    checker.OnTold(suspect, At(300));
    checker.OnTold(dead, At(400));
    EXPECT_FALSE(checker.complaint());
  }
  bool Complains() const { return checker.complaint().has_value(); }

  Tale tale;
  HonestWatch checker;
  core::TransitionPtr suspect, dead;
};

TEST_F(HonestWatchTest, IsQuietWhenAllIsTold) {
  checker.OnPulled(0, tale.Item({suspect}, 2));
  checker.OnPulled(0, tale.Item({dead}, 3));
  checker.OnShown({tale.last}, At(400));
  checker.OnEnd();
  EXPECT_FALSE(Complains());
}

TEST_F(HonestWatchTest, SeesWhatWasLeftOut) {
  checker.OnPulled(0, tale.Item({dead}, 3));
  EXPECT_TRUE(Complains());
}

TEST_F(HonestWatchTest, SeesWhatIsToldTooLate) {
  checker.OnPulled(0, tale.Item({}, 3));
  EXPECT_TRUE(Complains());
}

TEST_F(HonestWatchTest, SeesTheWrongOrder) {
  checker.OnPulled(0, tale.Item({dead, suspect}, 3));
  EXPECT_TRUE(Complains());
}

TEST_F(HonestWatchTest, SeesARevisionThatDoesNotExist) {
  checker.OnPulled(0, tale.Item({suspect, dead}, 4));
  EXPECT_TRUE(Complains());
}

TEST_F(HonestWatchTest, LetsAGapPassOnlyWithASnapshot) {
  registry::WatchItem gap = tale.Snapshot();
  gap.gap = registry::WatchGap{1, 3};
  checker.OnPulled(0, gap);
  EXPECT_FALSE(Complains());
  checker.OnPulled(0, tale.Snapshot());
  EXPECT_TRUE(Complains()) << "a snapshot without a gap";
}

TEST_F(HonestWatchTest, SeesASnapshotThatLacksAClient) {
  registry::WatchItem empty;
  empty.gap = registry::WatchGap{1, 3};
  empty.snapshot_done = true;
  empty.revision = 3;
  checker.OnPulled(0, empty);
  EXPECT_TRUE(Complains());
}

TEST_F(HonestWatchTest, SeesAWatcherThatNeverCaughtUp) {
  checker.OnPulled(0, tale.Item({suspect}, 2));
  EXPECT_FALSE(Complains());
  checker.OnEnd();
  EXPECT_TRUE(Complains());
}

TEST_F(HonestWatchTest, SeesAChangeThatNobodyTold) {
  auto changed = std::make_shared<core::ClientRecord>(*tale.last);
  changed->cause = Cause::kEvicted;
  checker.OnShown({changed}, At(400));
  EXPECT_TRUE(Complains());
}

TEST_F(HonestWatchTest, SeesATransitionThatSkipsOne) {
  const auto forgotten = tale.Tell(State::kForgotten);
  const auto skips =
      std::make_shared<const core::Transition>(core::Transition{suspect->after, forgotten->after, {}});
  checker.OnTold(skips, At(500));
  EXPECT_TRUE(Complains());
}

// --- Invariant 6 -------------------------------------------------------------

class OneDeathTest : public ::testing::Test {
 protected:
  OneDeathTest() : checker(tale.truth) {
    checker.OnWatch(0, nullptr, 0);
    checker.OnPulled(0, tale.Snapshot());
    dead = tale.Tell(State::kDead, Cause::kUnknown);
  }
  bool Complains() const { return checker.complaint().has_value(); }

  Tale tale;
  OneDeath checker;
  core::TransitionPtr dead;
};

TEST_F(OneDeathTest, IsQuietWhenItIsToldOnce) {
  checker.OnTold(dead, At(400));
  checker.OnPulled(0, tale.Item({dead}, 2));
  checker.OnEnd();
  EXPECT_FALSE(Complains());
}

TEST_F(OneDeathTest, SeesASecondDeathOfOneIncarnation) {
  checker.OnTold(dead, At(400));
  tale.Tell(State::kAlive);
  checker.OnTold(tale.Tell(State::kDead, Cause::kUnknown), At(800));
  EXPECT_TRUE(Complains());
}

TEST_F(OneDeathTest, SeesADeathToldAgain) {
  checker.OnTold(dead, At(400));
  checker.OnPulled(0, tale.Item({dead}, 2));
  EXPECT_FALSE(Complains());
  checker.OnWatch(0, nullptr, 1);
  checker.OnPulled(0, tale.Item({dead}, 2));
  EXPECT_TRUE(Complains()) << "also after a reconnect";
}

TEST_F(OneDeathTest, SeesADeathThatWasNotTold) {
  checker.OnTold(dead, At(400));
  checker.OnPulled(0, tale.Item({}, 2));
  EXPECT_TRUE(Complains());
}

TEST_F(OneDeathTest, SeesADeathWithoutACause) {
  checker.OnTold(tale.Tell(State::kAlive), At(0));
  checker.OnTold(tale.Tell(State::kDead), At(400));
  EXPECT_TRUE(Complains());
}

TEST_F(OneDeathTest, SeesAnIncarnationWithoutAnEnd) {
  checker.OnEnd();
  EXPECT_TRUE(Complains());
}

}  // namespace
}  // namespace liveness::simulation
