// Who falls again and again is marked, by transitions like any other, and nothing
// of it is hidden (core/fleet/flap_damping.h).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/registry/registry_harness.h"

namespace liveness::registry {
namespace {

using core::State;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Peer;
using testing::RegistryHarness;
using ::testing::SizeIs;

Peer Flap(RegistryHarness& h, const Peer& peer, common::Duration pause) {
  h.Close(peer);
  h.Run(milliseconds(100));
  const Peer next = h.Attach("a", "i1", peer.attached.incarnation);
  for (common::Duration ran{}; ran < pause; ran += seconds(1)) {
    h.Run(seconds(1));
    h.Beat(next);
  }
  return next;
}

TEST(Flapping, IsMarkedByTheFallThatMakesItSoAndEndsByItself) {
  RegistryHarness h({.flap = {.half_life = seconds(10)}});
  Peer a = h.Attach("a");
  for (int i = 0; i < 3; ++i) a = Flap(h, a, seconds(1));
  EXPECT_FALSE(h.Record("a")->flapping);
  h.Close(a);
  EXPECT_EQ(h.StateOf("a"), State::kSuspect);
  EXPECT_TRUE(h.Record("a")->flapping);
  a = h.Attach("a", "i1", a.attached.incarnation);
  EXPECT_TRUE(h.Record("a")->flapping) << "it has just come back";
  const std::size_t told = h.Told().size();
  const auto state_time = h.Record("a")->state_time;
  for (int i = 0; i < 60 && h.Record("a")->flapping; ++i) {
    h.Run(seconds(1));
    h.Beat(a);
  }
  EXPECT_FALSE(h.Record("a")->flapping);
  ASSERT_EQ(h.Told().size(), told + 1);
  EXPECT_EQ(h.Told().back(), "a:ALIVE>ALIVE") << "a transition like any other";
  EXPECT_EQ(h.Record("a")->state_time, state_time) << "its state did not change";
}

TEST(Flapping, NoTransitionIsHidden) {
  RegistryHarness h;
  Peer a = h.Attach("a");
  for (int i = 0; i < 10; ++i) a = Flap(h, a, seconds(1));
  EXPECT_TRUE(h.Record("a")->flapping);
  EXPECT_THAT(h.Told(), SizeIs(1 + 2 * 10));
}

TEST(Flapping, SurvivesNewSessions) {
  RegistryHarness h;
  for (int i = 0; i < 4; ++i) {
    h.Close(h.Attach("a", "i" + std::to_string(i)));
    h.Run(milliseconds(1'100));
    ASSERT_EQ(h.StateOf("a"), State::kDead);
  }
  EXPECT_TRUE(h.Record("a")->flapping);
  h.Attach("a", "i9");
  EXPECT_TRUE(h.Record("a")->flapping);
}

TEST(Flapping, ADeadClientChangesNoMore) {
  RegistryHarness h({.flap = {.half_life = seconds(10)}});
  for (int i = 0; i < 4; ++i) {
    h.Close(h.Attach("a", "i" + std::to_string(i)));
    h.Run(milliseconds(1'100));
  }
  const std::size_t told = h.Told().size();
  h.Run(seconds(100));
  EXPECT_THAT(h.Told(), SizeIs(told)) << "its death is told once";
  h.Attach("a", "i9");
  EXPECT_FALSE(h.Record("a")->flapping) << "it was calm for long";
}

TEST(Flapping, GoodbyesAndEvictionsAreNoFalls) {
  RegistryHarness h;
  for (int i = 0; i < 10; ++i) {
    const Peer a = h.Attach("a", "i" + std::to_string(i));
    h.registry.SayGoodbye(a.attached.session, a.attached.attachment, {.reason = "done"});
  }
  for (int i = 10; i < 20; ++i) h.Attach("a", "i" + std::to_string(i));
  EXPECT_FALSE(h.Record("a")->flapping);
}

TEST(Flapping, NeitherDoesASuspectsMark) {
  RegistryHarness h({.resume_grace = seconds(200), .flap = {.half_life = seconds(10)}});
  Peer a = h.Attach("a");
  for (int i = 0; i < 3; ++i) a = Flap(h, a, seconds(1));
  h.Close(a);
  ASSERT_TRUE(h.Record("a")->flapping);
  const std::size_t told = h.Told().size();
  h.Run(seconds(120));
  ASSERT_EQ(h.StateOf("a"), State::kSuspect);
  EXPECT_THAT(h.Told(), SizeIs(told)) << "its next transition is near";
}

TEST(Flapping, WhoIsForgottenIsToldAsItWas) {
  RegistryHarness h({.keep_dead = seconds(100), .flap = {.half_life = seconds(10)}});
  for (int i = 0; i < 4; ++i) {
    h.Close(h.Attach("a", "i" + std::to_string(i)));
    h.Run(milliseconds(1'100));
  }
  ASSERT_TRUE(h.Record("a")->flapping);
  h.Run(seconds(101));
  ASSERT_EQ(h.Record("a"), nullptr);
  const core::RecordPtr last = h.registry.HistoryAfter(0, 1'000).transitions.back()->after;
  ASSERT_EQ(last->state, State::kForgotten);
  EXPECT_TRUE(last->flapping);
}

}  // namespace
}  // namespace liveness::registry
