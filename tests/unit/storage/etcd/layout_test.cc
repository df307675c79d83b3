#include "server/storage/etcd/layout.h"

#include <gtest/gtest.h>

#include "tests/support/registry/same_record.h"
#include "tests/support/stores/store_proposer.h"

namespace liveness::storage::etcd {
namespace {

using Kind = Layout::Kind;

const History kHistory{"0123456789abcdef", 1'700'000'000'000'000};

TEST(Layout, KnowsItsKeysAgain) {
  const Layout layout("/liveness/");
  EXPECT_EQ(layout.Parse(layout.Client("a/b c")).kind, Kind::kClient);
  EXPECT_EQ(layout.Parse(layout.Client("a/b c")).id, "a/b c");
  EXPECT_EQ(layout.Parse(layout.Server("host-1")).kind, Kind::kServer);
  EXPECT_EQ(layout.Parse(layout.Server("host-1")).id, "host-1");
  EXPECT_EQ(layout.Parse(layout.Forgotten(63)).kind, Kind::kForgotten);
  EXPECT_EQ(layout.Parse(layout.History()).kind, Kind::kHistory);
  EXPECT_EQ(layout.Parse(layout.Marker()).kind, Kind::kOther);
  EXPECT_EQ(layout.Parse(layout.TokenKey()).kind, Kind::kOther);
  EXPECT_EQ(layout.Parse("/another/clients/a").kind, Kind::kOther);
  EXPECT_EQ(layout.Parse("/liveness/clientsx").kind, Kind::kOther);
}

TEST(Layout, ItsRangeHoldsAllOfItsKeysAndNoOthers) {
  const Layout layout("/liveness/");
  for (const std::string& key : {layout.Client("\xff\xff"), layout.History(), layout.Server("z")}) {
    EXPECT_GE(key, layout.begin());
    EXPECT_LT(key, layout.end());
  }
  EXPECT_LT("/liveness", layout.begin());
  EXPECT_GE("/liveness0", layout.end());
  EXPECT_EQ(Layout::PastAll("a\xff"), "b");
  EXPECT_EQ(Layout::PastAll("\xff"), std::string(1, '\0'));
}

TEST(Layout, HistoryAndKeySurviveAndNonsenseDoesNot) {
  EXPECT_EQ(DecodeHistory(EncodeHistory(kHistory)), kHistory);
  for (const char* bad : {"", "0123456789abcdef", "0123456789abcdef ", "0123456789abcdef x", "short 17"}) {
    EXPECT_EQ(DecodeHistory(bad), std::nullopt) << bad;
  }
  TokenKey key;
  for (std::size_t n = 0; n < key.size(); ++n) key[n] = static_cast<std::uint8_t>(n * 37);
  EXPECT_EQ(DecodeTokenKey(EncodeTokenKey(key)), key);
  EXPECT_EQ(DecodeTokenKey(EncodeTokenKey(key).substr(2)), std::nullopt);
  EXPECT_EQ(DecodeTokenKey(std::string(64, 'g')), std::nullopt);
}

TEST(Layout, RevisionsAreEtcdsBeyondTheBase) {
  EXPECT_EQ(kHistory.Told(42), kHistory.base + 42);
  EXPECT_EQ(kHistory.Etcds(kHistory.base + 42), 42);
  EXPECT_EQ(kHistory.Etcds(42), 0) << "of another history: no key has it";
}

TEST(Layout, AChangeIsItsRecordStampedWithItsOwnWrite) {
  core::ClientRecord record = testing::NewSession("web-1");
  const Proposal proposal{7, nullptr, std::make_shared<const core::ClientRecord>(record),
                          core::WallTime(std::chrono::seconds(9))};
  const auto change = DecodeChange(EncodeChange(proposal, 0xfeedULL, kHistory));
  ASSERT_TRUE(change);
  EXPECT_EQ(change->writer, 0xfeedULL);
  EXPECT_EQ(change->proposal, 7u);
  EXPECT_EQ(change->time, proposal.time);
  ServerIdPool ids;
  const auto read = RecordOf(*change, kHistory, 42, ids);
  ASSERT_TRUE(read.ok()) << read.status();
  record.revision = record.incarnation = kHistory.Told(42);
  EXPECT_EQ(testing::Difference(**read, record), "");
}

TEST(Layout, ASessionOfAnEarlierHistoryHasAnIncarnationAboveAllOfThat) {
  const Proposal proposal{
      7, nullptr, std::make_shared<const core::ClientRecord>(testing::NewSession("web-1")), {}};
  const auto change = DecodeChange(EncodeChange(proposal, 1, kHistory));
  ServerIdPool ids;
  const History later{"fedcba9876543210", kHistory.base + 1'000'000};
  const auto read = RecordOf(*change, later, 42, ids);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ((*read)->incarnation, later.base);
  EXPECT_EQ((*read)->revision, later.Told(42));
  // Written again in the later one it keeps that.
  core::RecordPtr known = *read;
  const auto again = DecodeChange(EncodeChange({8, known, known, {}}, 1, later));
  EXPECT_EQ((*RecordOf(*again, later, 50, ids))->incarnation, later.base);
}

TEST(Layout, NonsenseIsNoChange) {
  EXPECT_FALSE(DecodeChange("nonsense"));
  ServerIdPool ids;
  EXPECT_FALSE(RecordOf(*DecodeChange(""), kHistory, 42, ids).ok());
}

}  // namespace
}  // namespace liveness::storage::etcd
