#include "server/core/filter/filter.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <string>

#include "common/limits.h"
#include "common/status.h"

namespace liveness::core {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

enum : FieldId { kName, kColor, kSize, kSpan, kWhen, kMap, kAbsent, kA, kB, kC, kD };

constexpr std::array<std::string_view, 3> kColorNames = {"UNSPECIFIED", "RED", "BLUE"};
constexpr EnumNames kColors{"COLOR_", kColorNames};
constexpr FilterField kFields[] = {
    {"name", kName},
    {"color", kColor, FieldType::kEnum, &kColors},
    {"size", kSize, FieldType::kNumber},
    {"span", kSpan, FieldType::kDuration},
    {"when", kWhen, FieldType::kTime},
    {"labels", kMap, FieldType::kLabels},
    {"absent", kAbsent, FieldType::kNumber},
    {"a", kA, FieldType::kNumber},
    {"b", kB, FieldType::kNumber},
    {"c", kC, FieldType::kNumber},
    {"d", kD, FieldType::kNumber},
};
constexpr FilterSchema kSchema{kFields};

// name = db-1, color RED, size 7, span 90 s, when 2026-01-31T12:00:00Z.
struct Thing final : FieldSource {
  std::string_view Text(FieldId) const override { return name; }
  std::optional<std::int64_t> Number(FieldId field) const override {
    switch (field) {
      case kColor: return 1;
      case kSize: return 7;
      case kSpan: return 90'000'000'000;
      case kWhen: return 1'769'860'800'000'000'000;
      case kA:
      case kB:
      case kC:
      case kD: return (bits >> (field - kA)) & 1;
      default: return std::nullopt;
    }
  }
  std::optional<std::string_view> Label(std::string_view key) const override {
    const auto it = labels.find(std::string(key));
    if (it == labels.end()) return std::nullopt;
    return it->second;
  }

