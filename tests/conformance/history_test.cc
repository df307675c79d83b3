// What every store promises of the past.
#include <algorithm>

#include "common/strings.h"
#include "tests/conformance/conformance.h"
#include "tests/support/registry/same_record.h"

namespace liveness::conformance {
namespace {

using core::State;
using storage::HistoryQuery;
using testing::Comparing;
using testing::Difference;

class HistoryConformance : public StoreConformance {
 protected:
  // Ten clients that join one second apart, then fall under suspicion in the same order.
  void SetUp() override {
    opened_ = Open();
    ASSERT_NE(opened_, nullptr);
    begin_ = clock_.Wall();
    std::vector<core::RecordPtr> records;
    for (int n = 0; n < 10; ++n) {
      records.push_back(Get(opened_->proposer.Join(common::StrCat("client-", n), clock_.Wall())));
      clock_.Advance(std::chrono::seconds(1));
    }
    for (const core::RecordPtr& record : records) {
      ASSERT_NE(Get(opened_->proposer.Move(record, State::kSuspect, clock_.Wall())), nullptr);
      clock_.Advance(std::chrono::seconds(1));
    }
    for (const storage::Committed& change : opened_->proposer.told())
      revisions_.push_back(change.after->revision);
    ASSERT_EQ(revisions_.size(), 20u);
  }

  storage::HistoryPart Read(const HistoryQuery& query) {
    auto part = opened_->store->ReadHistory(query);
    EXPECT_TRUE(part.ok()) << part.status();
    return part.ok() ? *std::move(part) : storage::HistoryPart{};
  }
  // Look by look, as whoever asks does.
  std::vector<std::uint64_t> Revisions(HistoryQuery query) {
    std::vector<std::uint64_t> revisions;
    while (true) {
      const auto part = Read(query);
      for (const core::TransitionPtr& transition : part.transitions) {
        revisions.push_back(transition->revision());
      }
      if (!part.stopped_at || part.transitions.size() >= query.limit) return revisions;
      query.limit -= part.transitions.size();
      (query.newest_first ? query.before : query.after) = *part.stopped_at;
      query.search = part.search;
    }
  }
  std::vector<std::uint64_t> Told(std::size_t from, std::size_t to) const {
    return {revisions_.begin() + static_cast<std::ptrdiff_t>(from),
            revisions_.begin() + static_cast<std::ptrdiff_t>(to)};
  }
  static std::vector<std::uint64_t> Reversed(std::vector<std::uint64_t> revisions) {
    return {revisions.rbegin(), revisions.rend()};
  }

