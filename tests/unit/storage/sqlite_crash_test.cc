// The end at every call: a write that is torn and nothing after it. What was told
// before is there, and no revision comes twice.
#include "common/strings.h"
#include "tests/support/registry/same_record.h"
#include "tests/unit/storage/sqlite_fixture.h"

namespace liveness::storage {
namespace {

using core::State;
using testing::Difference;
using testing::NewSession;

class SqliteCrash : public SqliteFixture, public ::testing::WithParamInterface<bool> {
 protected:
  SqliteCrash() {
    options_.fsync_always = GetParam();
    // So that reserving and starting the log anew are among the calls.
    options_.revision_block = 8;
    options_.max_log_bytes = 8 * 4096;
  }

  // Registers clients until one is refused, a few at a time.
  void RegisterUntilRefused(int round) {
    for (int n = 0; n < 1000; ++n) {
      std::vector<std::uint64_t> proposals;
      for (int k = 0; k < 3; ++k) {
        proposals.push_back(
            proposer_->Propose(nullptr, NewSession(common::StrCat("client-", round, "-", n, "-", k))));
      }
      bool refused = false;
      for (const std::uint64_t proposal : proposals) {
        const auto outcome = proposer_->Await(proposal);
        refused = refused || !outcome.ok();
        if (outcome.ok()) told_[std::string((*outcome)->client_id())] = *outcome;
      }
      if (refused) return;
    }
    FAIL() << "the disk never failed";
  }

  std::map<std::string, core::RecordPtr> told_;
};

TEST_P(SqliteCrash, NothingToldIsLostAndRevisionsOnlyGrow) {
  std::uint64_t last = 0;
  for (int round = 1; round <= 80; ++round) {
    Open();
    ASSERT_GE(contents_.revision, last) << "round " << round;
    disk_.TearAt(static_cast<std::uint64_t>(round));
    RegisterUntilRefused(round);
    for (const storage::Committed& change : proposer_->told()) {
      ASSERT_GT(change.after->revision, last);
      last = change.after->revision;
    }
    Kill();
    Open();
    std::map<std::string, core::RecordPtr> loaded;
    for (const core::RecordPtr& record : contents_.records) loaded[std::string(record->client_id())] = record;
    for (const auto& [id, record] : told_) {
      ASSERT_TRUE(loaded.contains(id)) << id << " in round " << round;
      ASSERT_EQ(Difference(*record, *loaded.at(id)), "");
    }
    ASSERT_TRUE(log().empty() || log().back().find("DAMAGED") == std::string::npos) << log().back();
    Kill();
  }
  EXPECT_GT(told_.size(), 200u);
}

INSTANTIATE_TEST_SUITE_P(Fsync, SqliteCrash, ::testing::Bool(), [](const auto& fsync) {
  return std::string(fsync.param ? "Always" : "Background");
});

}  // namespace
}  // namespace liveness::storage
