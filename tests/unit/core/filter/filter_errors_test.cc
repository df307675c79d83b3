// What a filter is refused for, and where.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <utility>

#include "common/limits.h"
#include "server/core/filter/filter.h"
#include "tests/unit/core/filter/filter_thing.h"

namespace liveness::core {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;
using namespace filter_testing;

TEST(FilterErrorsTest, ErrorsNameTheColumn) {
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

TEST(FilterErrorsTest, AQuoteThatIsNotClosedIsNamedWhereverItIs) {
  for (const char* text :
       {"", "size = 7 AND ", "size = 7 OR ", "NOT ", "(", "(size = 7)", "size ", "size = 7 ", "labels."}) {
    EXPECT_THAT(ErrorOf(std::string(text) + "\"db"),
                StartsWith("column " + std::to_string(std::string_view(text).size() + 1) +
                           ": the quote is not closed"))
        << text;
  }
}

TEST(FilterErrorsTest, AnUnknownFieldListsTheKnownOnes) {
  EXPECT_THAT(ErrorOf("nam = x"), HasSubstr("known are name, color, size"));
}

TEST(FilterErrorsTest, DeepNestingIsRefusedWithoutHarm) {
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

TEST(FilterErrorsTest, TooLongIsRefused) {
  const std::string padding(common::kMaxFilterBytes, ' ');
  EXPECT_THAT(ErrorOf("size = 7" + padding), HasSubstr("at most 4096 bytes"));
}

TEST(FilterErrorsTest, ALongFilterIsFlat) {
  std::string text = "a = 1";
  while (text.size() < common::kMaxFilterBytes - 20) text += " OR a = 1";
  EXPECT_FALSE(Matches(text));
  EXPECT_TRUE(Matches(text + " OR size = 7"));
}

}  // namespace
}  // namespace liveness::core
