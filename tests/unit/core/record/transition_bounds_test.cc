#include "server/core/record/transition_bounds.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

#include "common/strings.h"
#include "server/core/record/client_fields.h"

namespace liveness::core {
namespace {

using common::StrCat;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using ::testing::Eq;
using ::testing::Optional;

const WallTime kNow(seconds(1'769'860'800));  // 2026-01-31T12:00:00Z

Filter Parse(const std::string& text) {
  auto filter = Filter::Parse(text, TransitionSchema());
  EXPECT_TRUE(filter.ok()) << filter.status();
  return filter.ok() ? *std::move(filter) : Filter();
}

TransitionBounds Bounds(const std::string& text) { return BoundsOf(Parse(text), kNow); }

TEST(TransitionBounds, OneClientByItsWholeId) {
  EXPECT_EQ(Bounds("client_id = \"web-1\" to_state = DEAD").client_id, "web-1");
  for (const char* text : {"", "client_id = web*", "client_id : web-1", "client_id != web-1", "host = web-1",
                           "client_id = a OR client_id = b", "NOT client_id = web-1"}) {
    EXPECT_EQ(Bounds(text).client_id, "") << text;
  }
}

TEST(TransitionBounds, OneThatCannotMatchIsNotReadOf) {
  for (const char* text : {"client_id = \"db-*\" client_id = web-1", "client_id = web-1 client_id = \"db-*\"",
                           "client_id = web-1 (client_id = \"db-*\" OR client_id = \"pay-*\")",
                           "client_id = web-1 client_id = web-2", "client_id = web-1 NOT client_id : web",
                           "client_id = web-1 (labels.a = b AND client_id = db-1)"}) {
    EXPECT_EQ(Bounds(text).before, 0U) << text;
  }
  for (const char* text : {"client_id = web-1", "client_id = web-1 client_id = \"web-*\"",
                           "client_id = web-1 (client_id = \"db-*\" OR labels.team = web)",
                           "client_id = web-1 NOT host = web-1", "client_id = web-1 NOT client_id = db-1"}) {
    EXPECT_GT(Bounds(text).before, 0U) << text;
  }
}

TEST(TransitionBounds, ATimeRangeIncludesItsBeginAndNotItsEnd) {
  EXPECT_THAT(Bounds("time >= 2026-01-31T12:00:00Z").from, Optional(kNow));
  EXPECT_THAT(Bounds("time > 2026-01-31T12:00:00Z").from, Optional(kNow + nanoseconds(1)));
  EXPECT_THAT(Bounds("time < 2026-01-31T12:00:00Z").until, Optional(kNow));
  EXPECT_THAT(Bounds("time <= 2026-01-31T12:00:00Z").until, Optional(kNow + nanoseconds(1)));
  const TransitionBounds moment = Bounds("time = 2026-01-31T12:00:00Z");
  EXPECT_THAT(moment.from, Optional(kNow));
  EXPECT_THAT(moment.until, Optional(kNow + nanoseconds(1)));
  const TransitionBounds narrow = Bounds(
      "time >= 2026-01-31T12:00:00Z time >= 2025-01-31T12:00:00Z time < 2026-01-31T12:00:10Z "
      "time < 2027-01-31T12:00:00Z");
  EXPECT_THAT(narrow.from, Optional(kNow));
  EXPECT_THAT(narrow.until, Optional(kNow + seconds(10)));
  EXPECT_EQ(Bounds("time != 2026-01-31T12:00:00Z").from, std::nullopt);
  EXPECT_EQ(Bounds("state_time >= 2026-01-31T12:00:00Z").from, std::nullopt);
}

TEST(TransitionBounds, AgesCountBackFromNow) {
  EXPECT_THAT(Bounds("age <= 1h").from, Optional(kNow - seconds(3600)));
  EXPECT_THAT(Bounds("age >= 1h").until, Optional(kNow - seconds(3600) + nanoseconds(1)));
  // What is dated after now has an age of 0, too.
  EXPECT_EQ(Bounds("age >= 0").until, std::nullopt);
  EXPECT_THAT(Bounds("age <= 0").from, Optional(kNow));
  EXPECT_EQ(Bounds("age <= 0").until, std::nullopt);
}

TEST(TransitionBounds, RevisionsLieBetween) {
  const TransitionBounds bounds = Bounds("revision >= 100 revision < 200");
  EXPECT_EQ(bounds.after, 99u);
  EXPECT_EQ(bounds.before, 200u);
  EXPECT_EQ(Bounds("revision > 9223372036854775807").before, TransitionBounds().before);
  EXPECT_EQ(Bounds("revision <= 9223372036854775807").before, TransitionBounds().before);
  EXPECT_EQ(Bounds("revision > -5").after, 0u);
  EXPECT_EQ(Bounds("revision:*").before, TransitionBounds().before);
}

TEST(TransitionBounds, OnlyWhatTheOutermostAndJoinsCounts) {
  // $: one client, @: a time, #: a revision.
  const auto bounded = [](std::string_view form) {
    std::string text;
    for (const char each : form) {
      const std::string_view predicate = each == '$'   ? "client_id = a"
                                         : each == '@' ? "time > 2026-01-31T12:00:00Z"
                                         : each == '#' ? "revision > 5"
                                                       : "";
      text += predicate.empty() ? std::string(1, each) : std::string(predicate);
    }
    const TransitionBounds bounds = Bounds(text);
    return StrCat(bounds.client_id.empty() ? "" : "$", bounds.from ? "@" : "", bounds.after != 0 ? "#" : "");
  };
  EXPECT_EQ(bounded("$ @ #"), "$@#");
  EXPECT_EQ(bounded("($ AND (pid = 1 @)) #"), "$@#");
  EXPECT_EQ(bounded("$ OR @"), "");
  EXPECT_EQ(bounded("$ OR @ AND #"), "#") << "OR binds tighter";
  EXPECT_EQ(bounded("$ (@ OR (# pid = 1))"), "$");
  EXPECT_EQ(bounded("NOT $ AND @"), "@");
  EXPECT_EQ(bounded("NOT ($ @)"), "");
  EXPECT_EQ(bounded("-(-($))"), "") << "it would be, but nobody asks for that";
}

// Whatever a filter lets through lies within its bounds, and often little else does.
TEST(TransitionBounds, NothingThatMatchesLiesOutside) {
  std::mt19937 random(1);
  const auto pick = [&](int most) { return static_cast<int>(random() % static_cast<unsigned>(most)); };
  const char* const comparators[] = {"=", "!=", "<", "<=", ">", ">=", ":"};
  const auto predicate = [&] {
    switch (pick(5)) {
      case 0: return StrCat("client_id ", pick(2) == 0 ? "=" : "!=", " c-", pick(3), pick(5) == 0 ? "*" : "");
      case 1: return StrCat("time ", comparators[pick(7)], " 2026-01-31T12:00:0", pick(6), "Z");
      case 2: return StrCat("age ", comparators[pick(7)], " ", pick(4), "s");
      case 3: return StrCat("revision ", comparators[pick(7)], " ", pick(8) - 1);
      default: return StrCat("to_state = ", pick(2) == 0 ? "ALIVE" : "DEAD");
    }
  };
  int matched = 0, outside = 0;
  for (int round = 0; round < 3'000; ++round) {
    std::string text = predicate();
    for (int more = pick(4); more > 0; --more) {
      const std::string next = pick(4) == 0 ? StrCat("NOT (", predicate(), ")") : predicate();
      text += StrCat(pick(3) == 0 ? " OR " : pick(2) == 0 ? " AND " : " ", next);
    }
    const Filter filter = Parse(text);
    const WallTime now = kNow + seconds(2);
    const TransitionBounds bounds = BoundsOf(filter, now);
    for (int n = 0; n < 20; ++n) {
      ClientInfo info;
      info.client_id = StrCat("c-", pick(3));
      auto after = std::make_shared<ClientRecord>();
      after->info = PackedInfo(info);
      after->revision = static_cast<std::uint64_t>(pick(7));
      after->state = pick(2) == 0 ? State::kAlive : State::kDead;
      const Transition transition{nullptr, after, kNow + seconds(pick(6)) + nanoseconds(pick(3) - 1)};
      const bool inside = (bounds.client_id.empty() || bounds.client_id == info.client_id) &&
                          (after->revision > bounds.after || (after->revision == 0 && bounds.after == 0)) &&
                          after->revision < bounds.before &&
                          (!bounds.from || transition.time >= *bounds.from) &&
                          (!bounds.until || transition.time < *bounds.until);
      outside += inside ? 0 : 1;
      if (!filter.Matches(TransitionFields(transition, now))) continue;
      ++matched;
      ASSERT_TRUE(inside) << text << " lets through revision " << after->revision << " of " << info.client_id;
    }
  }
  EXPECT_GT(matched, 1'000);
  EXPECT_GT(outside, 1'000);
}

}  // namespace
}  // namespace liveness::core
