#include "server/storage/transition_log.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <utility>

namespace liveness::storage {
namespace {

std::uint32_t HashOf(std::string_view client_id) {
  return static_cast<std::uint32_t>(std::hash<std::string_view>()(client_id));
}

}  // namespace

RevisionGaps JoinGaps(RevisionGaps gaps) {
  std::sort(gaps.begin(), gaps.end());
  RevisionGaps joined;
  for (const auto& gap : gaps) {
    if (!joined.empty() && gap.first < joined.back().second) {
      joined.back().second = std::max(joined.back().second, gap.second);
    } else {
      joined.push_back(gap);
    }
  }
  return joined;
}

void TransitionLog::StartAfter(std::uint64_t revision) {
  entries_.clear();
  held_.clear();
  beyond_share_ = 0;
  gaps_.clear();
  compacted_ = thinned_ = revision;
}

void TransitionLog::Append(core::TransitionPtr transition) {
  const core::WallTime time = transition->time;
  const std::uint32_t client = HashOf(transition->after->client_id());
  if (++held_[client] > bounds_.per_client) ++beyond_share_;
  entries_.push_back({std::move(transition), time, client});
  Trim();
}

void TransitionLog::Trim() {
  const std::uint64_t last = entries_.back().transition->revision();
  while (entries_.size() > bounds_.transitions && entries_.front().transition->revision() != last) {
    if (beyond_share_ > bounds_.per_client) {
      Thin();
      continue;
    }
    compacted_ = entries_.front().transition->revision();
    // What shares a revision stays or goes together: `compacted_` speaks for all of it.
    while (entries_.front().transition->revision() == compacted_) DropOldest();
  }
  const auto over =
      std::find_if(gaps_.begin(), gaps_.end(), [this](const auto& gap) { return gap.second > compacted_; });
  gaps_.erase(gaps_.begin(), over);
}

void TransitionLog::DropOldest() {
  const auto held = held_.find(entries_.front().client);
  if (held->second > bounds_.per_client) --beyond_share_;
  if (--held->second == 0) held_.erase(held);
  entries_.pop_front();
}

void TransitionLog::Thin() {
  const auto is_too_many = [this](const Entry& entry) {
    std::size_t& held = held_.find(entry.client)->second;
    if (held <= bounds_.per_client) return false;
    --held;
    thinned_ = std::max(thinned_, entry.transition->revision());
    return true;
  };
  // Each is asked once, the oldest first.
  entries_.erase(std::remove_if(entries_.begin(), entries_.end(), is_too_many), entries_.end());
  beyond_share_ = 0;
}

void TransitionLog::AddGap(std::uint64_t after, std::uint64_t until) {
  gaps_.emplace_back(after, until);
  if (gaps_.size() <= bounds_.gaps) return;
  gaps_[1].first = gaps_[0].first;
  gaps_.erase(gaps_.begin());
}

RevisionGaps TransitionLog::Gaps(std::uint64_t after, std::uint64_t before) const {
  RevisionGaps found;
  const auto add = [&](std::uint64_t first, std::uint64_t second) {
    if (second > after && first + 1 < before && first < second) found.emplace_back(first, second);
  };
  add(compacted_, thinned_);
  for (const auto& gap : gaps_) add(gap.first, gap.second);
  return JoinGaps(std::move(found));
}

template <typename Iterator>
TransitionLog::Slice TransitionLog::Collect(Iterator first, Iterator last, const HistoryQuery& query,
                                            std::size_t most) {
  Slice slice;
  std::vector<core::TransitionPtr>& found = slice.transitions;
  const std::size_t limit = std::max<std::size_t>(query.limit, 1);
  most = std::max(most, limit);
  const std::uint32_t client = HashOf(query.client_id);
  std::uint64_t looked_at = 0;  // the last revision, once `most` were
  for (std::size_t count = 0; first != last; ++first, ++count) {
    const Entry& entry = *first;
    if (count >= most) {
      // What shares a revision is looked at together.
      const std::uint64_t revision = entry.transition->revision();
      if (count != most && revision != looked_at) {
        slice.stopped_at = looked_at;
        break;
      }
      looked_at = revision;
    }
    if (query.from && entry.time < *query.from) continue;
    if (query.until && entry.time >= *query.until) continue;
    if (!query.client_id.empty() &&
        (entry.client != client || entry.transition->after->client_id() != query.client_id)) {
      continue;
    }
    if (found.size() >= limit && entry.transition->revision() != found.back()->revision()) break;
    found.push_back(entry.transition);
  }
  return slice;
}

std::vector<core::TransitionPtr> TransitionLog::Read(const HistoryQuery& query) const {
  return ReadSlice(query, entries_.size() + 1).transitions;
}

TransitionLog::Slice TransitionLog::ReadSlice(const HistoryQuery& query, std::size_t most) const {
  const auto begin = std::upper_bound(
      entries_.begin(), entries_.end(), query.after,
      [](std::uint64_t after, const Entry& each) { return after < each.transition->revision(); });
  const auto end = std::lower_bound(
      begin, entries_.end(), query.before,
      [](const Entry& each, std::uint64_t before) { return each.transition->revision() < before; });
  if (!query.newest_first) return Collect(begin, end, query, most);
  return Collect(std::make_reverse_iterator(end), std::make_reverse_iterator(begin), query, most);
}

}  // namespace liveness::storage
