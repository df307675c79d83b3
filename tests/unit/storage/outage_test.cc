#include "server/storage/outage.h"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "tests/support/stores/store_proposer.h"

namespace liveness::storage {
namespace {

using std::chrono::milliseconds;

core::RecordPtr Record(const std::string& client_id, std::uint64_t revision) {
  core::ClientRecord record = testing::NewSession(client_id);
  record.revision = revision;
  return std::make_shared<const core::ClientRecord>(std::move(record));
}

TEST(Outage, BeginsWithAFailureAndEndsWhenAllIsWritten) {
  Outage outage;
  EXPECT_FALSE(outage.active());
  outage.Failed(7, common::MonoTime(milliseconds(50)));
  EXPECT_TRUE(outage.active());
  EXPECT_EQ(outage.gap().after, 7u);
  EXPECT_EQ(outage.gap().until, 7u) << "nothing was told yet";
  EXPECT_TRUE(outage.Some(10).empty());
  EXPECT_TRUE(outage.Wrote({}));
  EXPECT_FALSE(outage.active());
}

TEST(Outage, KeepsTheLatestRecordOfEachClientAndTheWholeRange) {
  Outage outage;
  outage.Failed(7, {});
  outage.Told(Record("a", 8));
  outage.Told(Record("b", 9));
  outage.Failed(9, {});
  outage.Told(Record("a", 12));
  ASSERT_EQ(outage.Some(10).size(), 2u);
  for (const core::RecordPtr& record : outage.Some(10)) {
    EXPECT_EQ(record->revision, record->client_id() == "a" ? 12u : 9u);
  }
  EXPECT_EQ(outage.gap().after, 7u);
  EXPECT_EQ(outage.gap().until, 12u);
}

TEST(Outage, IsWrittenInPartsWhileMoreIsTold) {
  Outage outage;
  outage.Failed(0, {});
  std::uint64_t revision = 0;
  for (int n = 0; n < 10; ++n) outage.Told(Record("c" + std::to_string(n), ++revision));
  const std::vector<core::RecordPtr> first = outage.Some(4);
  ASSERT_EQ(first.size(), 4u);
  EXPECT_FALSE(outage.Wrote(first));
  EXPECT_TRUE(outage.active()) << "until nothing is left";
  outage.Told(Record(std::string(first[0]->client_id()), ++revision));
  EXPECT_EQ(outage.gap().until, revision);
  std::map<std::string, std::uint64_t> written;
  for (bool over = false; !over;) {
    const std::vector<core::RecordPtr> some = outage.Some(4);
    ASSERT_LE(some.size(), 4u);
    ASSERT_FALSE(some.empty());
    for (const core::RecordPtr& record : some) written[std::string(record->client_id())] = record->revision;
    over = outage.Wrote(some);
  }
  EXPECT_EQ(written.size(), 7u) << "six that were left, and one that changed again";
  EXPECT_EQ(written[std::string(first[0]->client_id())], revision);
  EXPECT_EQ(outage.written(), 11u);
  outage.Failed(revision, {});
  EXPECT_EQ(outage.written(), 0u) << "the next begins anew";
  EXPECT_EQ(outage.gap().after, revision);
}

TEST(Outage, TriesAgainEverMoreSlowlyUpToASecond) {
  Outage outage;
  common::MonoTime now(milliseconds(1000));
  std::vector<common::Duration> pauses;
  for (int n = 0; n < 6; ++n) {
    outage.Failed(1, now);
    pauses.push_back(outage.retry_at() - now);
    now = outage.retry_at();
  }
  EXPECT_EQ(pauses,
            (std::vector<common::Duration>{milliseconds(100), milliseconds(200), milliseconds(400),
                                           milliseconds(800), milliseconds(1000), milliseconds(1000)}));
  EXPECT_TRUE(outage.Wrote({}));
  outage.Failed(1, now);
  EXPECT_EQ(outage.retry_at() - now, milliseconds(100)) << "the next outage begins anew";
}

}  // namespace
}  // namespace liveness::storage
