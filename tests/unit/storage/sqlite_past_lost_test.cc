// Every way back in time, and what is given out after it.
#include <filesystem>

#include "server/storage/sqlite_schema.h"
#include "tests/unit/storage/sqlite_fixture.h"

namespace liveness::storage {
namespace {

namespace fs = std::filesystem;
using core::State;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

class SqlitePastLost : public SqliteFixture {
 protected:
  void Backup() { Sql("VACUUM INTO '" + dir_.file("backup.db") + "'"); }
  void Restore() {
    Close();
    fs::remove(options_.path);
    fs::copy(dir_.file("backup.db"), options_.path);
  }
  // All the files, as a snapshot of the disk has them: those of a process that runs.
  void Snapshot() {
    fs::create_directory(dir_.file("snapshot"));
    for (const char* suffix : {"", "-wal", "-mark"}) {
      WriteAll(dir_.file("snapshot/liveness.db") + suffix, ReadAll(options_.path + suffix));
    }
  }
  // The files' inodes and births stay what they are.
  void GoBack() {
    Kill();
    fs::remove(options_.path + "-shm");
    for (const char* suffix : {"", "-wal", "-mark"}) {
      WriteAll(options_.path + suffix, ReadAll(dir_.file("snapshot/liveness.db") + suffix));
    }
  }
  core::RecordPtr Loaded(const std::string& id) {
    for (const core::RecordPtr& record : contents_.records) {
      if (record->client_id() == id) return record;
    }
    return nullptr;
  }
};

TEST_F(SqlitePastLost, NoSessionOfACopyHasAnIncarnationThatAnybodyHolds) {
  Open();
  const core::RecordPtr first = Join("web-1");
  Join("web-2");
  Backup();
  core::ClientRecord next = testing::NewSession("web-1");
  const core::RecordPtr second = *proposer_->Change(first, next);  // in the future that is lost
  ASSERT_GT(second->incarnation, first->incarnation);
  Restore();
  clock_.Advance(std::chrono::seconds(10));
  Open();
  EXPECT_GT(Loaded("web-1")->incarnation, second->incarnation) << "it went back for whoever saw the second";
  EXPECT_GT(Loaded("web-2")->incarnation, second->incarnation) << "what became of it is not known either";
  EXPECT_EQ(contents_.last_known, contents_.revision);
  // It stays so over a restart, and when the record changes.
  const std::uint64_t raised = Loaded("web-1")->incarnation;
  Open();
  EXPECT_EQ(Loaded("web-1")->incarnation, raised);
  Move(Loaded("web-1"), State::kSuspect);
  const core::RecordPtr begun = Join("web-3");
  EXPECT_GT(begun->incarnation, raised);
  Open();
  EXPECT_EQ(Loaded("web-1")->incarnation, raised);
  EXPECT_EQ(Loaded("web-3")->incarnation, begun->incarnation) << "of this history: as it was given out";
}

TEST_F(SqlitePastLost, ARestartChangesNoIncarnation) {
  Open();
  const core::RecordPtr one = Join("web-1");
  for (const bool killed : {false, true, false}) {
    if (killed) Kill();
    clock_.Advance(std::chrono::seconds(1));
    Open();
    EXPECT_EQ(Loaded("web-1")->incarnation, one->incarnation);
    EXPECT_GE(contents_.last_known, one->revision);
  }
}

TEST_F(SqlitePastLost, WhoWatchedAServerThatKnewNobodyYetMissesNothing) {
  Open();
  HistoryQuery query;
  query.after = contents_.revision;
  for (const bool killed : {true, false}) {
    if (killed) Kill();
    clock_.Advance(std::chrono::seconds(1));
    Open();
    EXPECT_THAT(Read(query).gaps, IsEmpty());
  }
}

TEST_F(SqlitePastLost, ASnapshotOfAllFilesGivesNothingOutTwice) {
  Open();
  Join("web-1");
  Snapshot();
  const std::uint64_t seen = Join("web-2")->revision;
  const std::string history_id = store_->history_id();
  clock_.Advance(std::chrono::seconds(10));
  GoBack();
  Open();
  EXPECT_EQ(store_->history_id(), history_id) << "nothing shows it";
  EXPECT_EQ(Loaded("web-2"), nullptr);
  EXPECT_LT(contents_.last_known, seen);
  EXPECT_GT(Join("web-3")->revision, seen);
  // Who watched what is lost is told of a gap.
  HistoryQuery query;
  query.after = seen;
  EXPECT_THAT(Read(query).gaps, ElementsAre(std::pair(contents_.last_known, contents_.revision)));
}

TEST_F(SqlitePastLost, WithAWallClockThatWentBackTooAClientsWordIsTaken) {
  Open();
  Join("web-1");
  Snapshot();
  clock_.Advance(std::chrono::hours(10));
  Open();  // gives out revisions of this hour
  const std::uint64_t seen = Join("web-2")->revision;
  GoBack();
  clock_.StepWall(-std::chrono::hours(11));
  Open();
  const std::uint64_t before = Join("web-3")->revision;
  ASSERT_LT(before, seen);
  store_->OnLostRevision(seen);
  const std::uint64_t after = Join("web-4")->revision;
  EXPECT_GT(after, seen);
  EXPECT_THAT(proposer_->gaps(), ElementsAre(std::pair(before, seen)));
  EXPECT_EQ(proposer_->disorder(), "");
  HistoryQuery query;
  query.after = seen - 1;
  EXPECT_THAT(Read(query).gaps, ElementsAre(std::pair(before, seen)));
  store_->OnLostRevision(seen);
  EXPECT_EQ(Join("web-5")->revision, after + 1) << "once";
  Kill();
  Open();
  EXPECT_GT(Join("web-6")->revision, after) << "reserved on disk";
}

TEST_F(SqlitePastLost, AFreshDatabaseHasLostNothing) {
  Open();
  EXPECT_EQ(contents_.last_known, contents_.revision);
  Open();
  EXPECT_THAT(Read().gaps, IsEmpty());
}

}  // namespace
}  // namespace liveness::storage
