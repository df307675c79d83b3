#include "server/registry/records/work_board.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <vector>

#include "tests/support/manual_clock.h"

namespace liveness::registry {
namespace {

TEST(WorkBoard, KeepsABoundedNumberOfNotesTheLastOnes) {
  WorkBoard board;
  testing::ManualClock clock;
  for (int i = 0; i < 100; ++i) {
    (void)board.Put({}, core::Load{.memory_bytes = i}, {}, clock.Wall());
    clock.Advance(core::kNoteSpacing);
  }
  const auto notes = board.notes();
  EXPECT_EQ(notes.size(), core::kMaxNotes);
  EXPECT_EQ(notes.back().load.memory_bytes, 99);
}

// A fleet's notes would be a gigabyte.
TEST(WorkBoard, OfManyLongNamesANoteKeepsThoseThatAreMostBehind) {
  WorkBoard board;
  testing::ManualClock clock;
  std::vector<core::Progress> progress;
  for (int i = 0; i < 32; ++i) {
    progress.push_back({std::string(126, 'x') + std::to_string(10 + i),
                        std::chrono::seconds(i % 7 == 3 ? 9 : 1), std::chrono::seconds(i == 17 ? 3 : 5)});
  }
  EXPECT_TRUE(board.Put(progress, core::Load{}, {}, clock.Wall()));
  EXPECT_EQ(*board.tokens(), progress);
  const auto notes = board.notes();
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_EQ(*notes[0].progress,
            (std::vector<core::Progress>{progress[17], progress[3], progress[10], progress[24]}));
}

TEST(WorkBoard, FewTokensAreTheSameInAllNotes) {
  WorkBoard board;
  testing::ManualClock clock;
  (void)board.Put({{"work", std::chrono::seconds(1), std::chrono::seconds(5)}}, core::Load{}, {},
                  clock.Wall());
  EXPECT_EQ(board.notes()[0].progress, board.tokens());
}

TEST(WorkBoard, WithoutALoadThereIsNothingToNote) {
  WorkBoard board;
  testing::ManualClock clock;
  (void)board.Put({}, std::nullopt, {}, clock.Wall());
  EXPECT_TRUE(board.notes().empty());
}

TEST(WorkBoard, AWallClockThatWentBackDoesNotSilenceIt) {
  WorkBoard board;
  testing::ManualClock clock;
  (void)board.Put({}, core::Load{.memory_bytes = 1}, {}, clock.Wall());
  clock.StepWall(-std::chrono::hours(1));
  (void)board.Put({}, core::Load{.memory_bytes = 2}, {}, clock.Wall());
  EXPECT_EQ(board.notes().size(), 2u);
}

}  // namespace
}  // namespace liveness::registry
