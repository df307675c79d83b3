#include "common/toml/table_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/toml/toml_file.h"

namespace liveness::common {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

class TableReaderTest : public ::testing::Test {
 protected:
  // Once a test.
  TableReader& Read(std::string_view text) {
    file_ = ParseToml(text);
    EXPECT_THAT(file_.errors, IsEmpty());
    return reader_.emplace(file_.table, errors_);
  }
  std::vector<std::string> Errors() {
    SortTomlErrors(errors_);
    std::vector<std::string> all;
    for (const TomlError& each : errors_) all.push_back(FormatTomlError("F", each));
    return all;
  }

 private:
  TomlFile file_;
  std::vector<TomlError> errors_;
  std::optional<TableReader> reader_;
};

TEST_F(TableReaderTest, ReadsWhatIsThere) {
  TableReader& reader = Read(R"(
text = "t"
yes = true
number = -5
span = "1m30s"
one = "a"
several = ["a", "b"]
none = []
)");
  EXPECT_EQ(reader.Text("text"), "t");
  EXPECT_EQ(reader.Boolean("yes"), true);
  EXPECT_EQ(reader.Integer("number", -5, 5), -5);
  EXPECT_EQ(reader.DurationOf("span"), std::chrono::seconds(90));
  EXPECT_EQ(reader.Texts("one"), std::vector<std::string>{"a"});
  EXPECT_EQ(reader.Texts("several"), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(reader.Texts("none"), std::vector<std::string>{});
  EXPECT_EQ(reader.Find("missing"), nullptr);
  EXPECT_EQ(reader.Text("missing"), std::nullopt);
  reader.RefuseOthers();
  EXPECT_THAT(Errors(), IsEmpty());
}

TEST_F(TableReaderTest, ATimeHasAZone) {
  TableReader& reader = Read(R"(utc = 2030-01-31T00:00:00Z
east = 2030-01-31T01:00:00.250+01:00
far = 9999-12-31T23:59:59Z
local = 2030-01-31T00:00:00
day = 2030-01-31
text = "2030-01-31T00:00:00Z"
)");
  const WallTime midnight(std::chrono::seconds(1'896'048'000));
  EXPECT_EQ(reader.TimeOf("utc"), midnight);
  EXPECT_EQ(reader.TimeOf("east"), midnight + std::chrono::milliseconds(250));
  EXPECT_EQ(reader.TimeOf("far"), WallTime::max());
  EXPECT_EQ(reader.TimeOf("missing"), std::nullopt);
  EXPECT_THAT(Errors(), IsEmpty());
  for (const char* wrong : {"local", "day", "text"}) EXPECT_EQ(reader.TimeOf(wrong), std::nullopt);
  EXPECT_THAT(
      Errors(),
      ElementsAre(
          "F:4:9: key 'local' takes a time with its zone such as 2027-01-31T00:00:00Z, not a date-time",
          "F:5:7: key 'day' takes a time with its zone such as 2027-01-31T00:00:00Z, not a date",
          "F:6:8: key 'text' takes a time with its zone such as 2027-01-31T00:00:00Z, not a string"));
}

TEST_F(TableReaderTest, TellsEachWrongTypeWithItsPlace) {
  TableReader& reader = Read(R"(text = 1
yes = "true"
number = 1.5
span = 250
several = ["a", 2]
other = {a = 1}
day = 2026-01-01
)");
  EXPECT_EQ(reader.Text("text"), std::nullopt);
  EXPECT_EQ(reader.Boolean("yes"), std::nullopt);
  EXPECT_EQ(reader.Integer("number", 0, 9), std::nullopt);
  EXPECT_EQ(reader.DurationOf("span"), std::nullopt);
  EXPECT_EQ(reader.Texts("several"), std::nullopt);
  EXPECT_EQ(reader.Texts("other"), std::nullopt);
  EXPECT_EQ(reader.Text("day"), std::nullopt);
  EXPECT_THAT(Errors(),
              ElementsAre("F:1:8: key 'text' takes a string, not an integer",
                          "F:2:7: key 'yes' takes true or false, not a string",
                          "F:3:10: key 'number' takes an integer, not a float",
                          "F:4:8: key 'span' takes a string such as \"250ms\" or \"2m\", not an integer",
                          "F:5:17: key 'several' takes strings, not an integer",
                          "F:6:9: key 'other' takes a string or an array of strings, not a table",
                          "F:7:7: key 'day' takes a string, not a date"));
}

TEST_F(TableReaderTest, TellsValuesThatAreRefused) {
  TableReader& reader = Read("number = 10\nspan = \"1x\"\n");
  EXPECT_EQ(reader.Integer("number", 0, 9), std::nullopt);
  EXPECT_EQ(reader.DurationOf("span"), std::nullopt);
  reader.Refuse("url", "is missing");
  const auto errors = Errors();
  ASSERT_EQ(errors.size(), 3U);
  EXPECT_EQ(errors[1], "F:1:10: key 'number' must be between 0 and 9");
  EXPECT_THAT(errors[2], ::testing::StartsWith("F:2:8: key 'span' is no duration: "));
  EXPECT_THAT(errors[0], ::testing::EndsWith("key 'url' is missing"));
}

TEST_F(TableReaderTest, RefusesWhatNobodyAskedForAndNamesTheNearest) {
  TableReader& reader = Read("min-intervall = 1\nport = 2\n\"a\\nb\" = 3\nmin-interval = \"1s\"\n");
  EXPECT_EQ(reader.DurationOf("min-interval"), std::chrono::seconds(1));
  reader.RefuseOthers();
  EXPECT_THAT(Errors(), ElementsAre("F:1:1: key 'min-intervall' is not known; did you mean 'min-interval'?",
                                    "F:2:1: key 'port' is not known", "F:3:1: key 'a\\nb' is not known"));
}

TEST_F(TableReaderTest, TablesInArraysKeepTheirPlaces) {
  Read("[[hook]]\nurl = 1\n\n[[hook]]\nurll = \"x\"\n");
  const TomlFile file = ParseToml("[[hook]]\nurl = 1\n\n[[hook]]\nurll = \"x\"\n");
  std::vector<TomlError> errors;
  for (const toml::table* const each : TableReader(file.table, errors).Tables("hook", 2)) {
    TableReader reader(*each, errors);
    if (!reader.Text("url") && reader.Find("url") == nullptr) reader.Refuse("url", "is missing");
    reader.RefuseOthers();
  }
  SortTomlErrors(errors);
  ASSERT_EQ(errors.size(), 3U);
  EXPECT_EQ(FormatTomlError("F", errors[0]), "F:2:7: key 'url' takes a string, not an integer");
  EXPECT_EQ(FormatTomlError("F", errors[1]), "F:4:1: key 'url' is missing");
  EXPECT_EQ(FormatTomlError("F", errors[2]), "F:5:1: key 'urll' is not known; did you mean 'url'?");
}

TEST_F(TableReaderTest, TellsWhatAreNoTablesOrTooMany) {
  TableReader& reader = Read("one = 1\nmixed = [{}, 2]\n[alone]\n[[many]]\n[[many]]\n");
  for (const char* const key : {"one", "mixed", "alone", "many", "none"}) {
    EXPECT_TRUE(reader.Tables(key, 1).empty()) << key;
  }
  EXPECT_THAT(Errors(), ElementsAre("F:1:7: key 'one' takes tables, each under [[one]], not an integer",
                                    "F:2:9: key 'mixed' takes tables, each under [[mixed]], not an array",
                                    "F:3:1: key 'alone' takes tables, each under [[alone]], not a table",
                                    "F:4:1: key 'many' has more than 1 tables"));
}

}  // namespace
}  // namespace liveness::common
