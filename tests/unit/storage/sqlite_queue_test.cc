// Far more waits for the writer than one transaction takes.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "tests/unit/storage/sqlite_fixture.h"

namespace liveness::storage {
namespace {

class SqliteQueue : public SqliteFixture {
 protected:
  static constexpr int kMany = 20'000;  // about five transactions

  std::vector<std::uint64_t> ProposeAll() {
    std::vector<std::uint64_t> ids;
    for (int i = 0; i < kMany; ++i) {
      ids.push_back(proposer_->Propose(nullptr, testing::NewSession("c" + std::to_string(i))));
    }
    return ids;
  }
};

TEST_F(SqliteQueue, IsCommittedInTheOrderOfItsComing) {
  Open();
  const std::vector<std::uint64_t> ids = ProposeAll();
  std::uint64_t last = 0;
  for (const std::uint64_t id : ids) {
    const auto outcome = proposer_->Await(id);
    ASSERT_TRUE(outcome.ok()) << outcome.status();
    ASSERT_GT((*outcome)->revision, last);
    last = (*outcome)->revision;
  }
  EXPECT_EQ(proposer_->disorder(), "");
  Open();
  EXPECT_EQ(contents_.records.size(), static_cast<std::size_t>(kMany));
}

TEST_F(SqliteQueue, IsCommittedWhenTheStoreStops) {
  Open();
  const std::vector<std::uint64_t> ids = ProposeAll();
  Close();
  for (const std::uint64_t id : ids) ASSERT_TRUE(proposer_->Known(id));
}

// What waits for revisions in an outage is kept in parts too, and nothing of it is lost.
TEST_F(SqliteQueue, WhatWaitedForAnOutageToEndIsCommitted) {
  options_.revision_block = 100;
  options_.fsync_always = true;
  Open();
  std::vector<core::RecordPtr> clients;
  for (const std::uint64_t id : ProposeAll()) clients.push_back(*proposer_->Await(id));
  disk_.FailFrom(1, SQLITE_FULL);
  std::vector<std::uint64_t> ids;
  for (const core::RecordPtr& client : clients) {
    core::ClientRecord after = *client;
    after.state = core::State::kSuspect;
    ids.push_back(proposer_->Propose(client, std::move(after)));
  }
  (void)proposer_->Await(ids.front());  // told under a revision that was reserved
  disk_.Heal();
  clock_.Advance(std::chrono::seconds(2));
  for (const std::uint64_t id : ids) ASSERT_TRUE(proposer_->Await(id).ok());
  EXPECT_EQ(proposer_->disorder(), "");
  Open();
  EXPECT_EQ(contents_.records.size(), static_cast<std::size_t>(kMany));
  EXPECT_TRUE(std::all_of(contents_.records.begin(), contents_.records.end(),
                          [](const auto& record) { return record->state == core::State::kSuspect; }));
}

}  // namespace
}  // namespace liveness::storage
