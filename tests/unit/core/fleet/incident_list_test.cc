#include "server/core/fleet/incident_list.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace liveness::core {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kNow{std::chrono::seconds(1'700'000'000)};

std::ptrdiff_t CountOf(const IncidentList& list, IncidentKind kind) {
  return std::count_if(list.all().begin(), list.all().end(),
                       [kind](const Incident& each) { return each.kind == kind; });
}

TEST(IncidentListTest, OneThatGoesOnIsToldOnceAndEnds) {
  IncidentList list;
  list.Begin(IncidentKind::kStoreOutage, kNow, "disk full");
  list.Begin(IncidentKind::kStoreOutage, kNow + 1s, "disk gone");
  ASSERT_EQ(list.all().size(), 1U);
  EXPECT_EQ(list.all()[0].text, "disk gone");
  EXPECT_FALSE(list.all()[0].end);
  list.End(IncidentKind::kDrain, kNow + 2s, 2s);
  EXPECT_FALSE(list.all()[0].end) << "another kind's end";
  list.End(IncidentKind::kStoreOutage, kNow + 3s, 3s);
  EXPECT_EQ(list.all()[0].end, kNow + 3s);
  EXPECT_EQ(list.all()[0].length, 3s);
  list.Begin(IncidentKind::kStoreOutage, kNow + 9s, "");
  EXPECT_EQ(list.all().size(), 2U) << "the next one";
}

TEST(IncidentListTest, AWallClockSetBackMakesNoNegativeSpan) {
  IncidentList list;
  list.Begin(IncidentKind::kDrain, kNow, "");
  list.End(IncidentKind::kDrain, kNow - 24h, 5s);
  EXPECT_EQ(list.all()[0].end, kNow);
  EXPECT_EQ(list.all()[0].length, 5s);
}

TEST(IncidentListTest, AFloodOfOneKindLeavesTheOthers) {
  IncidentList list;
  list.Add(IncidentKind::kStarted, kNow, {}, "");
  list.Begin(IncidentKind::kStoreOutage, kNow, "");
  list.Add(IncidentKind::kMachineSlept, kNow, 1h, "");
  for (int i = 0; i < 5'000; ++i) list.Add(IncidentKind::kStall, kNow + i * 1s, 600ms, "");
  EXPECT_EQ(list.all().size(), IncidentList::kMost);
  EXPECT_EQ(CountOf(list, IncidentKind::kStarted), 1);
  EXPECT_EQ(CountOf(list, IncidentKind::kStoreOutage), 1);
  EXPECT_EQ(CountOf(list, IncidentKind::kMachineSlept), 1);
  EXPECT_EQ(list.all().back().end, kNow + 4'999s) << "the newest stall is there";
  EXPECT_EQ(list.all()[list.all().size() - 2].end, kNow + 4'998s) << "and the one before";
}

TEST(IncidentListTest, AFloodLeavesWhatGoesOn) {
  IncidentList list;
  list.Begin(IncidentKind::kStall, kNow, "");
  for (int i = 0; i < 5'000; ++i) list.Add(IncidentKind::kStall, kNow + i * 1s, 600ms, "");
  EXPECT_FALSE(list.all()[0].end);
}

TEST(IncidentListTest, WhatIsToldAgainWithoutWordsKeepsThose) {
  IncidentList list;
  list.Begin(IncidentKind::kStoreOutage, kNow, "disk full");
  list.Begin(IncidentKind::kStoreOutage, kNow + 1s, "");
  EXPECT_EQ(list.all()[0].text, "disk full");
}

TEST(IncidentListTest, ARunThatWasNotStoppedIsAnIncident) {
  IncidentList before;
  before.Add(IncidentKind::kStarted, kNow, {}, "");
  before.Begin(IncidentKind::kStoreOutage, kNow + 10s, "disk full");

  IncidentList after;
  after.Restore(before.all(), kNow + 60s, kNow + 90s);
  ASSERT_EQ(after.all().size(), 3U);
  EXPECT_EQ(after.all()[1].end, kNow + 60s) << "what went on ended with it";
  EXPECT_EQ(after.all()[1].length, 50s);
  EXPECT_EQ(after.all()[2].kind, IncidentKind::kUncleanEnd);
  EXPECT_EQ(after.all()[2].start, kNow + 60s);
  EXPECT_EQ(after.all()[2].end, kNow + 90s);

  IncidentList again;  // a start that came to nothing is no second one
  again.Restore(after.all(), kNow + 90s, kNow + 95s);
  EXPECT_EQ(CountOf(again, IncidentKind::kUncleanEnd), 1);
}

TEST(IncidentListTest, ARunThatWasStoppedIsNone) {
  IncidentList before;
  before.Add(IncidentKind::kStarted, kNow, {}, "");
  before.Add(IncidentKind::kStopped, kNow + 1s, {}, "");
  before.Add(IncidentKind::kOperator, kNow + 2s, 1s, "");
  IncidentList after;
  after.Restore(before.all(), kNow + 9s, kNow + 24h);
  EXPECT_EQ(CountOf(after, IncidentKind::kUncleanEnd), 0);
  EXPECT_EQ(after.all().back().end, kNow + 2s) << "what had ended keeps its end";
}

TEST(IncidentListTest, TextIsBoundedAndPrintable) {
  IncidentList list;
  list.Begin(IncidentKind::kStoreOutage, kNow, "a\tb\n\xff" + std::string(9'000, 'x'));
  EXPECT_EQ(list.all()[0].text.size(), kMaxIncidentText);
  EXPECT_EQ(list.all()[0].text.substr(0, 10), "a\\tb\\n\\xff");
}

TEST(IncidentListTest, EachKindHasItsName) {
  for (std::size_t kind = 0; kind < kIncidentKinds; ++kind) {
    EXPECT_EQ(IncidentKindOf(NameOf(static_cast<IncidentKind>(kind))), static_cast<IncidentKind>(kind));
  }
  EXPECT_EQ(IncidentKindOf("NEWER"), std::nullopt);
}

}  // namespace
}  // namespace liveness::core
