// Frames as pictures: what is on the screen, line by line, without the colours.
#include "client/cli/top/frame.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "client/cli/print/display_text.h"

namespace liveness::cli::top {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

constexpr common::WallTime kNow{hours(24 * 365) + seconds(5)};

// Trailing spaces left out.
std::string Picture(const Frame& frame) {
  std::string picture;
  for (const Line& line : frame.lines) {
    std::string text;
    for (const Piece& piece : line) text += piece.text;
    picture += text.substr(0, text.find_last_not_of(' ') + 1) + "\n";
  }
  return picture;
}

class FrameTest : public ::testing::Test {
 protected:
  FrameTest() {
    web_ = {
        .id = "web-1", .state = v1::STATE_ALIVE, .health = v1::HEALTH_OK, .state_time = kNow - seconds(90)};
    web_.rtt = milliseconds(2);
    web_.last_heartbeat = kNow - milliseconds(700);
    gone_ = {.id = "gone",
             .state = v1::STATE_DEAD,
             .health = v1::HEALTH_OK,
             .cause = v1::CAUSE_PROCESS_EXITED,
             .state_time = kNow - hours(3)};
    view_.server = "db-1:7700";
    view_.is_connected = true;
    view_.now = kNow;
    view_.heard = kNow - seconds(2);
    view_.revision = 42;
    view_.is_complete = true;
    view_.alive = view_.dead = 1;
    view_.changes_per_minute = 3;
    view_.rows = {&gone_, &web_};
  }

