// Other tests lean on it.
#include "tests/support/stores/faulty_store.h"

#include <gtest/gtest.h>

#include "server/storage/memory_store.h"
#include "tests/support/manual_clock.h"
#include "tests/support/stores/store_proposer.h"

namespace liveness::storage {
namespace {

using testing::FaultyStore;
using testing::NewSession;

class FaultyStoreTest : public ::testing::Test {
 protected:
  FaultyStoreTest() { proposer_.Use(store_); }
  std::uint64_t Propose(const std::string& id) { return proposer_.Propose(nullptr, NewSession(id)); }

  testing::ManualClock clock_;
  MemoryStore inner_{clock_};
  FaultyStore store_{inner_};
  testing::StoreProposer proposer_;
};

TEST_F(FaultyStoreTest, WithoutAPlanAllPasses) {
  EXPECT_TRUE(proposer_.Known(Propose("a")));
  EXPECT_EQ(store_.proposed(), 1u);
  EXPECT_EQ(store_.Deliver(), 0u);
}

TEST_F(FaultyStoreTest, HoldsTheOneUntilItIsDelivered) {
  store_.SetPlan(testing::HoldThe(2));
  const auto first = Propose("a"), second = Propose("b"), third = Propose("c");
  EXPECT_TRUE(proposer_.Known(first));
  EXPECT_FALSE(proposer_.Known(second));
  EXPECT_TRUE(proposer_.Known(third));
  EXPECT_EQ(store_.waiting(), 1u);
  EXPECT_EQ(store_.Deliver(), 1u);
  ASSERT_TRUE(proposer_.Known(second));
  EXPECT_GT((*proposer_.Await(second))->revision, (*proposer_.Await(third))->revision);
  EXPECT_EQ(proposer_.disorder(), "");
}

TEST_F(FaultyStoreTest, RefusesTheOneForTheReasonGiven) {
  store_.SetPlan(testing::RefuseThe(1, absl::UnavailableError("no")));
  const auto first = Propose("a"), second = Propose("b");
  EXPECT_FALSE(proposer_.Known(first)) << "never from within Propose";
  store_.Deliver();
  EXPECT_EQ(proposer_.Await(first).status(), absl::UnavailableError("no"));
  EXPECT_TRUE(proposer_.Await(second).ok());
  EXPECT_EQ(proposer_.Records().size(), 1u);
}

TEST_F(FaultyStoreTest, DeliversInOrderAsManyAsAreAsked) {
  store_.SetPlan(testing::HoldAll());
  const auto first = Propose("a"), second = Propose("b");
  EXPECT_EQ(store_.Deliver(1), 1u);
  EXPECT_TRUE(proposer_.Known(first));
  EXPECT_FALSE(proposer_.Known(second));
  EXPECT_EQ(store_.Deliver(), 1u);
  EXPECT_TRUE(proposer_.Known(second));
}

TEST_F(FaultyStoreTest, IsAsIllAsItIsTold) {
  EXPECT_TRUE(store_.health().ok());
  store_.SetHealth(absl::UnavailableError("the disk is full"));
  EXPECT_EQ(store_.health(), absl::UnavailableError("the disk is full"));
}

}  // namespace
}  // namespace liveness::storage
