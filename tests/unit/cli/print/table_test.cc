#include "client/cli/print/table.h"

#include <gtest/gtest.h>

#include <sstream>

namespace liveness::cli {
namespace {

TEST(TableTest, AlignsByDisplayWidthAndLeavesNoTrailingSpace) {
  std::ostringstream out;
  Table table(out, {"NAME", "AGE"}, {});
  table.AddRow({"web-1", "5s"});
  table.AddRow({"日本語", "1m"});          // 3 characters, 9 bytes, 6 columns
  table.AddRow({"e\u0301t\u0301", "2m"});  // 2 columns: the accents combine
  table.Flush();
  EXPECT_EQ(out.str(),
            "NAME     AGE\n"
            "web-1    5s\n"
            "日本語   1m\n"
            "e\u0301t\u0301       2m\n");
}

TEST(TableTest, ColumnsNeverShrinkFromPageToPage) {
  std::ostringstream out;
  Table table(out, {"NAME", "AGE"}, {});
  table.AddRow({"a-long-name", "1s"});
  table.Flush();
  table.AddRow({"b", "2s"});
  table.Flush();
  EXPECT_EQ(out.str(),
            "NAME          AGE\n"
            "a-long-name   1s\n"
            "b             2s\n");
}

TEST(TableTest, WithoutHeadersTheyTakeNoRoomEither) {
  std::ostringstream out;
  Table table(out, {"A-LONG-HEADER", "AGE"}, {.headers = false});
  table.AddRow({"b", "2s"});
  table.Flush();
  EXPECT_EQ(out.str(), "b   2s\n");
}

TEST(TableTest, ColorTakesNoRoom) {
  std::ostringstream out;
  Table table(out, {"STATE", "X"}, {.color = true});
  table.AddRow({{"DEAD", Style::kBad}, "1"});
  table.Flush();
  EXPECT_EQ(out.str(), "STATE   X\n\x1b[31mDEAD\x1b[0m    1\n");
}

TEST(TableTest, AnEmptyCellSaysSo) {
  std::ostringstream out;
  Table table(out, {"CAUSE"}, {});
  table.AddRow({""});
  table.Flush();
  EXPECT_EQ(out.str(), "CAUSE\n<none>\n");
}

TEST(TableTest, AStrangersTextCannotReachTheTerminal) {
  std::ostringstream out;
  Table table(out, {"NAME"}, {});
  table.AddRow({"evil\x1b[2J\nid"});
  table.Flush();
  EXPECT_EQ(out.str(), "NAME\nevil\\x1b[2J\\x0aid\n");
}

}  // namespace
}  // namespace liveness::cli
