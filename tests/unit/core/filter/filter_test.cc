// What a filter means.
#include "server/core/filter/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/core/filter/filter_thing.h"

namespace liveness::core {
namespace {

using namespace filter_testing;

TEST(FilterTest, BlankMatchesEverything) {
  for (const char* text : {"", "  \t\n"}) {
    const absl::StatusOr<Filter> filter = Filter::Parse(text, kSchema);
    ASSERT_TRUE(filter.ok());
    EXPECT_TRUE(filter->matches_all());
    EXPECT_TRUE(filter->Matches(Thing{}));
  }
  EXPECT_FALSE(Filter::Parse("size = 7", kSchema)->matches_all());
}

TEST(FilterTest, BothIsWhatEachMatches) {
  const Filter all;
  for (const char* first : {"name = db-1", "name = x", "NOT name = x", "name = x OR size = 7",
                            "size = 7 AND NOT (name = x OR size = 8)"}) {
    for (const char* second :
         {"size = 7", "size = 8", "NOT size = 8", "size = 8 OR name = db-1", "NOT (size = 7 name = db-1)"}) {
      const Filter one = *Filter::Parse(first, kSchema), other = *Filter::Parse(second, kSchema);
      const Filter both = Filter::And(one, other);
      EXPECT_EQ(both.Matches(Thing{}), one.Matches(Thing{}) && other.Matches(Thing{})) << both.text();
      EXPECT_EQ(both.cost(), one.cost() + other.cost());
      EXPECT_NE(both.text(), Filter::And(other, one).text());
      EXPECT_EQ(Filter::And(all, one).text(), first);
      EXPECT_EQ(Filter::And(one, all).text(), first);
    }
  }
  EXPECT_TRUE(Filter::And(all, all).matches_all());
}

TEST(FilterTest, Text) {
  EXPECT_TRUE(Matches("name = db-1"));
  EXPECT_TRUE(Matches("name=\"db-1\""));
  EXPECT_TRUE(Matches("name = 'db-1'"));
  EXPECT_FALSE(Matches("name = db"));
  EXPECT_FALSE(Matches("name = DB-1"));
  EXPECT_TRUE(Matches("name != db-2"));
  EXPECT_FALSE(Matches("name != db-1"));
  EXPECT_TRUE(Matches("name > db-0 AND name >= db-1 AND name < db-2 AND name <= db-1"));
  EXPECT_FALSE(Matches("name > db-1"));
}

TEST(FilterTest, StarIsAPrefix) {
  EXPECT_TRUE(Matches("name = db*"));
  EXPECT_TRUE(Matches("name = \"db-*\""));
  EXPECT_TRUE(Matches("name = *"));
  EXPECT_FALSE(Matches("name = b*"));
  EXPECT_FALSE(Matches("name = db-12*"));
  EXPECT_FALSE(Matches("name != db*"));
  EXPECT_TRUE(Matches("name != web*"));
  EXPECT_TRUE(Matches("labels.zone = \"eu-*\""));
}

TEST(FilterTest, AnEscapedStarIsAStar) {
  EXPECT_TRUE(Matches(R"(labels.star = "a\*")"));
  EXPECT_FALSE(Matches(R"(name = "db\*")"));
  Thing thing;
  thing.name = R"(q"u\o'te)";
  EXPECT_TRUE(Matches(R"(name = "q\"u\\o'te")", thing));
}

TEST(FilterTest, ColonIsContains) {
  EXPECT_TRUE(Matches("name:b-"));
  EXPECT_FALSE(Matches("name:x"));
  EXPECT_TRUE(Matches("labels.zone:west"));
  EXPECT_TRUE(Matches("color:RED"));
  EXPECT_TRUE(Matches("name:db*"));
  EXPECT_FALSE(Matches("name:b*")) << "a beginning, as with =";
}

TEST(FilterTest, AStarAloneIsAnyValue) {
  Thing nameless;
  nameless.name.clear();
  EXPECT_TRUE(Matches("name:*"));
  EXPECT_FALSE(Matches("name:*", nameless));
  EXPECT_TRUE(Matches("name = *", nameless)) << "the beginning of all, and of nothing too";
  EXPECT_FALSE(Matches("name != *"));
}

TEST(FilterTest, EnumsWithAndWithoutPrefix) {
  EXPECT_TRUE(Matches("color = RED"));
  EXPECT_TRUE(Matches("color = COLOR_RED"));
  EXPECT_TRUE(Matches("color = \"RED\""));
  EXPECT_FALSE(Matches("color = BLUE"));
  EXPECT_TRUE(Matches("color != COLOR_BLUE"));
}

TEST(FilterTest, NumbersSpansAndTimes) {
  EXPECT_TRUE(Matches("size = 7 size >= 7 size <= 7 size > 6 size < 8 size != 8 size > -1"));
  EXPECT_FALSE(Matches("size > 7"));
  EXPECT_TRUE(Matches("span > 1m AND span < 2m AND span = 1m30s AND span >= 1.5s"));
  EXPECT_TRUE(Matches("when = 2026-01-31T12:00:00Z"));
  EXPECT_TRUE(Matches("when = \"2026-01-31T13:00:00+01:00\""));
  EXPECT_TRUE(Matches("when < \"2026-01-31T12:00:00.001Z\""));
  EXPECT_FALSE(Matches("when < 2026-01-31T12:00:00Z"));
}

TEST(FilterTest, Labels) {
  EXPECT_TRUE(Matches("labels.zone = eu-west"));
  EXPECT_TRUE(Matches("labels.\"odd key\" = x"));
  EXPECT_TRUE(Matches("labels.app.kubernetes.io/name = web"));
  EXPECT_TRUE(Matches("labels.\"app.kubernetes.io/name\" = web"));
  EXPECT_TRUE(Matches("labels:zone"));
  EXPECT_TRUE(Matches("labels:\"odd key\""));
  EXPECT_TRUE(Matches("labels.zone:*"));
  EXPECT_FALSE(Matches("labels.zone = eu"));
  EXPECT_FALSE(Matches("labels:nope"));
  Thing operators;
  operators.labels["OR"] = "x";
  EXPECT_TRUE(Matches("labels.OR = x", operators)) << "behind a dot it is a name";
  EXPECT_TRUE(Matches("labels.empty = \"\""));
  EXPECT_TRUE(Matches("labels:empty"));
}

TEST(FilterTest, WhatIsMissingEqualsNothing) {
  EXPECT_FALSE(Matches("labels.nope = x"));
  EXPECT_FALSE(Matches("labels.nope != x"));
  EXPECT_FALSE(Matches("labels.nope = \"\""));
  EXPECT_FALSE(Matches("labels.nope = *"));
  EXPECT_TRUE(Matches("NOT labels.nope = x"));
  EXPECT_FALSE(Matches("absent = 0"));
  EXPECT_FALSE(Matches("absent != 0"));
  EXPECT_FALSE(Matches("absent:*"));
  EXPECT_TRUE(Matches("size:*"));
  EXPECT_TRUE(Matches("name:*"));
}

// Each filter against its meaning in C++, over every value of a, b, c, d.
TEST(FilterTest, Precedence) {
  struct Case {
    const char* text;
    bool (*meaning)(bool a, bool b, bool c, bool d);
  };
  const Case cases[] = {
      {"a=1 OR b=1 AND c=1", [](bool a, bool b, bool c, bool) { return (a || b) && c; }},
      {"a=1 AND b=1 OR c=1", [](bool a, bool b, bool c, bool) { return a && (b || c); }},
      {"a=1 b=1 OR c=1", [](bool a, bool b, bool c, bool) { return a && (b || c); }},
      {"a=1 OR b=1 c=1 OR d=1", [](bool a, bool b, bool c, bool d) { return (a || b) && (c || d); }},
      {"a=1 b=1 AND c=1 OR d=1", [](bool a, bool b, bool c, bool d) { return a && b && (c || d); }},
      {"(a=1 AND b=1) OR c=1", [](bool a, bool b, bool c, bool) { return (a && b) || c; }},
      {"(a=1 b=1)OR(c=1 d=1)", [](bool a, bool b, bool c, bool d) { return (a && b) || (c && d); }},
      {"NOT a=1 OR b=1", [](bool a, bool b, bool, bool) { return !a || b; }},
      {"-a=1 b=1", [](bool a, bool b, bool, bool) { return !a && b; }},
      {"NOT (a=1 OR b=1) c=1", [](bool a, bool b, bool c, bool) { return !(a || b) && c; }},
      {"-(a=1 -(b=1 OR -c=1))", [](bool a, bool b, bool c, bool) { return !(a && !(b || !c)); }},
      {"a=1 OR b=1 OR c=1 OR d=1", [](bool a, bool b, bool c, bool d) { return a || b || c || d; }},
      {"((a=1))AND((b=1)OR((c=1)))", [](bool a, bool b, bool c, bool) { return a && (b || c); }},
  };
  for (const Case& test : cases) {
    for (unsigned bits = 0; bits < 16; ++bits) {
      Thing thing;
      thing.bits = bits;
      EXPECT_EQ(Matches(test.text, thing), test.meaning(bits & 1, bits & 2, bits & 4, bits & 8))
          << test.text << " with " << bits;
    }
  }
}

}  // namespace
}  // namespace liveness::core
