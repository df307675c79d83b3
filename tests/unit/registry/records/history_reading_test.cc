// History is read from memory and, beyond it, from the store: one list, whatever is asked.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>

#include "tests/support/registry/machine.h"

namespace liveness::registry {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using storage::HistoryQuery;
using testing::Machine;
using testing::Peer;

std::vector<std::uint64_t> Revisions(const std::vector<core::TransitionPtr>& transitions) {
  std::vector<std::uint64_t> revisions;
  for (const auto& each : transitions) revisions.push_back(each->revision());
  return revisions;
}

// 4 clients whose labels change in turn, half a second apart: 44 transitions, of which memory keeps 10.
class HistoryReading : public ::testing::Test {
 protected:
  HistoryReading() {
    begin_ = m_.clock.Wall();
    std::vector<Peer> peers;
    for (const char* id : {"a", "b", "c", "d"}) peers.push_back(m_.Welcomed(id));
    for (int n = 0; n < 40; ++n) {
      m_.Labels(peers[static_cast<std::size_t>(n) % 4], std::to_string(n));
      m_.store().CommitAll();
      m_.clock.Advance(milliseconds(500));
    }
  }
  // What the store was told, asked one by one.
  std::vector<std::uint64_t> Expected(const HistoryQuery& query) const {
    std::vector<std::uint64_t> expected;
    for (const auto& entry : m_.ledger.log()) {
      const storage::Committed& change = entry.change;
      if (change.after->revision <= query.after || change.after->revision >= query.before) continue;
      if (!query.client_id.empty() && change.after->client_id() != query.client_id) continue;
      if ((query.from && change.time < *query.from) || (query.until && change.time >= *query.until)) continue;
      expected.push_back(change.after->revision);
    }
    if (query.newest_first) expected = {expected.rbegin(), expected.rend()};
    return expected;
  }
  std::vector<std::uint64_t> InPages(HistoryQuery query) const {
    std::vector<std::uint64_t> all;
    for (;;) {
      const auto page = Revisions(m_.h().registry.ReadHistory(query).transitions);
      all.insert(all.end(), page.begin(), page.end());
      if (page.size() < query.limit) return all;
      (query.newest_first ? query.before : query.after) = page.back();
    }
  }

  Machine m_{{.max_history = 10}};
  core::WallTime begin_;
};

TEST_F(HistoryReading, IsOneListOverMemoryAndStore) {
  ASSERT_EQ(m_.ledger.log().size(), 44u);
  ASSERT_EQ(InPages({.limit = 1'000}).size(), 44u);
  const std::vector<std::optional<core::WallTime>> moments = {std::nullopt, begin_ + seconds(3),
                                                              begin_ + seconds(12), begin_ + seconds(18)};
  for (const char* id : {"", "a", "d", "nobody"}) {
    for (const auto& from : moments) {
      for (const auto& until : moments) {
        for (const bool newest_first : {false, true}) {
          for (const std::size_t limit : {1, 3, 1'000}) {
            const HistoryQuery query{
                .newest_first = newest_first, .client_id = id, .from = from, .until = until, .limit = limit};
            ASSERT_EQ(InPages(query), Expected(query)) << "of '" << id << "', " << limit << " at a time";
          }
        }
      }
    }
  }
}

TEST_F(HistoryReading, EveryPageSaysTheSameOfWhatIsKept) {
  m_.ledger.KeepHistory(30);  // of 44; memory has the last 10
  const auto& log = m_.ledger.log();
  const std::uint64_t compacted = log[13].change.after->revision;
  for (const char* id : {"", "a", "nobody"}) {
    for (const bool newest_first : {false, true}) {
      for (const std::size_t limit : {1, 7, 1'000}) {
        HistoryQuery query{.newest_first = newest_first, .client_id = id, .limit = limit};
        for (;;) {
          const auto page = m_.h().registry.ReadHistory(query);
          ASSERT_EQ(page.compacted, compacted) << "of '" << id << "', newest first " << newest_first;
          ASSERT_TRUE(page.gaps.empty());
          if (page.transitions.size() < limit) break;
          (newest_first ? query.before : query.after) = page.transitions.back()->revision();
        }
      }
    }
  }
  // By time and by revision too, wherever that lies.
  for (const std::size_t first : {0, 13, 14, 33, 34, 43}) {
    const std::uint64_t after = log[first].change.after->revision;
    EXPECT_EQ(m_.h().registry.ReadHistory({.after = after}).compacted, compacted) << first;
    EXPECT_EQ(m_.h().registry.ReadHistory({.from = log[first].change.time}).compacted, compacted) << first;
  }
}

// Whoever searches it holds the registry's lock: for so much of it, and goes on in another call.
TEST(HistoryReadingOfMuch, MemoryIsSearchedInParts) {
  testing::RegistryHarness h;
  const Peer rare = h.Attach("rare");
  const Peer loud = h.Attach("loud");
  constexpr int kMany = 50'000;
  for (int n = 0; n < kMany; ++n) {
    h.registry.UpdateLabels(loud.attached.session, loud.attached.attachment, {{"n", std::to_string(n)}});
  }
  h.registry.UpdateLabels(rare.attached.session, rare.attached.attachment, {{"n", "1"}});
  const core::WallTime now = h.clock.Wall();
  h.clock.Advance(seconds(1));
  for (const auto& query :
       {HistoryQuery{.client_id = "rare"}, HistoryQuery{.newest_first = true, .client_id = "rare"},
        HistoryQuery{.client_id = "nobody"}, HistoryQuery{.from = now + seconds(1)},
        HistoryQuery{.newest_first = true, .until = now}}) {
    HistoryQuery next = query;
    std::size_t found = 0;
    int calls = 1;
    for (;; ++calls) {
      const HistoryPage page = h.registry.ReadHistory(next);
      found += page.transitions.size();
      if (!page.stopped_at) break;
      const std::uint64_t from = next.newest_first ? next.before : next.after;
      (next.newest_first ? next.before : next.after) = *page.stopped_at;
      ASSERT_NE(*page.stopped_at, from);
    }
    EXPECT_EQ(found, query.client_id == "rare" ? 2u : 0u);
    EXPECT_GE(calls, kMany / 10'000) << "of '" << query.client_id << "'";
  }
}

TEST_F(HistoryReading, ARevisionRangeMayEndInEither) {
  const auto& log = m_.ledger.log();
  for (const std::size_t first : {0, 20, 33, 34, 40}) {
    for (const std::size_t last : {10, 34, 35, 43}) {
      for (const bool newest_first : {false, true}) {
        const HistoryQuery query{.after = log[first].change.after->revision,
                                 .before = log[last].change.after->revision,
                                 .newest_first = newest_first,
                                 .limit = 2};
        ASSERT_EQ(InPages(query), Expected(query)) << first << " to " << last;
      }
    }
  }
}

// What shares a revision is not split, so a page of memory's may be longer than asked for.
TEST_F(HistoryReading, ALongPageOfTheNewestIsEnough) {
  const Peer e = m_.Welcomed("e"), f = m_.Welcomed("f");
  m_.Labels(e, "1");
  m_.Labels(f, "1");
  m_.store().Apply(0);
  m_.store().Apply(0, true);
  m_.store().Tell();
  const std::uint64_t last = m_.ledger.revision();
  EXPECT_THAT(Revisions(m_.h().registry.ReadHistory({.newest_first = true, .limit = 1}).transitions),
              ::testing::ElementsAre(last, last));
}

}  // namespace
}  // namespace liveness::registry
