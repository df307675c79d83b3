#include "server/storage/record_codec.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "liveness/storage/v1/record.pb.h"
#include "tests/support/registry/random_record.h"
#include "tests/support/registry/same_record.h"

namespace liveness::storage {
namespace {

using testing::Comparing;
using testing::Difference;
using testing::RandomRecord;

core::RecordPtr Share(core::ClientRecord record) {
  return std::make_shared<const core::ClientRecord>(std::move(record));
}

TEST(RecordCodec, LosesNothing) {
  RandomRecord random(1);
  ServerIdPool ids;
  for (int n = 0; n < 2000; ++n) {
    const core::ClientRecord record = random.Next();
    const auto decoded = DecodeRecord(EncodeRecord(record), ids);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    ASSERT_EQ(Difference(record, **decoded), "") << "record " << n;
  }
}

TEST(RecordCodec, LosesOnlyTheOlderEvidenceOfATransition) {
  RandomRecord random(2);
  ServerIdPool ids;
  for (int n = 0; n < 1000; ++n) {
    core::Transition transition{n % 3 == 0 ? nullptr : Share(random.Next()), Share(random.Next()),
                                core::WallTime(core::Duration(n))};
    const auto decoded = DecodeTransition(EncodeTransition(transition), ids);
    ASSERT_TRUE(decoded.ok()) << decoded.status();
    ASSERT_EQ(Difference(*transition.after, *(*decoded)->after), "");
    ASSERT_EQ(transition.time, (*decoded)->time);
    ASSERT_EQ((*decoded)->groups, nullptr);
    ASSERT_EQ(transition.before == nullptr, (*decoded)->before == nullptr);
    if (transition.before == nullptr) continue;
    ASSERT_EQ(Difference(*transition.before, *(*decoded)->before, Comparing::kAllButEvidence), "");
    ASSERT_EQ((*decoded)->before->evidence, nullptr);
  }
}

TEST(RecordCodec, AGroupEventIsPartOfItsTransition) {
  RandomRecord random(4);
  ServerIdPool ids;
  const core::WallTime time(core::Duration(17));
  core::Transition transition{Share(random.Next()), Share(random.Next()), time};
  const std::uint64_t revision = transition.revision();
  transition.groups = std::make_shared<const core::GroupEvents>(
      core::GroupEvents{{"host=db-7", 7, 12, revision, time}, {"everyone", 7, 13, revision, time}});
  const auto decoded = DecodeTransition(EncodeTransition(transition), ids);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  ASSERT_NE((*decoded)->groups, nullptr);
  EXPECT_EQ(*(*decoded)->groups, *transition.groups);
}

TEST(RecordCodec, OneSessionsInfoIsStoredAndHeldOnce) {
  core::ClientRecord record = RandomRecord(3).Next();
  record.evidence = nullptr;
  const core::RecordPtr before = Share(record);
  record.state = core::State::kLeft;
  const core::Transition transition{before, Share(record), {}};
  const std::string bytes = EncodeTransition(transition);
  const std::string id(record.client_id());
  EXPECT_NE(bytes.find(id), std::string::npos);
  EXPECT_EQ(bytes.find(id), bytes.rfind(id));
  ServerIdPool ids;
  const auto decoded = DecodeTransition(bytes, ids);
  ASSERT_TRUE(decoded.ok());
  EXPECT_TRUE((*decoded)->before->info.Is((*decoded)->after->info));
}

TEST(RecordCodec, ServerIdsAreShared) {
  RandomRecord random(4);
  ServerIdPool ids;
  core::ClientRecord one = random.Next(), other = random.Next();
  one.server_id = std::make_shared<const std::string>("host-1");
  other.server_id = std::make_shared<const std::string>("host-2");
  const auto a = DecodeRecord(EncodeRecord(one), ids);
  const auto b = DecodeRecord(EncodeRecord(other), ids);
  const auto c = DecodeRecord(EncodeRecord(one), ids);
  ASSERT_TRUE(a.ok() && b.ok() && c.ok());
  EXPECT_EQ((*a)->server_id, (*c)->server_id);
  EXPECT_NE((*a)->server_id, (*b)->server_id);
}

TEST(RecordCodec, UnknownFieldsOfANewerServerAreSkipped) {
  const core::ClientRecord record = RandomRecord(5).Next();
  ServerIdPool ids;
  // Field 2047, a varint; field 2046, a text.
  std::string bytes = EncodeRecord(record);
  bytes.append({'\xf8', '\x7f', '\x07'});
  bytes.append({'\xf2', '\x7f', '\x02', 'h', 'i'});
  const auto decoded = DecodeRecord(bytes, ids);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ(Difference(record, **decoded), "");
}

TEST(RecordCodec, UnknownValuesOfANewerServerBecomeUnknown) {
  v1::Record stored;
  stored.mutable_info()->set_client_id("web-1");
  stored.set_state(v1::STATE_DEAD);
  stored.set_health(static_cast<v1::Health>(77));
  stored.set_cause(static_cast<v1::Cause>(77));
  stored.mutable_evidence()->set_stream_end(static_cast<v1::StreamEnd>(-3));
  stored.mutable_evidence()->set_confidence(static_cast<v1::Confidence>(77));
  ServerIdPool ids;
  const auto decoded = DecodeRecord(stored.SerializeAsString(), ids);
  ASSERT_TRUE(decoded.ok()) << decoded.status();
  EXPECT_EQ((*decoded)->health, core::Health::kOk);
  EXPECT_EQ((*decoded)->cause, core::Cause::kUnknown);
  EXPECT_EQ((*decoded)->evidence->stream_end, core::StreamEnd::kNone);
  EXPECT_EQ((*decoded)->evidence->confidence, core::Confidence::kUnspecified);
}

TEST(RecordCodec, WhatIsNoRecordIsDataLoss) {
  ServerIdPool ids;
  const auto fails = [&](std::string_view bytes) {
    return DecodeRecord(bytes, ids).status().code() == absl::StatusCode::kDataLoss &&
           DecodeTransition(bytes, ids).status().code() == absl::StatusCode::kDataLoss;
  };
  EXPECT_TRUE(fails(""));
  EXPECT_TRUE(fails("\xff\xff\xff\xff"));

  v1::Record stored;
  stored.set_state(v1::STATE_ALIVE);
  EXPECT_TRUE(fails(stored.SerializeAsString())) << "without a client";
  stored.mutable_info()->set_client_id("web-1");
  stored.set_state(static_cast<v1::State>(77));
  EXPECT_TRUE(fails(stored.SerializeAsString())) << "in a state of the future";
}

TEST(RecordCodec, CutOrChangedBytesNeverHarm) {
  RandomRecord random(6);
  std::mt19937_64 dice(6);
  ServerIdPool ids;
  for (int n = 0; n < 500; ++n) {
    std::string bytes = EncodeTransition({Share(random.Next()), Share(random.Next()), {}});
    bytes.resize(dice() % (bytes.size() + 1));
    if (!bytes.empty()) bytes[dice() % bytes.size()] = static_cast<char>(dice());
    // Either outcome is right; nothing may be read that is not there (sanitizers see it).
    (void)DecodeTransition(bytes, ids);
    (void)DecodeRecord(bytes, ids);
  }
}

}  // namespace
}  // namespace liveness::storage
