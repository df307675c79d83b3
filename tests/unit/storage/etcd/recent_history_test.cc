// That it reads as every store does is shown by tests/conformance; here are its bound, and revisions that
// several changes share, which no other store has.
#include "server/storage/etcd/recent_history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/strings.h"
#include "tests/support/stores/store_proposer.h"

namespace liveness::storage::etcd {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

class PastTest : public ::testing::Test {
 protected:
  // So many changes under one revision.
  void Append(std::uint64_t revision, int changes) {
    std::vector<core::TransitionPtr> transitions;
    for (int n = 0; n < changes; ++n) {
      core::ClientRecord record = testing::NewSession(common::StrCat("client-", n));
      record.revision = revision;
      transitions.push_back(std::make_shared<const core::Transition>(
          core::Transition{nullptr, std::make_shared<const core::ClientRecord>(record), {}}));
    }
    recent_history_.Append(std::move(transitions));
  }
  std::vector<std::uint64_t> Read(const HistoryQuery& query) const {
    std::vector<std::uint64_t> revisions;
    for (const auto& transition : recent_history_.Read(query).transitions)
      revisions.push_back(transition->revision());
    return revisions;
  }

  RecentHistory recent_history_{10};
};

TEST_F(PastTest, ARevisionIsNeverSplit) {
  recent_history_.StartAfter(9);
  Append(10, 3);
  Append(11, 1);
  Append(12, 3);
  HistoryQuery query;
  query.limit = 1;
  EXPECT_THAT(Read(query), ElementsAre(10, 10, 10));
  query.limit = 4;
  EXPECT_THAT(Read(query), ElementsAre(10, 10, 10, 11));
  query.newest_first = true;
  query.limit = 2;
  EXPECT_THAT(Read(query), ElementsAre(12, 12, 12));
  query.client_id = "client-2";
  query.limit = 1;
  EXPECT_THAT(Read(query), ElementsAre(12));
  query.before = 12;
  EXPECT_THAT(Read(query), ElementsAre(10));
}

TEST_F(PastTest, TheOldestGoWholeRevisionsAtATime) {
  recent_history_.StartAfter(9);
  EXPECT_EQ(recent_history_.Read({}).compacted, 9u);
  Append(10, 4);
  Append(11, 4);
  EXPECT_EQ(recent_history_.Read({}).compacted, 9u);
  Append(12, 3);
  EXPECT_EQ(recent_history_.Read({}).compacted, 10u);
  EXPECT_THAT(Read({}), ElementsAre(11, 11, 11, 11, 12, 12, 12));
}

TEST_F(PastTest, AGapIsSaidToThoseItConcernsAndGoesWithItsTime) {
  recent_history_.StartAfter(9);
  Append(10, 1);
  recent_history_.AddGap(10, 20);
  Append(15, 1);
  Append(21, 1);
  HistoryQuery query;
  EXPECT_THAT(recent_history_.Read(query).gaps, ElementsAre(Pair(10, 20)));
  query.after = 19;
  EXPECT_THAT(recent_history_.Read(query).gaps, ElementsAre(Pair(10, 20)));
  query.after = 20;
  EXPECT_THAT(recent_history_.Read(query).gaps, IsEmpty());
  query = {};
  query.before = 10;
  EXPECT_THAT(recent_history_.Read(query).gaps, IsEmpty());
  Append(22, 9);
  Append(23, 9);
  EXPECT_THAT(recent_history_.Read({}).gaps, IsEmpty());
}

}  // namespace
}  // namespace liveness::storage::etcd
