#include "common/flags/man_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <CLI/CLI.hpp>

#include "common/flags/command_line.h"

namespace liveness::common {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class ManPageTest : public ::testing::Test {
 protected:
  ManPageTest() {
    app_.add_option("-o,--output", text_, "What comes out.\n'quoted' \\ at the start")
        ->envname("TOOL_OUTPUT")
        ->type_name("table|json");
    app_.add_flag("--hidden", flag_, "secret")->group("");
    AddManFlag(app_, 8, "tool 1.2");
    CLI::App& verb = *app_.add_subcommand("get-it", "Show one");
    verb.add_option("NAME", text_, "Which");
    verb.footer("Examples:\n  tool get-it a\n");
  }

  std::string text_;
  bool flag_ = false;
  CLI::App app_{"Does a thing.\n\nAnd more of it.", "tool"};
};

TEST_F(ManPageTest, HasWhatHelpHas) {
  const CommandDoc doc = DocOf(app_);
  ASSERT_EQ(doc.commands.size(), 1u);
  EXPECT_EQ(doc.commands[0].name, "get-it");
  ASSERT_EQ(doc.commands[0].flags.size(), 2u) << "--help and NAME";
  EXPECT_TRUE(doc.commands[0].flags[1].is_positional);
  ASSERT_EQ(doc.flags.size(), 3u) << "what is hidden is hidden here too";
  EXPECT_THAT(doc.flags[1].names, ElementsAre("-o", "--output"));
  EXPECT_THAT(doc.flags[1].choices, ElementsAre("table", "json"));
  EXPECT_EQ(doc.flags[1].variable, "TOOL_OUTPUT");
  EXPECT_EQ(doc.flags[0].value, "") << "--help takes none";
}

TEST_F(ManPageTest, IsRoff) {
  const std::string page = ManPage(DocOf(app_), 8, "tool 1.2");
  EXPECT_THAT(
      page, StartsWith(".TH TOOL 8 \"\" \"tool 1.2\" \"\"\n.SH NAME\ntool \\- Does a thing\n.SH SYNOPSIS\n"));
  EXPECT_THAT(page, HasSubstr(".TP\n\\fB\\-o\\fR, \\fB\\-\\-output\\fR \\fItable|json\\fR\nWhat comes out.\n"
                              "\\&\\(aqquoted\\(aq \\e at the start\n(environment: \\fBTOOL_OUTPUT\\fR)\n"));
  EXPECT_THAT(page, HasSubstr(".SS \"get\\-it\"\nShow one\n.TP\n\\fINAME\\fR\nWhich\n"));
  EXPECT_THAT(page, HasSubstr("\n  tool get\\-it a\n"));
  EXPECT_THAT(page, Not(HasSubstr("secret")));
}

TEST_F(ManPageTest, IsPrintedInTheWayOfTheVersion) {
  try {
    ParseWords(app_, {"--man"}, {});
    ADD_FAILURE();
  } catch (const CLI::CallForVersion& page) {
    EXPECT_THAT(page.what(), StartsWith(".TH TOOL 8"));
  }
}

}  // namespace
}  // namespace liveness::common
