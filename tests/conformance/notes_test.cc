// What every store promises of notes.
#include "tests/conformance/conformance.h"

#include <gmock/gmock.h>

#include <chrono>
#include <thread>

namespace liveness::conformance {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

// A shared store lets a server lead once its lease stands.
std::uint64_t AwaitTerm(const storage::Notes& notes) {
  for (int n = 0; n < 1000; ++n) {
    if (const std::uint64_t term = notes.term(); term != 0) return term;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return 0;
}

TEST_P(StoreConformance, NotesAreReadAsTheyWereWritten) {
  const auto opened = Open();
  storage::Notes& notes = opened->store->notes();
  EXPECT_EQ(notes.term(), 0u) << "before it stands";
  notes.Stand([] {});
  const std::uint64_t term = AwaitTerm(notes);
  ASSERT_NE(term, 0u);
  EXPECT_THAT(notes.Read(term, ""), IsEmpty());
  const std::string bytes("\0\xff'/\n", 5);
  notes.Write(term, "hooks/a", "1");
  notes.Write(term, "hooks/b", bytes);
  notes.Write(term, "groups/a", "3");
  notes.Write(term, "hooks/a", "4");
  notes.Write(term, "groups/a", "");
  EXPECT_THAT(notes.Read(term, "hooks/"), ElementsAre(Pair("hooks/a", "4"), Pair("hooks/b", bytes)));
  EXPECT_THAT(notes.Read(term, "groups/"), IsEmpty());
  EXPECT_THAT(notes.Read(term, "hook0"), IsEmpty());
}

TEST_P(StoreConformance, NotesAreThereAfterReopening) {
  auto opened = Open();
  opened->store->notes().Stand([] {});
  const std::uint64_t term = AwaitTerm(opened->store->notes());
  opened->store->notes().Write(term, "hooks/a", "1");
  opened->store->notes().Write(term, "hooks/b", "2");
  opened->store->notes().Write(term, "hooks/b", "");
  opened->store->notes().StandDown();
  opened->store->Stop();
  opened.reset();
  opened = Open();
  storage::Notes& notes = opened->store->notes();
  notes.Stand([] {});
  const auto kept = notes.Read(AwaitTerm(notes), "");
  if (GetParam().durable) {
    EXPECT_THAT(kept, ElementsAre(Pair("hooks/a", "1")));
  } else {
    EXPECT_THAT(kept, IsEmpty());
  }
}

TEST_P(StoreConformance, ATermThatIsOverReadsAndWritesNothing) {
  const auto opened = Open();
  storage::Notes& notes = opened->store->notes();
  notes.Stand([] {});
  const std::uint64_t first = AwaitTerm(notes);
  notes.Write(first, "hooks/a", "1");
  notes.StandDown();
  EXPECT_EQ(notes.term(), 0u);
  notes.Write(first, "hooks/a", "2");
  EXPECT_THAT(notes.Read(first, ""), IsEmpty());
  notes.Stand([] {});
  const std::uint64_t second = AwaitTerm(notes);
  ASSERT_NE(second, 0u);
  EXPECT_NE(second, first);
  notes.Write(first, "hooks/a", "3");
  EXPECT_THAT(notes.Read(second, ""), ElementsAre(Pair("hooks/a", "1")));
}

}  // namespace
}  // namespace liveness::conformance
