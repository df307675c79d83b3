#include "server/storage/etcd/proposal_queue.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/strings.h"
#include "tests/support/stores/store_proposer.h"

namespace liveness::storage::etcd {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

common::MonoTime At(int seconds) { return common::MonoTime(std::chrono::seconds(seconds)); }

class ProposalQueueTest : public ::testing::Test {
 protected:
  // A registration, or a change of a session that exists.
  void Add(std::uint64_t id, int at, bool begins = true) {
    core::ClientRecord after = testing::NewSession(common::StrCat("client-", id));
    after.incarnation = begins ? 0 : 17;
    queue_.Add({id, nullptr, std::make_shared<const core::ClientRecord>(after), {}}, At(at));
  }
  std::vector<std::uint64_t> Take(std::size_t changes = 100, std::size_t bytes = 1'000'000) {
    std::vector<std::uint64_t> ids;
    for (const auto* entry : queue_.TakeBatch(changes, bytes, [this](const auto&) {
           ++encoded_;
           return std::string(100, 'x');
         })) {
      ids.push_back(entry->proposal.id);
    }
    return ids;
  }

  ProposalQueue queue_;
  int encoded_ = 0;
};

TEST_F(ProposalQueueTest, TheLongestWaitingGoFirst) {
  for (const std::uint64_t id : {9, 3, 5}) Add(id, 1);
  EXPECT_THAT(Take(2), ElementsAre(9, 3));
  EXPECT_THAT(Take(), ElementsAre(5));
  EXPECT_THAT(Take(), IsEmpty());
  EXPECT_FALSE(queue_.any_waiting());
  EXPECT_EQ(queue_.size(), 3u);
}

TEST_F(ProposalQueueTest, ABatchEndsOnceItIsLarge) {
  for (const std::uint64_t id : {1, 2, 3}) Add(id, 1);
  EXPECT_THAT(Take(100, 150), ElementsAre(1, 2));
  EXPECT_THAT(Take(100, 1), ElementsAre(3)) << "one always goes";
}

TEST_F(ProposalQueueTest, WhatIsReturnedWaitsAtItsOldPlaceAndIsNotMadeAgain) {
  for (const std::uint64_t id : {1, 2, 3}) Add(id, 1);
  Take(1);
  queue_.Return(*queue_.Find(1), true);
  EXPECT_THAT(Take(), ElementsAre(1, 2, 3));
  EXPECT_EQ(encoded_, 3);
}

TEST_F(ProposalQueueTest, WhatIsPostponedWaitsBehindAllOthers) {
  for (const std::uint64_t id : {1, 2}) Add(id, 1);
  queue_.Postpone(*queue_.Find(1));
  EXPECT_THAT(Take(), ElementsAre(2, 1));
}

TEST_F(ProposalQueueTest, OnlyARegistrationThatEtcdHasNotTakenGoesStale) {
  Add(1, 1);
  Add(2, 2);
  Add(3, 1, false);
  EXPECT_THAT(queue_.StaleBegins(At(0)), IsEmpty());
  EXPECT_THAT(queue_.StaleBegins(At(1)), ElementsAre(1));
  EXPECT_THAT(queue_.StaleBegins(At(9)), ElementsAre(1, 2));
  Take();
  EXPECT_THAT(queue_.StaleBegins(At(9)), IsEmpty()) << "under way";
  queue_.Return(*queue_.Find(1), false);
  queue_.Return(*queue_.Find(2), true);
  EXPECT_THAT(queue_.StaleBegins(At(9)), ElementsAre(1)) << "2 may have been committed";
  Take();
  queue_.Return(*queue_.Find(2), false);
  EXPECT_THAT(queue_.StaleBegins(At(9)), IsEmpty()) << "by the first try, whatever came of the second";
}

TEST_F(ProposalQueueTest, WhatIsSettledWaitsForTheWatchAlone) {
  Add(1, 1);
  Take();
  EXPECT_EQ(queue_.oldest_settled(), std::nullopt);
  queue_.Settle(*queue_.Find(1), At(4));
  EXPECT_EQ(queue_.oldest_settled(), At(4));
  EXPECT_THAT(Take(), IsEmpty());
  queue_.Unsettle();
  EXPECT_EQ(queue_.oldest_settled(), std::nullopt);
  EXPECT_THAT(queue_.StaleBegins(At(9)), IsEmpty());
  EXPECT_THAT(Take(), ElementsAre(1));
}

TEST_F(ProposalQueueTest, IsFoundByItsClientUntilItIsRemoved) {
  Add(1, 1);
  ASSERT_NE(queue_.FindClient("client-1"), nullptr);
  EXPECT_EQ(queue_.FindClient("client-2"), nullptr);
  queue_.Remove(1);
  EXPECT_EQ(queue_.Find(1), nullptr);
  EXPECT_EQ(queue_.FindClient("client-1"), nullptr);
  EXPECT_TRUE(queue_.empty());
  EXPECT_FALSE(queue_.any_waiting());
  EXPECT_THAT(queue_.StaleBegins(At(9)), IsEmpty());
  queue_.Remove(1);  // no harm
}

}  // namespace
}  // namespace liveness::storage::etcd
