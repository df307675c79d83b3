// `livenessctl top` in a terminal, with a real server and real clients.
#include <gmock/gmock.h>
#include <signal.h>

#include <memory>
#include <string>
#include <vector>

#include "tests/integration/cli/cli_process.h"
#include "tests/integration/cli/tmux_terminal.h"

namespace liveness::testing {
namespace {

using ::testing::ContainsRegex;
using ::testing::HasSubstr;
using ::testing::Not;

class TopTest : public CliTest {
 protected:
  void SetUp() override {
    if (!TmuxTerminal::IsInstalled()) GTEST_SKIP() << "no tmux";
    CliTest::SetUp();
  }

  // `top` in a terminal. When it has ended the terminal says so, and whether it is as it was.
  std::unique_ptr<TmuxTerminal> Top(const std::string& flags = "", const std::string& variables = "") const {
    return std::make_unique<TmuxTerminal>(
        "before=$(stty -g); " + variables + " " + BinaryPath("livenessctl") +
        " --server=" + server_->address() + " top " + flags +
        "; echo ended $?; [ $before = $(stty -g) ] && echo as before; sleep 1000");
  }
};

TEST_F(TopTest, AClientThatIsKilledIsSeen) {
  const auto web = Beat("web-1");
  const auto worker = Beat("worker-1");
  const auto top = Top();
  EXPECT_TRUE(top->Shows("+ web-1")) << top->Screen();
  EXPECT_TRUE(top->Shows("+ 2 ALIVE  ? 0 SUSPECT  x 0 DEAD")) << top->Screen();
  EXPECT_TRUE(top->Shows(server_->address() + "  as of ")) << top->Screen();
  web->Signal(SIGKILL);
  EXPECT_TRUE(top->Shows("x web-1")) << top->Screen();
  EXPECT_TRUE(top->Shows("PROCESS_EXITED")) << top->Screen();
  EXPECT_TRUE(top->Shows("+ 1 ALIVE  ? 0 SUSPECT  x 1 DEAD")) << top->Screen();
  EXPECT_THAT(top->Screen(), ContainsRegex("x web-1[^\n]*\n\\+ worker-1"))
      << "what needs attention comes first";
}

TEST_F(TopTest, OrderHelpAndPause) {
  const auto web = Beat("web-1");
  const auto top = Top();
  ASSERT_TRUE(top->Shows("by state"));
  top->Press("s");
  EXPECT_TRUE(top->Shows("by name"));
  top->Press("S");
  top->Press("S");
  EXPECT_TRUE(top->Shows("by heartbeat"));
  EXPECT_TRUE(top->Shows("+ web-1"));
  top->Press("?");
  EXPECT_TRUE(top->Shows("an AIP-160 filter"));
  top->Press("x");
  top->Press("p");
  EXPECT_TRUE(top->Shows("PAUSED"));
  const auto late = Beat("late");
  EXPECT_THAT(top->Screen(), Not(HasSubstr("late")));
  top->Press("p");
  EXPECT_TRUE(top->Shows("+ late"));
}

TEST_F(TopTest, ReadingsOfTheRowsThatAreShown) {
  const auto web = Beat("web-1");
  const auto top = Top();
  EXPECT_TRUE(Eventually([&] {
    const std::string screen = top->Screen();
    const std::size_t row = screen.find("+ web-1");
    return row != std::string::npos &&
           screen.substr(row, screen.find('\n', row) - row).find("ms") != std::string::npos;
  })) << top->Screen();
}

TEST_F(TopTest, AFilterItsErrorAndWhoMatchesItNoMore) {
  const auto web = Beat("web-1", {"--label=zone=eu"});
  const auto worker = Beat("worker-1", {"--label=zone=us"});
  const auto top = Top();
  ASSERT_TRUE(top->Shows("worker-1"));
  top->Press("/");
  top->Press("state = ALIVE AND (foo");
  top->Press("Enter");
  EXPECT_TRUE(top->Shows("filter column 20: \"foo\" stands alone")) << top->Screen();
  EXPECT_THAT(top->Screen(), HasSubstr("\n/state = ALIVE AND (foo\n                    ^\n"));
  top->Press("C-u");
  top->Press("state = ALIVE AND labels.zone = \"eu\"");
  top->Press("Enter");
  EXPECT_TRUE(top->Shows("where state = ALIVE AND labels")) << top->Screen();
  EXPECT_TRUE(top->Loses("worker-1"));
  EXPECT_TRUE(top->Shows("+ web-1"));
  web->Signal(SIGKILL);
  EXPECT_TRUE(top->Loses("web-1")) << top->Screen();
  EXPECT_TRUE(top->Shows("No clients match the filter.")) << top->Screen();
}

TEST_F(TopTest, EnterShowsTheVerdict) {
  const auto web = Beat("web-1");
  web->Signal(SIGKILL);
  ASSERT_TRUE(Becomes("web-1", "STATE_DEAD"));
  const auto top = Top();
  ASSERT_TRUE(top->Shows("x web-1"));
  top->Press("Enter");
  EXPECT_TRUE(top->Shows("Name:               web-1")) << top->Screen();
  EXPECT_TRUE(top->Shows("Verdict: ")) << top->Screen();
  top->Press("G");
  EXPECT_TRUE(top->Loses("Name: "));
  top->Press("Escape");
  EXPECT_TRUE(top->Shows("x web-1"));
}

TEST_F(TopTest, AServerThatIsAwayAndComesBack) {
  const std::string address = server_->address();
  const auto web = Beat("web-1");
  const auto top = Top();
  ASSERT_TRUE(top->Shows("+ web-1"));
  server_->Signal(SIGKILL);
  EXPECT_TRUE(top->Shows("NOT CONNECTED: ")) << top->Screen();
  EXPECT_THAT(top->Screen(), HasSubstr("web-1")) << "what was known stays, in grey";
  server_.reset();
  server_ = ServerProcess::Start({"--listen=" + address});
  ASSERT_NE(server_, nullptr);
  EXPECT_TRUE(top->Shows(address + "  as of ")) << top->Screen();
  EXPECT_TRUE(top->Shows("+ web-1")) << top->Screen();
}

TEST_F(TopTest, AnotherSize) {
  const auto web = Beat("web-1");
  const auto top = Top();
  ASSERT_TRUE(top->Shows("CAUSE"));
  top->Resize(40, 10);
  EXPECT_TRUE(top->Loses("CAUSE")) << top->Screen();
  EXPECT_TRUE(top->Shows("+ web-1")) << top->Screen();
  EXPECT_TRUE(top->Shows("AGE")) << top->Screen();
  top->Resize(120, 30);
  EXPECT_TRUE(top->Shows("CAUSE")) << top->Screen();
}

TEST_F(TopTest, TheTerminalIsLeftAsItWas) {
  for (const std::string key : {"q", "C-c"}) {
    const auto top = Top();
    ASSERT_TRUE(top->Shows("No clients are known."));
    top->Press(key);
    EXPECT_TRUE(top->Shows("ended 0\nas before")) << key << "\n" << top->Screen();
    EXPECT_THAT(top->Screen(), Not(HasSubstr("as of"))) << "the screen from before is back";
  }
  for (const int number : {SIGTERM, SIGINT, SIGHUP}) {
    const auto top = Top();
    ASSERT_TRUE(top->Shows("No clients are known."));
    ASSERT_GT(top->Foreground(), 0);
    kill(top->Foreground(), number);
    EXPECT_TRUE(top->Shows("ended 0\nas before")) << number << "\n" << top->Screen();
  }
}

// However long a call may take.
TEST_F(TopTest, ItEndsAtOnceWhileTheServerHangs) {
  const auto web = Beat("web-1");
  for (const std::vector<std::string>& keys :
       {std::vector<std::string>{"Enter", "q"}, std::vector<std::string>{"/", "x", "Enter", "C-c"}}) {
    const auto top = Top("--timeout=10m");
    ASSERT_TRUE(top->Shows("+ web-1")) << top->Screen();
    kill(server_->pid(), SIGSTOP);
    for (const std::string& key : keys) top->Press(key);
    EXPECT_TRUE(top->Shows("ended 0\nas before")) << keys.front() << "\n" << top->Screen();
    kill(server_->pid(), SIGCONT);
  }
}

TEST_F(TopTest, ItIsStoppedAndGoesOn) {
  const auto top = Top();
  ASSERT_TRUE(top->Shows("No clients are known."));
  const pid_t pid = top->Foreground();
  top->Press("C-z");
  EXPECT_TRUE(top->Loses("No clients are known.")) << top->Screen();
  kill(pid, SIGCONT);
  EXPECT_TRUE(top->Shows("No clients are known.")) << top->Screen();
}

TEST_F(TopTest, ColoursOnlyWhereTheyAreWanted) {
  const auto web = Beat("web-1");
  const std::string green = "\x1b[32m";
  const auto colours = Top();
  ASSERT_TRUE(colours->Shows("+ web-1"));
  EXPECT_THAT(colours->Screen(true), HasSubstr(green));
  const auto none = Top("", "NO_COLOR=1");
  ASSERT_TRUE(none->Shows("+ web-1"));
  EXPECT_THAT(none->Screen(true), Not(HasSubstr(green)));
}

TEST_F(TopTest, WideNamesAndThoseThatATerminalWouldObey) {
  const auto wide = Beat("サーバー");
  const auto evil = Beat("e\xE2\x80\xAEvil");
  const auto top = Top();
  EXPECT_TRUE(top->Shows("+ サーバー      ALIVE")) << top->Screen();
  EXPECT_TRUE(top->Shows("+ e\\u{202e}vil")) << top->Screen();
}

TEST_F(TopTest, WhatIsNoTerminalIsToldSo) {
  const CliResult result = Run({"top"});
  EXPECT_EQ(result.code, 2);
  EXPECT_EQ(result.err, "livenessctl: top needs a terminal; livenessctl list and watch write lines\n");
  const auto dumb = Top("", "TERM=dumb");
  EXPECT_TRUE(
      dumb->Shows("livenessctl: top cannot draw on the terminal dumb; livenessctl list and watch write"))
      << dumb->Screen();
  EXPECT_TRUE(dumb->Shows("ended 2")) << dumb->Screen();
}

TEST_F(TopTest, WhatIsWrongFromTheStartIsALine) {
  const auto top = Top("--filter='state = '");
  EXPECT_TRUE(top->Shows("ended 2")) << top->Screen();
  server_->Signal(SIGKILL);
  const auto gone = Top();
  EXPECT_TRUE(gone->Shows("ended 4")) << gone->Screen();
}

}  // namespace
}  // namespace liveness::testing
