#include "client/cli/top/ui.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace liveness::cli::top {
namespace {

using Kind = Key::Kind;
using Wish = Ui::Wish;

Key Press(const std::string& character) { return {Kind::kCharacter, character}; }

class UiTest : public ::testing::Test {
 protected:
  UiTest() {
    for (int i = 0; i < 30; ++i) all_.push_back({.id = "c" + std::to_string(i)});
    for (const Row& row : all_) rows_.push_back(&row);
  }

  Wish Take(const Key& key) {
    const Wish wish = ui_.Take(key, rows_, size_);
    Show();
    return wish;
  }
  void Type(const std::string& text) {
    for (const char c : text) Take(Press(std::string(1, c)));
  }
  void Show() {
    view_.rows = rows_;
    ui_.Show(view_, size_);
  }
  std::string Selected() const { return view_.rows[view_.selected]->id; }

  const Size size_{80, 14};  // ten rows
  std::vector<Row> all_;
  std::vector<const Row*> rows_;
  Ui ui_{""};
  View view_;
};

TEST_F(UiTest, TheCursorMovesAndTheListFollows) {
  Take({Kind::kDown, ""});
  Take(Press("j"));
  EXPECT_EQ(Selected(), "c2");
  EXPECT_EQ(view_.first, 0U);
  Take({Kind::kPageDown, ""});
  EXPECT_EQ(Selected(), "c12");
  EXPECT_EQ(view_.first, 3U);
  Take(Press("G"));
  EXPECT_EQ(Selected(), "c29");
  EXPECT_EQ(view_.first, 20U);
  Take({Kind::kDown, ""});
  EXPECT_EQ(Selected(), "c29");
  Take({Kind::kPageUp, ""});
  Take(Press("k"));
  EXPECT_EQ(Selected(), "c18");
  Take({Kind::kHome, ""});
  Take({Kind::kUp, ""});
  EXPECT_EQ(Selected(), "c0");
  EXPECT_EQ(view_.first, 0U);
}

TEST_F(UiTest, TheCursorStaysOnItsClientOnceItWasMoved) {
  std::rotate(rows_.begin(), rows_.begin() + 5, rows_.end());
  Show();
  EXPECT_EQ(Selected(), "c5") << "not moved: the first row, whoever it is";
  Take({Kind::kDown, ""});
  EXPECT_EQ(Selected(), "c6");
  std::rotate(rows_.begin(), rows_.begin() + 25, rows_.end());
  Show();
  EXPECT_EQ(Selected(), "c6");
  // Its client goes: the one that takes its place.
  rows_.erase(rows_.begin() + 6);
  Show();
  EXPECT_EQ(Selected(), "c7");
  rows_.clear();
  Show();
  EXPECT_EQ(view_.selected, 0U);
  EXPECT_EQ(Take({Kind::kDown, ""}), Wish::kNothing);
  EXPECT_EQ(Take({Kind::kEnter, ""}), Wish::kNothing);
}

TEST_F(UiTest, OrdersTakeTurns) {
  Take(Press("s"));
  EXPECT_EQ(view_.sort, SortKey::kName);
  Take(Press("S"));
  Take(Press("S"));
  EXPECT_EQ(view_.sort, SortKey::kHeartbeat);
}

TEST_F(UiTest, EnterOpensAVerdictThatScrollsAndEscGoesBack) {
  Take({Kind::kDown, ""});
  EXPECT_EQ(Take({Kind::kEnter, ""}), Wish::kOpenVerdict);
  EXPECT_EQ(ui_.selected_id(), "c1");
  EXPECT_EQ(view_.mode, Mode::kVerdict);
  ui_.SetText(std::vector<std::string>(15, "x"));
  Take({Kind::kDown, ""});
  EXPECT_EQ(view_.first_line, 1U);
  Take(Press("G"));
  EXPECT_EQ(view_.first_line, 4U) << "eleven lines fit";
  Take({Kind::kDown, ""});
  EXPECT_EQ(view_.first_line, 4U);
  Take({Kind::kEscape, ""});
  EXPECT_EQ(view_.mode, Mode::kList);
  EXPECT_EQ(Selected(), "c1");
}

TEST_F(UiTest, AFilterIsTypedTriedAndHolds) {
  Take(Press("p"));
  Take(Press("/"));
  Type("state = DEAD q");
  Take({Kind::kBackspace, ""});
  Take(Press("ü"));
  Take({Kind::kBackspace, ""});
  EXPECT_EQ(ui_.draft(), "state = DEAD ");
  EXPECT_EQ(Take({Kind::kEnter, ""}), Wish::kTryFilter);
  EXPECT_EQ(ui_.filter(), "");
  ui_.FilterRefused("column 3: no");
  Show();
  EXPECT_EQ(view_.error, "column 3: no");
  Type("x");
  EXPECT_EQ(view_.error, "") << "gone with the next key";
  ui_.FilterHolds();
  Show();
  EXPECT_EQ(view_.filter, "state = DEAD x");
  EXPECT_FALSE(view_.is_paused);
  EXPECT_EQ(view_.mode, Mode::kList);
}

TEST_F(UiTest, EscLeavesTheFilterAsItWas) {
  Take(Press("/"));
  Type("abc");
  Take({Kind::kClear, ""});
  Type("x");
  Take({Kind::kEscape, ""});
  EXPECT_EQ(view_.mode, Mode::kList);
  EXPECT_EQ(ui_.filter(), "");
  Take(Press("/"));
  EXPECT_EQ(ui_.draft(), "");
}

TEST_F(UiTest, QEndsButNotWhileAFilterIsTyped) {
  EXPECT_EQ(Take(Press("q")), Wish::kQuit);
  Take(Press("/"));
  EXPECT_EQ(Take(Press("q")), Wish::kNothing);
  EXPECT_EQ(Take({Kind::kQuit, ""}), Wish::kQuit) << "Ctrl-C does, anywhere";
}

TEST_F(UiTest, PauseHelpAndSuspend) {
  Take(Press("p"));
  EXPECT_TRUE(view_.is_paused);
  Take(Press(" "));
  EXPECT_FALSE(view_.is_paused);
  Take(Press("?"));
  EXPECT_EQ(view_.mode, Mode::kHelp);
  Take(Press("x"));
  EXPECT_EQ(view_.mode, Mode::kList);
  EXPECT_EQ(Take({Kind::kSuspend, ""}), Wish::kSuspend);
  EXPECT_EQ(Take({Kind::kRedraw, ""}), Wish::kRedraw);
}

}  // namespace
}  // namespace liveness::cli::top
