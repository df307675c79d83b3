// Notes in a database: what a crash, a full disk and an older livenessd leave of them.
#include <chrono>
#include <iterator>

#include "server/storage/sqlite_schema.h"
#include "tests/unit/storage/sqlite_fixture.h"

namespace liveness::storage {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Pair;
using ::testing::SizeIs;

class SqliteNotesTest : public SqliteFixture {
 protected:
  // Nobody but the writer touches the disk.
  SqliteNotesTest() { options_.fsync_always = true; }
  void OpenAndStand() {
    Open();
    store_->notes().Stand([] {});
  }
  void Write(const std::string& key, const std::string& value) {
    store_->notes().Write(store_->notes().term(), key, value);
  }
  Notes::Texts ReadAll() { return store_->notes().Read(store_->notes().term(), ""); }
  // Until the writer has saved what was written, or failed to.
  bool Await(bool healthy) {
    common::Mutex mu;
    common::CondVar nobody;
    common::MutexLock lock(mu);
    for (int n = 0; n < 1000 && store_->notes().health().ok() != healthy; ++n) {
      nobody.WaitFor(mu, std::chrono::milliseconds(10));
    }
    return store_->notes().health().ok() == healthy;
  }
};

TEST_F(SqliteNotesTest, AreThereAfterACrash) {
  OpenAndStand();
  Write("hooks/pager", "1");
  // What is proposed after a note is committed after it.
  for (int n = 0; n < 3; ++n) (void)Join("web-" + std::to_string(n));
  Kill();
  OpenAndStand();
  EXPECT_THAT(ReadAll(), ElementsAre(Pair("hooks/pager", "1")));
}

TEST_F(SqliteNotesTest, OnAFullDiskAreReadFromMemoryAndWrittenWhenThereIsRoom) {
  OpenAndStand();
  Write("hooks/pager", "1");
  (void)Join("web-1");
  disk_.FailFrom(1, SQLITE_FULL);
  Write("hooks/pager", "2");
  ASSERT_TRUE(Await(false));
  EXPECT_THAT(ReadAll(), ElementsAre(Pair("hooks/pager", "2")));
  EXPECT_THAT(log(), Contains(HasSubstr("some events are sent once more")));
  EXPECT_TRUE(store_->health().ok()) << "a note is nobody's registration";
  Write("hooks/other", "3");
  disk_.Heal();
  clock_.Advance(std::chrono::seconds(2));
  Write("hooks/pager", "4");
  ASSERT_TRUE(Await(true));
  EXPECT_THAT(log(), SizeIs(2)) << "said once, and that it is over";
  Kill();
  OpenAndStand();
  EXPECT_THAT(ReadAll(), ElementsAre(Pair("hooks/other", "3"), Pair("hooks/pager", "4")));
}

TEST_F(SqliteNotesTest, AreWrittenByTheLastActOfAStop) {
  OpenAndStand();
  Write("hooks/pager", std::string(4096, 'x'));
  Write("hooks/gone", "1");
  Write("hooks/gone", "");
  OpenAndStand();
  EXPECT_THAT(ReadAll(), ElementsAre(Pair("hooks/pager", SizeIs(4096))));
}

TEST_F(SqliteNotesTest, AnOlderLivenessdOpensTheDatabaseAndLeavesThemAlone) {
  OpenAndStand();
  Write("hooks/pager", "1");
  Close();
  auto database = SqliteDatabase::Open(options_.path, SqliteDatabase::Access::kReadWrite, "");
  ASSERT_TRUE(database.ok());
  EXPECT_EQ(*database->QueryInt("PRAGMA user_version"), std::ssize(SqliteMigrations()));
  EXPECT_EQ(*database->QueryText("SELECT value FROM meta WHERE key = 'note/hooks/pager'"), "1");
}

}  // namespace
}  // namespace liveness::storage