  std::unique_ptr<Opened> opened_;
  common::WallTime begin_;
  std::vector<std::uint64_t> revisions_;
};

TEST_P(HistoryConformance, KeepsWhatWasTold) {
  const auto told = opened_->proposer.told();
  const auto transitions = Read({}).transitions;
  ASSERT_EQ(transitions.size(), told.size());
  for (std::size_t n = 0; n < told.size(); ++n) {
    EXPECT_EQ(Difference(*told[n].after, *transitions[n]->after), "");
    EXPECT_EQ(told[n].time, transitions[n]->time);
  }
}

TEST_P(HistoryConformance, ChainsTheChangesOfAClient) {
  HistoryQuery query;
  query.client_id = "client-3";
  const auto transitions = Read(query).transitions;
  ASSERT_EQ(transitions.size(), 2u);
  EXPECT_EQ(transitions[0]->before, nullptr);
  ASSERT_NE(transitions[1]->before, nullptr);
  EXPECT_EQ(Difference(*transitions[1]->before, *transitions[0]->after, Comparing::kAllButEvidence), "");
}

TEST_P(HistoryConformance, ReadsForwardAndBackwardBetweenRevisions) {
  HistoryQuery query;
  EXPECT_EQ(Revisions(query), Told(0, 20));
  query.after = revisions_[4];
  EXPECT_EQ(Revisions(query), Told(5, 20));
  query.before = revisions_[9];
  EXPECT_EQ(Revisions(query), Told(5, 9));
  query.newest_first = true;
  EXPECT_EQ(Revisions(query), Reversed(Told(5, 9)));
  query.limit = 2;
  EXPECT_EQ(Revisions(query), Reversed(Told(7, 9)));
  query.newest_first = false;
  EXPECT_EQ(Revisions(query), Told(5, 7));
  query.after = revisions_.back();
  query.before = HistoryQuery().before;
  EXPECT_TRUE(Revisions(query).empty());
}

TEST_P(HistoryConformance, PagesMeetWithoutOverlapOrHole) {
  std::vector<std::uint64_t> forward, backward;
  HistoryQuery query;
  query.limit = 3;
  for (auto page = Revisions(query); !page.empty(); page = Revisions(query)) {
    forward.insert(forward.end(), page.begin(), page.end());
    query.after = page.back();
  }
  EXPECT_EQ(forward, revisions_);
  query = {};
  query.limit = 3;
  query.newest_first = true;
  for (auto page = Revisions(query); !page.empty(); page = Revisions(query)) {
    backward.insert(backward.end(), page.begin(), page.end());
    query.before = page.back();
  }
  EXPECT_EQ(backward, Reversed(revisions_));
}

TEST_P(HistoryConformance, ReadsOneClientAlone) {
  HistoryQuery query;
  query.client_id = "client-3";
  EXPECT_EQ(Revisions(query), (std::vector<std::uint64_t>{revisions_[3], revisions_[13]}));
  query.newest_first = true;
  EXPECT_EQ(Revisions(query), (std::vector<std::uint64_t>{revisions_[13], revisions_[3]}));
  query.before = revisions_[13];
  EXPECT_EQ(Revisions(query), (std::vector<std::uint64_t>{revisions_[3]}));
  query.client_id = "client";
  EXPECT_TRUE(Revisions(query).empty());
}

TEST_P(HistoryConformance, ReadsATimeRange) {
  HistoryQuery query;
  query.from = begin_ + std::chrono::seconds(5);
  EXPECT_EQ(Revisions(query), Told(5, 20)) << "not before";
  query.until = begin_ + std::chrono::seconds(8);
  EXPECT_EQ(Revisions(query), Told(5, 8)) << "before";
  query.newest_first = true;
  query.limit = 1;
  EXPECT_EQ(Revisions(query), Told(7, 8));
  query = {};
  query.until = begin_;
  EXPECT_TRUE(Revisions(query).empty());
  query = {};
  query.client_id = "client-3";
  query.from = begin_ + std::chrono::seconds(4);
  EXPECT_EQ(Revisions(query), Told(13, 14));
}

TEST_P(HistoryConformance, PagesOfATimeRangeMeetWithoutOverlapOrHole) {
  // From its middle, to its middle, both, and more than there is: whatever stands in the way at either end.
  for (const auto& [from, until] : {std::pair(5, 100), std::pair(-100, 17), std::pair(2, 18),
                                    std::pair(19, 20), std::pair(-5, 100), std::pair(7, 7)}) {
    const std::size_t first = static_cast<std::size_t>(std::clamp(from, 0, 20)),
                      last = static_cast<std::size_t>(std::clamp(until, 0, 20));
    for (const std::size_t limit : {1, 2, 3}) {
      for (const bool newest_first : {false, true}) {
        HistoryQuery query;
        query.from = begin_ + std::chrono::seconds(from);
        query.until = begin_ + std::chrono::seconds(until);
        query.limit = limit;
        query.newest_first = newest_first;
        std::vector<std::uint64_t> all;
        for (auto page = Revisions(query); !page.empty(); page = Revisions(query)) {
          all.insert(all.end(), page.begin(), page.end());
          (newest_first ? query.before : query.after) = page.back();
        }
        EXPECT_EQ(all, newest_first ? Reversed(Told(first, last)) : Told(first, last))
            << from << " to " << until << ", " << limit << " at a time";
      }
    }
  }
}

TEST_P(HistoryConformance, ATimeRangeOfOneClientIsThatOfOneClient) {
  HistoryQuery query;
  query.client_id = "client-3";
  query.from = begin_ + std::chrono::seconds(3);
  query.until = begin_ + std::chrono::seconds(13);
  EXPECT_EQ(Revisions(query), Told(3, 4)) << "its second falls at the end, which is left out";
  query.until = *query.until + std::chrono::nanoseconds(1);
  query.limit = 1;
  query.newest_first = true;
  EXPECT_EQ(Revisions(query), Told(13, 14));
  query.before = revisions_[13];
  EXPECT_EQ(Revisions(query), Told(3, 4));
  query.after = revisions_[3];
  EXPECT_TRUE(Revisions(query).empty());
}

TEST_P(HistoryConformance, AClockSetBackHidesNothing) {
  // One more joins, dated as if it had been among the first ten.
  const auto late = Get(opened_->proposer.Join("late", begin_ + std::chrono::seconds(5)));
  for (int n = 0; n < 5; ++n) Get(opened_->proposer.Join(common::StrCat("later-", n), clock_.Wall()));
  HistoryQuery query;
  query.from = begin_ + std::chrono::seconds(4);
  query.until = begin_ + std::chrono::seconds(6);
  for (const std::size_t limit : {1, 100}) {
    query.limit = limit;
    query.newest_first = true;
    EXPECT_EQ(Revisions(query).front(), late->revision);
    query.newest_first = false;
    EXPECT_EQ(Revisions(query).front(), revisions_[4]);
  }
  EXPECT_EQ(Revisions(query), (std::vector<std::uint64_t>{revisions_[4], revisions_[5], late->revision}));
}

TEST_P(HistoryConformance, HasNoGapAndNothingDropped) {
  const auto part = Read({});
  EXPECT_TRUE(part.gaps.empty());
  EXPECT_LT(part.compacted, revisions_.front());
}

TEST_P(HistoryConformance, IsTheSameAfterReopening) {
  if (!GetParam().durable) return;
  opened_->store->Stop();
  opened_.reset();
  opened_ = Open();
  EXPECT_EQ(Revisions({}), Told(0, 20));
  HistoryQuery query;
  query.after = revisions_.back();
  EXPECT_TRUE(Read(query).gaps.empty()) << "who has seen all has lost nothing";
  ASSERT_NE(Get(opened_->proposer.Join("client-10", clock_.Wall())), nullptr);
  EXPECT_EQ(Read(query).transitions.size(), 1u);
  EXPECT_TRUE(Read(query).gaps.empty());
}

TEST_P(HistoryConformance, KeepsTheLastOfAForgottenClient) {
  const core::RecordPtr last = opened_->proposer.Records().at("client-3");
  ASSERT_NE(Get(opened_->proposer.Move(last, State::kForgotten)), nullptr);
  HistoryQuery query;
  query.client_id = "client-3";
  query.newest_first = true;
  query.limit = 1;
  const auto transitions = Read(query).transitions;
  ASSERT_EQ(transitions.size(), 1u);
  EXPECT_EQ(transitions[0]->after->state, State::kForgotten);
  EXPECT_EQ(transitions[0]->before->state, State::kSuspect);
}

INSTANTIATE_TEST_SUITE_P(Stores, HistoryConformance, ::testing::ValuesIn(Only(&Backend::has_history)),
                         [](const auto& backend) { return std::string(backend.param.name); });

}  // namespace
}  // namespace liveness::conformance
