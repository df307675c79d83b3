#include "common/toml/toml_depth.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/toml/toml_file.h"

namespace liveness::common {
namespace {

using ::testing::IsEmpty;

constexpr std::size_t kFarTooMany = 100'000;

std::string Repeat(std::string_view part, std::size_t times) {
  std::string all;
  for (std::size_t n = 0; n < times; ++n) all += part;
  return all;
}
std::string Dotted(std::string_view part, std::size_t parts) {
  return Repeat(std::string(part) + ".", parts - 1) + std::string(part);
}
// `LINE:COLUMN: text` of the one error that the whole of parsing gives.
std::string WrongWith(const std::string& text) {
  const TomlFile file = ParseToml(text);
  EXPECT_EQ(file.errors.size(), 1U);
  EXPECT_TRUE(file.table.empty());
  return file.errors.empty() ? "" : FormatTomlError("F", file.errors.front());
}

constexpr std::string_view kKey = "a key has more than 16 parts";
constexpr std::string_view kValues = "values are nested deeper than 32 levels";

TEST(TomlDepth, AKeyOfTooManyPartsIsRefusedWhereverItStands) {
  const std::string at = "F:1:32: " + std::string(kKey);
  EXPECT_EQ(WrongWith(Dotted("a", kFarTooMany) + " = 1\n"), at);
  EXPECT_EQ(WrongWith(Dotted("a", 17) + " = 1\n"), at);
  EXPECT_EQ(WrongWith("\n [" + Dotted("a", kFarTooMany) + "]\n"), "F:2:34: " + std::string(kKey));
  EXPECT_EQ(WrongWith("[[" + Dotted("a", kFarTooMany) + "]]\n"), "F:1:34: " + std::string(kKey));
  EXPECT_EQ(WrongWith("x = {" + Dotted("a", kFarTooMany) + " = 1}\n"), "F:1:37: " + std::string(kKey));
  EXPECT_EQ(WrongWith("x = [1, {b = 2, " + Dotted("a", kFarTooMany) + " = 1}]\n"),
            "F:1:48: " + std::string(kKey));
  for (const char* part : {"'a.b'", "\"a\\\".b\"", "a ", "größe"}) {
    EXPECT_THAT(WrongWith(Dotted(part, kFarTooMany) + " = 1\n"), ::testing::HasSubstr(kKey)) << part;
  }
}

TEST(TomlDepth, ValuesNestedTooDeepAreRefused) {
  EXPECT_EQ(WrongWith("a = " + Repeat("[", kFarTooMany)), "F:1:37: " + std::string(kValues));
  EXPECT_EQ(WrongWith("a = " + Repeat("[", 33) + Repeat("]", 33)), "F:1:37: " + std::string(kValues));
  EXPECT_EQ(WrongWith("a = " + Repeat("[\n", 33) + Repeat("]", 33)), "F:33:1: " + std::string(kValues));
  EXPECT_THAT(WrongWith("a = " + Repeat("{a = ", kFarTooMany) + "1"), ::testing::HasSubstr(kValues));
  EXPECT_THAT(WrongWith("a = " + Repeat("[{a = ", kFarTooMany) + "1"), ::testing::HasSubstr(kValues));
}

TEST(TomlDepth, WhatStaysWithinIsRead) {
  for (const std::string& text : {
           Dotted("a", 16) + " = 1\n",
           "[" + Dotted("a", 16) + "]\n" + Dotted("b", 16) + " = {" + Dotted("c", 16) + " = 1}\n",
           "a = " + Repeat("[", 32) + Repeat("]", 32) + "\n",
           "a = [" + Repeat("1.5, ", 1'000) + "2.5]\nb = '" + Repeat(".", 100) + "'\n",
           "a = \"" + Repeat(".[{", 100) + "\"\nb = '''\n" + Repeat(".[\n", 100) + "'''\n",
           "a = \"\"\"\n\\\"\"\"" + Repeat("[", 100) + "\"\"\"\n",
           "# " + Repeat(".", 100) + Repeat("[", 100) + "\na = 1\n",
           Repeat("[[a]]\nb.c = 1.5\n", 1'000),
           "a = [\n" + Repeat("  [1.5,\n 2.5],  # [ {\n", 1'000) + "]\n",
       }) {
    const TomlFile file = ParseToml(text);
    EXPECT_THAT(file.errors, IsEmpty()) << text.substr(0, 80);
    EXPECT_FALSE(file.table.empty());
  }
}

// What the parser says of a file that is no TOML is not hidden by brackets that nobody closes.
TEST(TomlDepth, TheFirstErrorOfABrokenFileIsTold) {
  EXPECT_THAT(WrongWith(Repeat("[a\n", 100)), ::testing::StartsWith("F:1:"));
  EXPECT_THAT(WrongWith("a = 'x\n" + Repeat("[b]\n", 100)), ::testing::StartsWith("F:1:"));
}

}  // namespace
}  // namespace liveness::common
