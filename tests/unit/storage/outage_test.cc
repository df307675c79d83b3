#include "server/storage/outage.h"

#include <gtest/gtest.h>

#include "tests/support/store_proposer.h"

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
  outage.Over();
  EXPECT_FALSE(outage.active());
  EXPECT_TRUE(outage.Latest().empty());
}

TEST(Outage, KeepsTheLatestRecordOfEachClientAndTheWholeRange) {
  Outage outage;
  outage.Failed(7, {});
  outage.Told(Record("a", 8));
  outage.Told(Record("b", 9));
  outage.Failed(9, {});
  outage.Told(Record("a", 12));
  ASSERT_EQ(outage.Latest().size(), 2u);
  for (const core::RecordPtr& record : outage.Latest()) {
    EXPECT_EQ(record->revision, record->client_id() == "a" ? 12u : 9u);
  }
  EXPECT_EQ(outage.gap().after, 7u);
  EXPECT_EQ(outage.gap().until, 12u);
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
  outage.Over();
  outage.Failed(1, now);
  EXPECT_EQ(outage.retry_at() - now, milliseconds(100)) << "the next outage begins anew";
}

}  // namespace
}  // namespace liveness::storage
