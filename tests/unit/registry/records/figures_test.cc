// What a registry counts of its work, and that a scrape needs no scan for it.
#include "server/registry/records/figures.h"

#include <gtest/gtest.h>

#include <numeric>
#include <string>

#include "tests/support/registry/machine.h"
#include "tests/support/registry/registry_harness.h"
#include "tests/support/stores/manual_store.h"

namespace liveness::registry {
namespace {

using core::Cause;
using core::Health;
using core::State;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Peer;
using testing::RegistryHarness;

std::int64_t Clients(const RegistryHarness& h, State state, Health health) {
  return h.registry.totals().counts_by_health[Index(state)][Index(health)];
}

std::uint64_t Changes(const RegistryHarness& h, State state, Cause cause) {
  return h.registry.figures().state_changes[Index(state)][Index(cause)];
}

std::uint64_t UnexpectedDeaths(const RegistryHarness& h) {
  std::uint64_t sum = 0;
  for (const auto& of_cause : h.registry.figures().unexpected_deaths) sum += of_cause;
  return sum;
}

std::uint64_t CountOf(const common::Histogram& histogram) {
  const auto counts = histogram.Read().counts;
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

void Maintain(RegistryHarness& h, const std::string& id) {
  (void)h.registry.SetMaintenance({.client_id = id, .until = h.clock.Wall() + hours(1)}, nullptr);
}

TEST(Figures, ClientsByStateAndHealth) {
  RegistryHarness h;
  (void)h.Attach("a");
  (void)h.Attach("b");
  (void)h.Attach("c");
  Maintain(h, "b");
  EXPECT_EQ(Clients(h, State::kAlive, Health::kOk), 2);
  EXPECT_EQ(Clients(h, State::kAlive, Health::kMaintenance), 1);
  h.Run(seconds(10));  // nobody says a word
  EXPECT_EQ(Clients(h, State::kAlive, Health::kOk), 0);
  EXPECT_EQ(Clients(h, State::kDead, Health::kOk), 2);
  EXPECT_EQ(Clients(h, State::kDead, Health::kMaintenance), 1);
}

TEST(Figures, ADeathIsCountedByItsCauseAndUnexpectedUnlessInMaintenance) {
  RegistryHarness h;
  (void)h.Attach("a");
  (void)h.Attach("b");
  Maintain(h, "b");
  h.Run(seconds(10));
  const Cause cause = h.Record("a")->cause;
  EXPECT_EQ(Changes(h, State::kAlive, Cause::kUnspecified), 2u);
  EXPECT_EQ(Changes(h, State::kSuspect, cause), 2u);
  EXPECT_EQ(Changes(h, State::kDead, cause), 2u);
  EXPECT_EQ(UnexpectedDeaths(h), 1u);
  EXPECT_EQ(h.registry.figures().health_changes[Index(Health::kMaintenance)], 1u);
}

TEST(Figures, WhatSomebodyWantedIsNoUnexpectedDeath) {
  RegistryHarness h;
  const Peer left = h.Attach("left");
  h.registry.SayGoodbye(left.attached.session, left.attached.attachment, {.reason = "done"});
  (void)h.Attach("evicted");
  h.registry.Evict("evicted", "", [](const auto&) {});
  (void)h.Attach("superseded", "i1");
  (void)h.Attach("superseded", "i2");
  EXPECT_EQ(Changes(h, State::kLeft, Cause::kSaidGoodbye), 1u);
  EXPECT_EQ(Changes(h, State::kDead, Cause::kEvicted), 1u);
  EXPECT_EQ(Changes(h, State::kDead, Cause::kSuperseded), 1u);
  EXPECT_EQ(UnexpectedDeaths(h), 0u);

  const Peer crashed = h.Attach("crashed");
  h.registry.SayGoodbye(crashed.attached.session, crashed.attached.attachment, {.exit_code = 1});
  EXPECT_EQ(h.registry.figures().unexpected_deaths[Index(Cause::kProcessExited)], 1u);
}

TEST(Figures, AChangeOfLabelsAloneIsNeither) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  h.registry.UpdateLabels(a.attached.session, a.attached.attachment, {{"zone", "b"}});
  EXPECT_EQ(h.registry.figures().other_changes, 1u);
  EXPECT_EQ(Changes(h, State::kAlive, Cause::kUnspecified), 1u);
}

TEST(Figures, HowFastSilenceWasFoundAndHowLate) {
  RegistryHarness h;
  (void)h.Attach("a");
  h.Run(seconds(10));
  const Figures& figures = h.registry.figures();
  EXPECT_EQ(CountOf(figures.detection_times), 1u);
  EXPECT_GE(figures.detection_times.Read().sum, seconds(3));
  EXPECT_LT(figures.detection_times.Read().sum, seconds(4));
  EXPECT_EQ(CountOf(figures.deadline_lateness), 1u);
  EXPECT_LE(figures.deadline_lateness.Read().sum, milliseconds(20));
}

TEST(Figures, HowLongTheStoreTook) {
  testing::ManualClock clock;
  testing::Ledger ledger;
  testing::ManualStore store{ledger};
  RegistryHarness h{clock, store};
  const auto peer = h.AttachLater("a", "i1", std::nullopt);
  EXPECT_EQ(h.registry.totals().pending_clients, 1u);
  clock.Advance(milliseconds(30));
  store.ApplyAll();
  store.Tell();
  EXPECT_EQ(h.registry.totals().pending_clients, 0u);
  EXPECT_EQ(CountOf(h.registry.figures().commit_times), 1u);
  EXPECT_EQ(h.registry.figures().commit_times.Read().sum, milliseconds(30));
}

TEST(Figures, ASessionThatTakesAnothersPlaceBeginsAndWhatIsForgottenHasNoCause) {
  Figures figures;
  core::ClientRecord before;
  before.state = State::kAlive;
  before.incarnation = 1;
  core::ClientRecord after = before;
  figures.CountTransition(&before, after);
  EXPECT_EQ(figures.other_changes, 1u);
  after.incarnation = 2;
  figures.CountTransition(&before, after);
  EXPECT_EQ(figures.other_changes, 1u);
  EXPECT_EQ(figures.state_changes[Index(State::kAlive)][Index(Cause::kUnspecified)], 1u);
  before.state = State::kDead;
  after.state = State::kForgotten;
  after.cause = Cause::kProcessExited;
  figures.CountTransition(&before, after);
  EXPECT_EQ(figures.state_changes[Index(State::kForgotten)][Index(Cause::kUnspecified)], 1u);
}

}  // namespace
}  // namespace liveness::registry
