#include "common/toml/toml_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>
#include <random>

#include "common/utf8.h"
#include "tests/support/temp_dir.h"

namespace liveness::common {
namespace {

using ::testing::HasSubstr;

// `LINE:COLUMN: text` of the one error.
std::string WrongWith(std::string_view text) {
  const TomlFile file = ParseToml(text);
  EXPECT_EQ(file.errors.size(), 1U) << text;
  EXPECT_TRUE(file.table.empty()) << text;
  return file.errors.empty() ? "" : FormatTomlError("F", file.errors.front());
}

TEST(TomlFileTest, WhatIsNoTomlIsToldWithItsPlace) {
  EXPECT_EQ(WrongWith("a = 1\na = 2\n"), "F:2:5: key 'a' is given twice");
  EXPECT_EQ(WrongWith("a = 1\n[a]\n"), "F:2:1: key 'a' is given twice");
  EXPECT_THAT(WrongWith("a = \"x"), HasSubstr("F:1:7: string: encountered end-of-file"));
  EXPECT_THAT(WrongWith("\n\n= 3"), HasSubstr("F:3:1: "));
  EXPECT_THAT(WrongWith(std::string("a = 1\0\n", 7)), HasSubstr("F:1:6: "));
  EXPECT_THAT(WrongWith("a = \"\xff\""), HasSubstr("utf-8"));
  EXPECT_THAT(WrongWith("a = " + std::string(100'000, '[')), HasSubstr("nested"));
}

// Each of them is undefined behaviour or an assertion in toml++ 3.3 as it comes.
TEST(TomlFileTest, WhatTheLibraryDoesNotExpectIsAnErrorToo) {
  for (const char* text :
       {"größe = 1\n", "a = [-inf\xcf\x9bnan]\n", "[[[1]]]\n", "[[=\n", "b = [c\"]\n", "a = [1, {d = ,\n"}) {
    EXPECT_THAT(WrongWith(text), HasSubstr("F:1:")) << text;
  }
}

TEST(TomlFileTest, TextsWithoutQuotesAreToldToNeedThem) {
  for (const char* text : {"a = 250ms", "a = 127.0.0.1:7700", "a = truely", "a = 1.5s", "a = batch"}) {
    EXPECT_THAT(WrongWith(text), HasSubstr("stand in quotes")) << text;
  }
}

TEST(TomlFileTest, FilesThatCannotBeReadAreToldAsAWhole) {
  const testing::TempDir dir;
  const auto wrong = [](const std::string& path) {
    const TomlFile file = ReadTomlFile(path);
    return file.errors.empty() ? "" : FormatTomlError("F", file.errors.front());
  };
  EXPECT_EQ(wrong(dir.file("none")), "F: cannot be read: No such file or directory");
  EXPECT_EQ(wrong(dir.path()), "F: is a directory, not a file");
  ASSERT_EQ(mkfifo(dir.file("pipe").c_str(), 0600), 0);
  EXPECT_EQ(wrong(dir.file("pipe")), "F: is not a regular file");
  EXPECT_EQ(wrong("/dev/null"), "F: is not a regular file");
  std::ofstream(dir.file("long")) << std::string(kMaxTomlBytes + 1, '\n');
  EXPECT_THAT(wrong(dir.file("long")), HasSubstr("longer than 1 MiB"));
}

TEST(TomlFileTest, FilesAndLinksToThemAreRead) {
  const testing::TempDir dir;
  std::ofstream(dir.file("real")) << "a = \"b\"\n" << std::string(kMaxTomlBytes - 8, '\n');
  ASSERT_EQ(symlink("real", dir.file("link").c_str()), 0);
  const TomlFile file = ReadTomlFile(dir.file("link"));
  EXPECT_TRUE(file.errors.empty());
  EXPECT_EQ(file.table["a"].value_or(std::string()), "b");
}

TEST(TomlFileTest, TextsAreReadAsTheyWereWritten) {
  for (const std::string text :
       {"", "plain", "a\"b\\c", "line\nbreak", "tab\t\x01\x7f", "grün 💓", "''' \"\"\""}) {
    const TomlFile file = ParseToml("a = " + TomlText(text) + "  # from here");
    EXPECT_TRUE(file.errors.empty()) << text;
    EXPECT_EQ(file.table["a"].value_or(std::string("?")), text);
    EXPECT_EQ(TomlText(text).find('\n'), std::string::npos);
  }
}

// A file is read by a server that serves, too: whatever was written to it, what comes of it is a table or
// errors with a place that can be printed.
TEST(TomlFileTest, WhateverIsInAFileIsATableOrAnError) {
  const std::string sample =
      "a = \"b\\u00e9\"\nc = [1, 2.5, {d = true}]\n[[hook]]\nurl = 'x' # y\n[t.u]\nday = "
      "2026-01-01T00:00:00Z\n";
  std::mt19937 random(4711);
  const auto below = [&random](std::size_t bound) { return random() % bound; };
  int tables = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string text = sample;
    for (std::size_t change = 0; change <= below(4); ++change) {
      const std::size_t at = below(text.size());
      switch (below(3)) {
        case 0: text[at] = static_cast<char>(below(256)); break;
        case 1: text.erase(at, below(8)); break;
        default: text.insert(at, sample, below(sample.size()), below(8));
      }
      if (text.empty()) text = sample;
    }
    const TomlFile file = ParseToml(text);
    tables += file.errors.empty() ? 1 : 0;
    for (const TomlError& error : file.errors) {
      EXPECT_GT(error.line, 0U) << text;
      EXPECT_GT(error.column, 0U) << text;
      EXPECT_FALSE(HasControlCharacter(error.text)) << text;
    }
  }
  EXPECT_GT(tables, 1'000);
}

TEST(TomlFileTest, ErrorsStandInTheOrderOfTheFile) {
  std::vector<TomlError> errors = {{3, 1, "c"}, {1, 9, "b"}, {1, 2, "a"}, {0, 0, "whole"}};
  SortTomlErrors(errors);
  EXPECT_THAT(errors, ::testing::ElementsAre(TomlError{0, 0, "whole"}, TomlError{1, 2, "a"},
                                             TomlError{1, 9, "b"}, TomlError{3, 1, "c"}));
}

}  // namespace
}  // namespace liveness::common
