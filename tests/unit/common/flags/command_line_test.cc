#include "common/flags/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

#include <string>
#include <vector>

namespace liveness::common {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

// A verb with every kind of flag, below a program with flags of its own.
class CommandLineTest : public ::testing::Test {
 protected:
  CommandLineTest() {
    app_.fallthrough();
    app_.add_option("--server", servers_)->delimiter(',');
    app_.add_flag("--tls", tls_);
    CLI::App& verb = *app_.add_subcommand("get");
    verb.add_option("NAME", names_);
    verb.add_option("--id", id_);
    verb.add_option("--filter", filter_);
    verb.add_option("--limit", limit_);
    verb.add_option("--label", labels_)->allow_extra_args(false);
  }

  // What is wrong, or empty.
  std::string Parse(std::vector<std::string> words) {
    try {
      ParseWords(app_, std::move(words), {"--filter"});
    } catch (const CLI::ParseError& error) {
      return PlainText(error.what());
    }
    return {};
  }

  CLI::App app_;
  std::vector<std::string> servers_, names_, labels_;
  std::string id_, filter_ = "unset";
  int limit_ = 7;
  bool tls_ = false;
};

TEST_F(CommandLineTest, AnEmptyTextTakesNoOtherFlag) {
  EXPECT_EQ(Parse({"get", "--id=", "--filter=x"}), "--id: the value is empty");
}

TEST_F(CommandLineTest, AnEmptyNumberTakesNoOtherFlag) {
  EXPECT_EQ(Parse({"get", "--limit=", "--filter=x"}), "--limit: the value is empty");
}

TEST_F(CommandLineTest, AnEmptyListTakesNoOtherFlag) {
  EXPECT_EQ(Parse({"--server=", "get", "x"}), "--server: the value is empty");
}

TEST_F(CommandLineTest, AnEmptyValueOfItsOwnWordIsNoneEither) {
  EXPECT_EQ(Parse({"get", "--id", "", "x"}), "--id: the value is empty");
}

TEST_F(CommandLineTest, AnEmptyNameIsNone) { EXPECT_EQ(Parse({"get", ""}), "NAME: the value is empty"); }

TEST_F(CommandLineTest, WhatMayBeEmptyIs) {
  EXPECT_EQ(Parse({"get", "--filter=", "--id=x"}), "");
  EXPECT_EQ(filter_, "");
  EXPECT_EQ(id_, "x");
}

TEST_F(CommandLineTest, AFlagWithoutAValueStaysOne) {
  EXPECT_EQ(Parse({"--tls", "get", "x"}), "");
  EXPECT_TRUE(tls_);
}

TEST_F(CommandLineTest, BracketsAreCharacters) {
  EXPECT_EQ(Parse({"get", "[a,b]", "[node-1]", "[]", "--id=[x]", "--label=[k]=v", "--label=[w]"}), "");
  EXPECT_THAT(names_, ElementsAre("[a,b]", "[node-1]", "[]"));
  EXPECT_EQ(id_, "[x]");
  EXPECT_THAT(labels_, ElementsAre("[k]=v", "[w]"));
}

TEST_F(CommandLineTest, NoWordMeansSomethingElse) {
  EXPECT_EQ(Parse({"get", "++", "%%", "{}", "@a", "/a", "-5"}), "");
  EXPECT_THAT(names_, ElementsAre("++", "%%", "{}", "@a", "/a", "-5"));
}

TEST_F(CommandLineTest, OnlyADelimiterSplits) {
  EXPECT_EQ(Parse({"--server=[::1]:7,[fe80::1]", "get", "x"}), "");
  EXPECT_THAT(servers_, ElementsAre("[::1]:7", "[fe80::1]"));
}

TEST_F(CommandLineTest, AVerbsNameIsAName) {
  app_.require_subcommand(1);
  EXPECT_EQ(Parse({"get", "get"}), "");
  EXPECT_THAT(names_, ElementsAre("get"));
}

TEST_F(CommandLineTest, WhatIsWrongIsToldInTheWordsThatWereGiven) {
  const std::string why = Parse({"--nonsense", "[x]", "get"});
  EXPECT_THAT(why, HasSubstr("--nonsense"));
  EXPECT_THAT(why, HasSubstr(" [x]"));
}

TEST_F(CommandLineTest, NoCharacterIsLost) {
  EXPECT_EQ(Parse({"get", "--id=\x01x"}), "");
  EXPECT_EQ(id_, "\x01x");
}

}  // namespace
}  // namespace liveness::common
