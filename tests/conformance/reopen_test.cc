// What every store promises of the time after it was stopped and opened again.
#include "common/strings.h"
#include "tests/conformance/conformance.h"
#include "tests/support/registry/random_record.h"
#include "tests/support/registry/same_record.h"

namespace liveness::conformance {
namespace {

using core::State;
using testing::Difference;
using testing::NewSession;

TEST_P(StoreConformance, RevisionsAndIncarnationsGrowOverEachOpening) {
  std::uint64_t last = 0;
  for (int opening = 0; opening < 4; ++opening) {
    const auto opened = Open();
    ASSERT_NE(opened, nullptr);
    EXPECT_GE(opened->contents.revision, last) << "all that was told is in what was loaded";
    core::RecordPtr known;
    const auto loaded = opened->Loaded();
    if (loaded.contains("web-1")) known = loaded.at("web-1");
    for (int n = 0; n < 100; ++n) {
      known = Get(opened->proposer.Change(known, NewSession("web-1")));
      ASSERT_NE(known, nullptr);
      ASSERT_GT(known->revision, last);
      ASSERT_GT(known->revision, opened->contents.revision);
      ASSERT_EQ(known->incarnation, known->revision);
      last = known->revision;
    }
    opened->store->Stop();
  }
}

TEST_P(StoreConformance, RecordsAreTheSameAfterReopening) {
  if (!GetParam().durable) return;
  testing::RandomRecord random(7);
  auto opened = Open();
  for (int n = 0; n < 200; ++n) {
    core::ClientRecord record = random.Next();
    if (record.state == State::kForgotten) record.state = State::kDead;
    core::ClientInfo info = record.info.Unpack();
    info.client_id = common::StrCat("client-", n);
    info.labels = {{"zone", "eu"}, {"tier", ""}};
    record.info = core::PackedInfo(info);
    record.incarnation = n % 2 == 0 ? 0 : 17;
    ASSERT_NE(Get(opened->proposer.Change(nullptr, record)), nullptr);
  }
  opened->store->Stop();
  const auto told = opened->proposer.Records();
  opened.reset();
  opened = Open();
  const auto loaded = opened->Loaded();
  ASSERT_EQ(loaded.size(), told.size());
  for (const auto& [id, record] : told) {
    ASSERT_TRUE(loaded.contains(id));
    ASSERT_EQ(Difference(*record, *loaded.at(id)), "") << id;
  }
}

// Of a store that gives out revisions itself: a kill between a fall and what it completes leaves both or
// none.
TEST_P(StoreConformance, WhatAChangeCompletesIsCommittedWithIt) {
  const auto group = [](const core::Transition& change) {
    return core::GroupEvents{{"host=db-7", 7, 12, change.revision(), change.time}};
  };
  int asked = 0;
  const auto open = [&] {
    auto opened = std::make_unique<Opened>();
    clock_.Advance(std::chrono::seconds(1));
    opened->store = *home_->Open(clock_);
    opened->contents = *opened->store->Load();
    opened->proposer.on_committing = [&](std::vector<core::Transition>& changes) {
      for (core::Transition& change : changes) {
        ++asked;
        if (change.after->state != State::kSuspect) continue;
        change.groups = std::make_shared<const core::GroupEvents>(group(change));
      }
    };
    opened->proposer.Use(*opened->store);
    return opened;
  };
  auto opened = open();
  const core::RecordPtr joined = Get(opened->proposer.Join("web-1", clock_.Wall()));
  const core::RecordPtr fallen = Get(opened->proposer.Move(joined, State::kSuspect, clock_.Wall()));
  ASSERT_NE(fallen, nullptr);
  const bool asks = GetParam().has_history && !GetParam().shared;
  EXPECT_EQ(asked, asks ? 2 : 0);
  opened->store->Stop();
  EXPECT_EQ(opened->proposer.disorder(), "");
  if (!asks || !GetParam().durable) return;
  opened = open();
  const auto part = opened->store->ReadHistory({});
  ASSERT_TRUE(part.ok()) << part.status();
  ASSERT_EQ(part->transitions.size(), 2u);
  EXPECT_EQ(part->transitions[0]->groups, nullptr);
  ASSERT_NE(part->transitions[1]->groups, nullptr);
  EXPECT_EQ(*part->transitions[1]->groups, group(*part->transitions[1]));
}

TEST_P(StoreConformance, AForgottenClientIsGone) {
  auto opened = Open();
  const core::RecordPtr left = Get(opened->proposer.Join("web-1"));
  ASSERT_NE(Get(opened->proposer.Join("web-2")), nullptr);
  core::ClientRecord gone = *left;
  gone.state = State::kForgotten;
  const core::RecordPtr forgotten = Get(opened->proposer.Change(left, gone));
  ASSERT_NE(forgotten, nullptr);
  EXPECT_EQ(forgotten->state, State::kForgotten);
  opened->store->Stop();
  if (!GetParam().durable) return;

  opened = Open();
  EXPECT_FALSE(opened->Loaded().contains("web-1"));
  EXPECT_TRUE(opened->Loaded().contains("web-2"));
  EXPECT_GE(opened->contents.revision, forgotten->revision);
  // It may come again, as somebody new.
  const core::RecordPtr again = Get(opened->proposer.Join("web-1"));
  ASSERT_NE(again, nullptr);
  EXPECT_GT(again->incarnation, left->incarnation);
}

TEST_P(StoreConformance, ItsHistoryAndItsKeyAreTheSameAfterReopening) {
  auto opened = Open();
  const std::string history_id = opened->store->history_id();
  const storage::TokenKey key = opened->store->token_key();
  opened->store->Stop();
  opened.reset();
  opened = Open();
  EXPECT_EQ(opened->store->history_id() == history_id, GetParam().durable);
  EXPECT_EQ(opened->store->token_key() == key, GetParam().durable);
}

}  // namespace
}  // namespace liveness::conformance
