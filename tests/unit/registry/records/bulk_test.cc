// What befalls a whole fleet at one moment is done in slices: nobody who needs the
// registry's lock waits for all of it.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "common/status.h"
#include "server/registry/conditions/work_slice.h"
#include "tests/support/registry/machine.h"

namespace liveness::registry {
namespace {

using core::Health;
using core::State;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Machine;
using testing::Peer;
using testing::RegistryHarness;

constexpr int kFleet = 3'000;

// Of this process's past.
std::size_t Transitions(const RegistryHarness& h) {
  return h.registry.HistoryAfter(0, 1'000'000).transitions.size();
}

// In the store before the server starts.
void Write(Machine& m, int count, State state, std::optional<core::WallTime> maintenance = std::nullopt) {
  const core::RecordPtr pattern = m.Welcomed("pattern").record;
  core::ClientInfo info = pattern->info.Unpack();
  for (int i = 0; i < count; ++i) {
    core::ClientRecord record = *pattern;
    info.client_id = "c" + std::to_string(i);
    record.info = core::PackedInfo(info);
    record.incarnation = 0;
    record.state = state;
    record.state_time = m.clock.Wall();
    if (maintenance) {
      record.health = Health::kMaintenance;
      auto annex = std::make_shared<core::Annex>();
      annex->maintenance_until = maintenance;
      record.annex = std::move(annex);
    }
    m.ledger.Write(record);
  }
  m.Crash();
  m.Start();
}

TEST(Bulk, MaintenanceThatEndsForAFleetEndsInSlices) {
  RegistryHarness h;
  const Peer bystander = h.Attach("bystander");
  for (int i = 0; i < kFleet; ++i) h.Attach("c" + std::to_string(i));
  MaintenanceRequest request{.until = h.clock.Wall() + seconds(1)};
  request.matches = [](const core::ClientRecord& record, const core::Vitals&) {
    return record.client_id() != "bystander";
  };
  for (bool done = false; !done;) {
    const MaintenanceResult part = h.registry.SetMaintenance(request, nullptr);
    EXPECT_LE(part.changed, static_cast<std::int64_t>(WorkSlice::kMost)) << "in one call";
    request.cursor = part.cursor;
    done = part.done;
  }
  ASSERT_EQ(h.registry.totals().counts.maintenance, kFleet);
  h.clock.Advance(seconds(1));
  std::size_t before = Transitions(h);
  common::MonoTime next{};
  int ticks = 0;
  for (; h.registry.totals().counts.maintenance > 0 && ticks < kFleet; ++ticks) {
    h.Beat(bystander);
    next = h.registry.Tick(h.clock.Mono(), h.clock.Mono());
    const std::size_t now = Transitions(h);
    EXPECT_LE(now - before, WorkSlice::kMost) << "in one tick";
    before = now;
    if (h.registry.totals().counts.maintenance > 0) {
      EXPECT_GT(next, h.clock.Mono()) << "others come in between";
      EXPECT_LE(next, h.clock.Mono() + milliseconds(2)) << "and it goes on soon";
    }
    h.clock.Advance(milliseconds(1));
  }
  EXPECT_GE(ticks, kFleet / static_cast<int>(WorkSlice::kMost));
  EXPECT_EQ(h.registry.totals().counts.maintenance, 0);
}

TEST(Bulk, AFilterOfMaintenanceIsAskedWithoutTheLockAndADearOneOfFewer) {
  RegistryHarness h;
  for (int i = 0; i < kFleet; ++i) h.Attach("c" + std::to_string(i));
  for (const auto& [cost, most] : {std::pair{1, 1'000}, std::pair{1'000, 100}}) {
    int asked = 0;
    MaintenanceRequest request{.filter_cost = cost, .until = h.clock.Wall() + seconds(1)};
    request.matches = [&](const core::ClientRecord& record, const core::Vitals&) {
      // With the lock held this would never return.
      EXPECT_TRUE(h.registry.Get(record.client_id()));
      ++asked;
      return false;
    };
    EXPECT_FALSE(h.registry.SetMaintenance(request, nullptr).done);
    EXPECT_GT(asked, 50);
    EXPECT_LE(asked, most);
  }
}

core::Labels Role(const std::string& role) { return {{"role", role}}; }
bool IsWeb(const core::ClientRecord& record, const core::Vitals&) {
  const core::ClientInfo info = record.info.Unpack();
  return info.labels == Role("web");
}

// What is decided on is what a client is, not what it was when its filter was asked.
TEST(Bulk, AClientThatChangesWhileItsFilterIsAskedIsLookedAtAgain) {
  RegistryHarness h;
  const Peer leaves = h.Attach("a", "i1", std::nullopt, Role("web"));
  const Peer comes = h.Attach("b", "i1", std::nullopt, Role("db"));
  h.Attach("c", "i1", std::nullopt, Role("web"));
  bool changed = false;
  MaintenanceRequest request{.until = h.clock.Wall() + hours(1)};
  request.matches = [&](const core::ClientRecord& record, const core::Vitals& vitals) {
    const bool matches = IsWeb(record, vitals);
    if (record.client_id() == "c" && !std::exchange(changed, true)) {
      h.registry.UpdateLabels(leaves.attached.session, leaves.attached.attachment, Role("db"));
      h.registry.UpdateLabels(comes.attached.session, comes.attached.attachment, Role("web"));
    }
    return matches;
  };
  for (bool done = false; !done;) {
    const MaintenanceResult part = h.registry.SetMaintenance(request, nullptr);
    request.cursor = part.cursor;
    done = part.done;
  }
  EXPECT_EQ(h.Record("a")->health, Health::kOk) << "it is none any more";
  EXPECT_EQ(h.Record("b")->health, Health::kMaintenance) << "it has become one";
  EXPECT_EQ(h.Record("c")->health, Health::kMaintenance);
}

// One that changes without end is neither asked for ever nor overlooked.
TEST(Bulk, AClientThatAlwaysChangesIsMarkedByItsLastLook) {
  RegistryHarness h;
  const Peer restless = h.Attach("a", "i1", std::nullopt, Role("web"));
  int asked = 0;
  MaintenanceRequest request{.until = h.clock.Wall() + hours(1)};
  request.matches = [&](const core::ClientRecord&, const core::Vitals&) {
    h.registry.UpdateLabels(restless.attached.session, restless.attached.attachment,
                            Role("web" + std::to_string(++asked)));
    return true;
  };
  const MaintenanceResult first = h.registry.SetMaintenance(request, nullptr);
  EXPECT_EQ(first.changed, 1);
  EXPECT_LE(asked, 8);
  EXPECT_EQ(h.Record("a")->health, Health::kMaintenance);
}

TEST(Bulk, AClientThatComesBetweenTheSlicesOfAMaintenanceIsMarkedToo) {
  RegistryHarness h;
  for (int i = 0; i < kFleet; ++i) {
    h.Attach("c" + std::to_string(i), "i1", std::nullopt, Role(i % 2 == 0 ? "web" : "db"));
  }
  const Peer changes = h.Attach("b-changes", "i1", std::nullopt, Role("db"));
  MaintenanceRequest request{.matches = IsWeb, .until = h.clock.Wall() + hours(1)};
  std::int64_t marked = 0;
  int calls = 0;
  for (bool done = false; !done; ++calls) {
    const MaintenanceResult part = h.registry.SetMaintenance(request, nullptr);
    marked += part.changed;
    request.cursor = part.cursor;
    done = part.done;
    if (calls != 2) continue;
    h.Attach("a-comes", "i1", std::nullopt, Role("web"));  // behind the cursor, as the other
    h.registry.UpdateLabels(changes.attached.session, changes.attached.attachment, Role("web"));
    h.Attach("a-other", "i1", std::nullopt, Role("db"));
  }
  EXPECT_EQ(marked, kFleet / 2 + 2);
  EXPECT_EQ(h.Record("a-comes")->health, Health::kMaintenance);
  EXPECT_EQ(h.Record("b-changes")->health, Health::kMaintenance);
  EXPECT_EQ(h.Record("a-other")->health, Health::kOk);
}

TEST(Bulk, TheEndOfAFleetsMaintenanceWaitsForAStoreThatStandsStill) {
  Machine m;
  constexpr int kMore = 60'000;
  Write(m, kMore, State::kLeft, m.clock.Wall() + seconds(1));
  m.h().registry.BeginServing();
  m.clock.Advance(seconds(1));
  for (int i = 0; i < 400; ++i) {
    m.clock.Advance(milliseconds(10));
    m.h().Tick();
  }
  EXPECT_GE(m.store().queue().size(), 50'000u);
  EXPECT_LE(m.store().queue().size(), 51'000u) << "what it asks of the store at once is bounded";
  m.store().CommitAll();
  m.Run(milliseconds(500));
  EXPECT_EQ(m.h().registry.totals().counts.maintenance, 0);
}

TEST(Bulk, WhatTheStoreCommitsTogetherIsTakenInSlices) {
  Machine m;
  int welcomed = 0;
  std::vector<std::int64_t> alive;
  std::size_t whole = 0;  // what could be read of the last revision as soon as anything could
  for (int i = 0; i < 1'000; ++i) {
    auto hello = RegistryHarness::Hello("c" + std::to_string(i));
    hello.stream = std::make_shared<testing::RecordingStream>();
    m.h().registry.Attach(std::move(hello), [&](const absl::StatusOr<Attached>& attached) {
      welcomed += attached.ok() ? 1 : 0;
      alive.push_back(m.h().registry.revision());
      if (whole == 0) whole = m.h().registry.HistoryAfter(2'399, 10'000).transitions.size();
    });
  }
  std::vector<storage::Committed> together;
  for (const storage::Proposal& each : m.store().queue()) {
    // The last six hundred in one transaction.
    const std::uint64_t revision = 2'000 + std::min<std::uint64_t>(together.size(), 400);
    together.push_back({each.id, storage::Stamped(*each.after, revision), each.time});
  }
  m.h().registry.OnCommitted(std::move(together));
  EXPECT_EQ(welcomed, 1'000);
  EXPECT_LE(alive.front(), 2'000 + 256) << "the first are told before the last are taken";
  EXPECT_EQ(alive.back(), 2'400);
  // What shares a revision is there as a whole or not at all.
  EXPECT_EQ(whole, 600u);
  EXPECT_EQ(std::count(alive.begin(), alive.end(), 2'400), 1'000 - 256);
  m.Crash();
}

TEST(Bulk, EndedRecordsBeyondANewBoundGoInSlices) {
  Machine m;
  m.options.max_ended = 10;
  Write(m, kFleet, State::kLeft);
  m.h().registry.BeginServing();
  std::size_t before = 0;
  for (int i = 0; i < kFleet && m.h().registry.totals().counts.ended() > 10; ++i) {
    m.h().Tick();
    EXPECT_LE(m.store().queue().size() - before, WorkSlice::kMost) << "in one tick";
    m.store().CommitAll();
    before = m.store().queue().size();
    m.clock.Advance(milliseconds(1));
  }
  EXPECT_LE(m.h().registry.totals().counts.ended(), 10);
  EXPECT_GT(m.h().registry.totals().counts.ended(), 0);
}

TEST(Bulk, NoMoreIsForgottenThanMayWaitForTheStore) {
  Machine m({.max_ended = 10});
  Write(m, 51'000, State::kLeft);
  m.h().registry.BeginServing();
  for (int i = 0; i < 300; ++i) {  // the store commits nothing
    m.h().Tick();
    m.clock.Advance(milliseconds(10));
  }
  EXPECT_EQ(m.store().queue().size(), 50'000u);
}

TEST(Bulk, AnOperatorsWishesOfOneClientDoNotPileUp) {
  Machine m;
  m.Welcomed("a");
  int settled = 0;
  absl::Status last;
  for (int i = 0; i < 100; ++i) {  // the store commits nothing
    MaintenanceRequest request{.client_id = "a", .until = m.clock.Wall() + hours(1 + i)};
    (void)m.h().registry.SetMaintenance(request, [&] {
      return [&](const absl::Status& status) {
        ++settled;
        last = status;
      };
    });
  }
  EXPECT_EQ(settled, 100 - 32);
  EXPECT_EQ(common::ReasonOf(last), "STORE_UNAVAILABLE");
  m.store().CommitAll();
  EXPECT_EQ(settled, 100);
  EXPECT_TRUE(last.ok()) << last;
}

TEST(Bulk, MaintenanceThatEndsBehindManyWishesEnds) {
  Machine m;
  m.Welcomed("a");
  int refused = 0;
  const core::WallTime end = m.clock.Wall() + seconds(1);
  (void)m.h().registry.SetMaintenance({.client_id = "a", .until = end}, nullptr);
  m.store().CommitAll();  // from here on it commits nothing
  for (int i = 1; i <= 40; ++i) {
    (void)m.h().registry.SetMaintenance({.client_id = "a", .until = end + milliseconds(i)},
                                        [&]() -> Registry::MaintenanceSettled {
                                          return [&](const absl::Status& status) { refused += !status.ok(); };
                                        });
  }
  EXPECT_GT(refused, 0) << "so much waits";
  m.h().Run(seconds(2));
  m.store().CommitAll();
  m.Run(seconds(2));
  EXPECT_NE(m.h().Record("a")->health, core::Health::kMaintenance);
}

}  // namespace
}  // namespace liveness::registry