  std::string name = "db-1";
  unsigned bits = 0;
  std::map<std::string, std::string> labels = {{"zone", "eu-west"},
                                               {"odd key", "x"},
                                               {"app.kubernetes.io/name", "web"},
                                               {"empty", ""},
                                               {"star", "a*"}};
};

bool Matches(std::string_view text, const Thing& thing = {}) {
  const absl::StatusOr<Filter> filter = Filter::Parse(text, kSchema);
  EXPECT_TRUE(filter.ok()) << text << ": " << filter.status();
  return filter.ok() && filter->Matches(thing);
}

std::string ErrorOf(std::string_view text) {
  const absl::StatusOr<Filter> filter = Filter::Parse(text, kSchema);
  if (filter.ok()) return "understood";
  EXPECT_EQ(filter.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(common::ReasonOf(filter.status()), "BAD_FILTER");
  const auto violations = common::ViolationsOf(filter.status());
  EXPECT_EQ(violations.size(), 1u);
  EXPECT_EQ(violations[0].field, "filter");
  return violations[0].description;
}

TEST(FilterTest, BlankMatchesEverything) {
  for (const char* text : {"", "  \t\n"}) {
    const absl::StatusOr<Filter> filter = Filter::Parse(text, kSchema);
    ASSERT_TRUE(filter.ok());
    EXPECT_TRUE(filter->matches_all());
    EXPECT_TRUE(filter->Matches(Thing{}));
  }
  EXPECT_FALSE(Filter::Parse("size = 7", kSchema)->matches_all());
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

TEST(FilterTest, ErrorsNameTheColumn) {
  const std::pair<const char*, const char*> cases[] = {
      {"size = 7 AND", "column 13: a field is expected, not the end"},
      {"size = 7 OR AND", "column 13: a field is expected, not \"AND\""},
      {"OR size = 7", "column 1: a field is expected"},
      {"NOT NOT size = 7", "column 5: a field is expected"},
      {"size =", "column 7: a value is missing"},
      {"size = AND a = 1", "column 8: a value is missing"},
      {"size == 7", "column 7: a value with = needs quotes"},
      {"size ! 7", "column 6: a lone !"},
      {"(size = 7", "column 1: the parenthesis is not closed"},
      {"size = 7)", "column 9: unexpected \")\""},
      {"()", "column 2: a field is expected"},
      {"name = \"db", "column 8: the quote is not closed"},
      {"name = \"a\\n\"", "column 10: unknown escape"},
      {"name = a*b", "column 9: * is only known at the end"},
      {"name = \"a*b\"", "column 10: * is only known at the end"},
      {"name > a*", "column 8: * goes with"},
      {"size = 7*", "column 8: size is no text"},
      {"size = seven", "column 8: \"seven\" is no whole number"},
      {"size = 7x", "column 8: \"7x\" is no whole number"},
      {"size = \"\"", "column 8: \"\" is no whole number"},
      {"size:\"\"", "column 6: \"\" is no whole number"},
      {"size = 99999999999999999999", "column 8: \"99999999999999999999\" is too large"},
      {"span > 5", "column 8: \"5\" is no duration"},
      {"when > yesterday", "column 8: \"yesterday\" is no time"},
      {"when > infinite-future", "column 8: \"infinite-future\" is no time"},
      {"color = GREEN", "column 9: no value \"GREEN\"; known are UNSPECIFIED, RED, BLUE"},
      {"color = red", "column 9: no value \"red\""},
      {"color > RED", "column 9: color has no order"},
      {"name.x = 1", "column 6: name has no fields"},
      {"labels = x", "column 1: write labels.KEY = VALUE"},
      {"labels:zo*", "column 1: write labels.KEY = VALUE"},
      {"size = 7 \"AND\" a = 1", "column 10: \"AND\" stands alone"},
      {"name = (a OR b)", "column 8: a group of values"},
      {"f(x) = 1", "column 2: functions are not known"},
      {"size = 7, a = 1", "column 9: a value with , needs quotes"},
      {"db-1", "column 1: \"db-1\" stands alone"},
      {"size = 7 and size = 8", "column 10: write AND for \"and\""},
      {"size = 7 Or size = 8", "column 10: write OR for \"Or\""},
      {"not (size = 7)", "column 1: write NOT for \"not\""},
      {"size = 7 AND not size = 8", "column 14: write NOT"},
      {"size = 7 && size = 8", "column 10: write AND for \"&&\""},
      {"size = 7 || size = 8", "column 10: write OR"},
      {"size = 7 and", "column 10: write AND"},
      {"size = 7 db-1", "column 10: \"db-1\" stands alone"},
      {"name = 'äöü' nope = 1", "column 14: no field \"nope\""},
  };
  for (const auto& [text, error] : cases) EXPECT_THAT(ErrorOf(text), StartsWith(error)) << text;
}

TEST(FilterTest, AQuoteThatIsNotClosedIsNamedWhereverItIs) {
  for (const char* text :
       {"", "size = 7 AND ", "size = 7 OR ", "NOT ", "(", "(size = 7)", "size ", "size = 7 ", "labels."}) {
    EXPECT_THAT(ErrorOf(std::string(text) + "\"db"),
                StartsWith("column " + std::to_string(std::string_view(text).size() + 1) +
                           ": the quote is not closed"))
        << text;
  }
}

TEST(FilterTest, AnUnknownFieldListsTheKnownOnes) {
  EXPECT_THAT(ErrorOf("nam = x"), HasSubstr("known are name, color, size"));
}

TEST(FilterTest, DeepNestingIsRefusedWithoutHarm) {
  const auto nested = [](int depth) {
    return std::string(static_cast<std::size_t>(depth), '(') + "size = 7" +
           std::string(static_cast<std::size_t>(depth), ')');
  };
  EXPECT_TRUE(Matches(nested(64)));
  EXPECT_EQ(ErrorOf(nested(65)), "column 65: nested deeper than 64 parentheses");
  EXPECT_EQ(ErrorOf(nested(1000)), "column 65: nested deeper than 64 parentheses");
  std::string negated;
  for (int i = 0; i < 1000; ++i) negated += "-(";
  EXPECT_EQ(ErrorOf(negated + "size = 7"), "column 130: nested deeper than 64 parentheses");
  // Depth is what is open, not what there is.
  std::string wide = "(a = 0)";
  for (int i = 0; i < 200; ++i) wide += " AND (a = 0)";
  EXPECT_TRUE(Matches(wide));
}

TEST(FilterTest, TooLongIsRefused) {
  const std::string padding(common::kMaxFilterBytes, ' ');
  EXPECT_THAT(ErrorOf("size = 7" + padding), HasSubstr("at most 4096 bytes"));
}

TEST(FilterTest, ALongFilterIsFlat) {
  std::string text = "a = 1";
  while (text.size() < common::kMaxFilterBytes - 20) text += " OR a = 1";
  EXPECT_FALSE(Matches(text));
  EXPECT_TRUE(Matches(text + " OR size = 7"));
}

}  // namespace
}  // namespace liveness::core
