// What every store promises of the changes that are proposed to it.
#include <set>
#include <thread>

#include "common/strings.h"
#include "tests/conformance/conformance.h"
#include "tests/support/registry/same_record.h"

namespace liveness::conformance {
namespace {

using core::State;
using testing::Difference;
using testing::NewSession;

TEST_P(StoreConformance, SaysWhatItIs) {
  const auto opened = Open();
  ASSERT_NE(opened, nullptr);
  EXPECT_EQ(opened->store->kind(), GetParam().kind);
  EXPECT_EQ(opened->store->shared(), GetParam().shared);
  EXPECT_EQ(opened->store->history_id().size(), 16u);
  EXPECT_EQ(opened->store->history_id().find_first_not_of("0123456789abcdef"), std::string::npos);
  EXPECT_NE(opened->store->token_key(), storage::TokenKey{});
  EXPECT_TRUE(opened->store->health().ok()) << opened->store->health();
  EXPECT_TRUE(opened->contents.records.empty());
}

TEST_P(StoreConformance, TwoStoresShareNothing) {
  const auto one = Open();
  const std::unique_ptr<Home> elsewhere = GetParam().make();
  auto other = elsewhere->Open(clock_);
  ASSERT_TRUE(other.ok()) << other.status();
  EXPECT_NE(one->store->history_id(), (*other)->history_id());
  EXPECT_NE(one->store->token_key(), (*other)->token_key());
}

TEST_P(StoreConformance, ACommittedRecordIsTheProposedOneStamped) {
  const auto opened = Open();
  core::ClientRecord proposed = NewSession("web-1", clock_.Wall());
  proposed.attachment = 3;
  proposed.cause = core::Cause::kNotReturned;
  const core::RecordPtr joined = Get(opened->proposer.Change(nullptr, proposed, clock_.Wall()));
  ASSERT_NE(joined, nullptr);
  EXPECT_GT(joined->revision, opened->contents.revision);
  EXPECT_EQ(joined->incarnation, joined->revision) << "a session is named by the revision that began it";
  proposed.revision = joined->revision;
  proposed.incarnation = joined->incarnation;
  EXPECT_EQ(Difference(*joined, proposed), "");
  ASSERT_EQ(opened->proposer.told().size(), 1u);
  EXPECT_EQ(opened->proposer.told()[0].time, clock_.Wall());
}

TEST_P(StoreConformance, ASessionKeepsItsIncarnationAndTheNextHasAGreaterOne) {
  const auto opened = Open();
  const core::RecordPtr joined = Get(opened->proposer.Join("web-1"));
  const core::RecordPtr suspect = Get(opened->proposer.Move(joined, State::kSuspect));
  ASSERT_NE(suspect, nullptr);
  EXPECT_EQ(suspect->incarnation, joined->incarnation);
  EXPECT_GT(suspect->revision, joined->revision);
  const core::RecordPtr again = Get(opened->proposer.Change(suspect, NewSession("web-1")));
  ASSERT_NE(again, nullptr);
  EXPECT_GT(again->incarnation, joined->incarnation);
}

TEST_P(StoreConformance, TellsEachChangeOnceInRevisionOrder) {
  const auto opened = Open();
  testing::StoreProposer& proposer = opened->proposer;
  constexpr int kClients = 40, kRounds = 5;
  std::vector<core::RecordPtr> records(kClients);
  for (int round = 0; round < kRounds; ++round) {
    std::vector<std::uint64_t> proposals;
    for (int n = 0; n < kClients; ++n) {
      core::ClientRecord after = NewSession(common::StrCat("client-", n));
      if (records[n] != nullptr) after = *records[n];
      after.state = round % 2 == 0 ? State::kAlive : State::kSuspect;
      proposals.push_back(proposer.Propose(records[n], after));
    }
    for (int n = 0; n < kClients; ++n) records[n] = Get(proposer.Await(proposals[n]));
  }
  opened->store->Stop();
  EXPECT_EQ(proposer.disorder(), "");
  std::set<std::uint64_t> proposals;
  for (const storage::Committed& change : proposer.told()) proposals.insert(change.proposal);
  EXPECT_EQ(proposer.told().size(), static_cast<std::size_t>(kClients * kRounds));
  EXPECT_EQ(proposals.size(), proposer.told().size()) << "each of ours is told as ours";
}

TEST_P(StoreConformance, AStormFromManyThreadsLosesNothing) {
  constexpr int kThreads = 4, kClients = 50, kRounds = 6;
  auto opened = Open();
  testing::StoreProposer& proposer = opened->proposer;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&proposer, thread] {
      std::vector<core::RecordPtr> records(kClients);
      for (int round = 0; round < kRounds; ++round) {
        std::vector<std::uint64_t> proposals;
        for (int n = 0; n < kClients; ++n) {
          core::ClientRecord after = NewSession(common::StrCat("client-", thread, "-", n));
          if (records[n] != nullptr && round != 3) after = *records[n];
          after.attachment = static_cast<std::uint64_t>(round);
          proposals.push_back(proposer.Propose(records[n], after));
        }
        for (int n = 0; n < kClients; ++n) records[n] = Get(proposer.Await(proposals[n]));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  opened->store->Stop();
  EXPECT_EQ(proposer.disorder(), "");
  EXPECT_EQ(proposer.told().size(), static_cast<std::size_t>(kThreads * kClients * kRounds));

  const auto records = proposer.Records();
  ASSERT_EQ(records.size(), static_cast<std::size_t>(kThreads * kClients));
  if (!GetParam().durable) return;
  opened = Open();
  const auto loaded = opened->Loaded();
  ASSERT_EQ(loaded.size(), records.size());
  for (const auto& [id, record] : records) {
    ASSERT_TRUE(loaded.contains(id));
    ASSERT_EQ(Difference(*record, *loaded.at(id)), "") << id;
  }
}

TEST_P(StoreConformance, StopCommitsWhatWasProposedAndThenIsSilent) {
  auto opened = Open();
  std::vector<std::uint64_t> proposals;
  for (int n = 0; n < 500; ++n) {
    proposals.push_back(opened->proposer.Propose(nullptr, NewSession(common::StrCat("client-", n))));
  }
  opened->store->Stop();
  const std::size_t told = opened->proposer.told().size();
  EXPECT_EQ(told, proposals.size());
  opened->store->Propose(
      {1'000'000, nullptr, std::make_shared<const core::ClientRecord>(NewSession("late")), {}});
  opened->store->Stop();
  EXPECT_EQ(opened->proposer.told().size(), told);
  EXPECT_EQ(opened->proposer.disorder(), "");
  if (!GetParam().durable) return;
  EXPECT_EQ(Open()->contents.records.size(), proposals.size());
}

TEST_P(StoreConformance, MayBeStoppedWithoutEverHavingStarted) {
  clock_.Advance(std::chrono::seconds(1));
  auto store = home_->Open(clock_);
  ASSERT_TRUE(store.ok()) << store.status();
  ASSERT_TRUE((*store)->Load().ok());
  (*store)->Stop();
  store->reset();
  EXPECT_NE(Open(), nullptr);
}

}  // namespace
}  // namespace liveness::conformance