  Row web_, gone_;
  View view_;
};

TEST_F(FrameTest, AList) {
  EXPECT_EQ(Picture(BuildFrame(view_, {100, 8})),
            "db-1:7700  as of 00:00:03 (2s ago), revision 42\n"
            "+ 1 ALIVE  ? 0 SUSPECT  x 1 DEAD  - 0 LEFT  3 changes/min  by state\n"
            "  NAME          STATE    HEALTH       CAUSE                AGE     RTT     LAST\n"
            "x gone          DEAD     OK           PROCESS_EXITED       3h\n"
            "+ web-1         ALIVE    OK                                90s     2ms     700ms\n"
            "\n"
            "\n"
            "Enter verdict  / filter  s order  p pause  ? help  q end\n");
}

TEST_F(FrameTest, ASmallScreenShowsWhatMattersMost) {
  EXPECT_EQ(Picture(BuildFrame(view_, {40, 10})),
            "db-1:7700  as of 00:00:03 (2s ago), rev…\n"
            "+ 1 ALIVE  ? 0 SUSPECT  x 1 DEAD  - 0 L…\n"
            "  NAME          STATE    AGE     LAST\n"
            "x gone          DEAD     3h\n"
            "+ web-1         ALIVE    90s     700ms\n"
            "\n\n\n\n"
            "Enter verdict  / filter  s order  p pau…\n");
}

TEST_F(FrameTest, NoLineIsWiderOrFewerThanTheScreen) {
  web_.id = std::string(300, 'w');
  gone_.id = "日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語日本語";
  view_.filter = std::string(200, 'f');
  for (const Mode mode : {Mode::kList, Mode::kFilter, Mode::kVerdict, Mode::kHelp}) {
    view_.mode = mode;
    view_.text.assign(100, std::string(200, 't'));
    view_.error = "column 150: " + std::string(150, 'e');
    view_.draft = std::string(160, 'd');
    for (const Size size : {Size{1, 1}, {2, 3}, {10, 4}, {39, 9}, {80, 24}, {200, 50}}) {
      const Frame frame = BuildFrame(view_, size);
      EXPECT_EQ(frame.lines.size(), size.height);
      for (const Line& line : frame.lines) {
        std::size_t width = 0;
        for (const Piece& piece : line) width += DisplayWidth(piece.text);
        EXPECT_LE(width, size.width) << static_cast<int>(mode) << " " << size.width << "x" << size.height;
      }
    }
  }
}

TEST_F(FrameTest, WideNamesKeepTheColumnsStraight) {
  gone_.id = "サーバー";
  const std::string picture = Picture(BuildFrame(view_, {100, 8}));
  EXPECT_THAT(picture, HasSubstr("\nx サーバー      DEAD "));
  EXPECT_THAT(picture, HasSubstr("\n+ web-1         ALIVE"));
}

TEST_F(FrameTest, WhatATerminalWouldObeyNeverReachesIt) {
  gone_.id = "\x1b]0;owned\x07\x1b[2J";
  view_.filter = "a\x1b[31m";
  view_.server = "s\x1b[31m";
  view_.trouble = "t\x1b[31m";
  view_.draft = "d\x1b[31m";
  view_.error = "e\x1b[31m";
  for (const Mode mode : {Mode::kList, Mode::kFilter}) {
    for (const bool connected : {true, false}) {
      view_.mode = mode;
      view_.is_connected = connected;
      EXPECT_THAT(Picture(BuildFrame(view_, {200, 12})), Not(HasSubstr("\x1b")));
    }
  }
  EXPECT_THAT(Picture(BuildFrame(view_, {200, 12})), HasSubstr("\\x1b]0;owned\\x07\\x1b[2J"));
}

TEST_F(FrameTest, ALostServerIsToldAndAllIsGrey) {
  view_.is_connected = false;
  view_.trouble = "cannot reach db-1:7700: connection refused";
  const Frame frame = BuildFrame(view_, {100, 8});
  EXPECT_THAT(Picture(frame),
              StartsWith("db-1:7700  NOT CONNECTED: cannot reach db-1:7700: connection refused\n"));
  for (const Piece& piece : frame.lines[3]) EXPECT_EQ(piece.style, Style::kFaint);
}

TEST_F(FrameTest, AMassFailureIsTold) {
  view_.notice = "MASS FAILURE host=db-7: 7 of 12 fell together";
  EXPECT_THAT(Picture(BuildFrame(view_, {100, 8})),
              StartsWith("db-1:7700  MASS FAILURE host=db-7: 7 of 12 fell together  as of 00:00:03"));
}

TEST_F(FrameTest, TheSelectedRowIsReversed) {
  view_.selected = 1;
  const Frame frame = BuildFrame(view_, {100, 8});
  EXPECT_FALSE(frame.lines[3][0].is_reverse);
  EXPECT_TRUE(frame.lines[4][0].is_reverse);
}

TEST_F(FrameTest, AFilterIsTypedAndItsErrorHasACaret) {
  view_.mode = Mode::kFilter;
  view_.draft = "state = DEAD AND (foo";
  Frame frame = BuildFrame(view_, {100, 8});
  EXPECT_EQ(frame.cursor, std::make_pair(std::size_t{5}, std::size_t{22}));
  view_.error = "filter column 19: \"foo\" stands alone";
  frame = BuildFrame(view_, {100, 8});
  EXPECT_THAT(Picture(frame), HasSubstr("\n/state = DEAD AND (foo\n"
                                        "                   ^\n"
                                        "filter column 19: \"foo\" stands alone\n"));
  // Of a filter that is too long its end is seen, and the caret stands where it belongs.
  EXPECT_THAT(Picture(BuildFrame(view_, {12, 8})), HasSubstr("\n/D AND (foo\n"
                                                             "        ^\n"));
}

TEST_F(FrameTest, PausedFilteredAndEmpty) {
  view_.is_paused = true;
  view_.filter = "state = SUSPECT";
  view_.rows.clear();
  const std::string picture = Picture(BuildFrame(view_, {100, 8}));
  EXPECT_THAT(picture, HasSubstr("PAUSED"));
  EXPECT_THAT(picture, HasSubstr("where state = SUSPECT"));
  EXPECT_THAT(picture, HasSubstr("No clients match the filter."));
  view_.is_complete = false;
  EXPECT_THAT(Picture(BuildFrame(view_, {100, 8})), HasSubstr("reading who is there"));
}

TEST_F(FrameTest, AVerdictIsReadFromItsFirstLine) {
  view_.mode = Mode::kVerdict;
  for (int i = 0; i < 20; ++i) view_.text.push_back("line " + std::to_string(i));
  view_.first_line = 3;
  const std::string picture = Picture(BuildFrame(view_, {100, 8}));
  EXPECT_THAT(picture, HasSubstr("line 3\nline 4\nline 5\nline 6\nline 7\nEsc back"));
}

TEST(Fitted, CutsAndPadsByColumns) {
  EXPECT_EQ(Fitted("abc", 5), "abc  ");
  EXPECT_EQ(Fitted("abcdef", 4), "abc…");
  EXPECT_EQ(Fitted("日本語", 6), "日本語");
  EXPECT_EQ(Fitted("日本語", 5), "日本…");
  EXPECT_EQ(Fitted("日本語", 4), "日… ") << "half of a wide character is none";
  EXPECT_EQ(Fitted("abc", 0), "");
}

}  // namespace
}  // namespace liveness::cli::top
