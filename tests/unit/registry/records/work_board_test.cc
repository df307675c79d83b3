#include "server/registry/records/work_board.h"

#include <gtest/gtest.h>

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
