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
