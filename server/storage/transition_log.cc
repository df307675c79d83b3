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
  loud_.clear();
  gaps_.clear();
  compacted_ = thinned_ = revision;
}

void TransitionLog::Append(core::TransitionPtr transition) {
  const std::uint64_t revision = transition->revision();
  const core::WallTime time = transition->time;
  const std::uint32_t client = HashOf(transition->after->client_id());
  Held& held = held_[client];
  if (held.count == 0) {
    held.first = revision;
  } else {
    Entries::iterator last = Find(held.last, client);
    // Few clients have two of one revision.
    for (auto at = last; at != entries_.end() && at->first == held.last; ++at) {
      if (at->second.client == client) last = at;
    }
    last->second.next = revision;
  }
  held.last = revision;
  if (++held.count == bounds_.per_client + 1) loud_.push_back(client);
  entries_.emplace_hint(entries_.end(), revision, Entry{std::move(transition), time, client});
  Trim();
}

TransitionLog::Entries::iterator TransitionLog::Find(std::uint64_t revision, std::uint32_t client) {
  Entries::iterator at = entries_.lower_bound(revision);
  while (at->second.client != client) ++at;
  return at;
}

void TransitionLog::Trim() {
  const std::uint64_t last = entries_.rbegin()->first;
  while (entries_.size() > bounds_.transitions && entries_.begin()->first != last) {
    if (DropOfLoudest()) continue;
    compacted_ = entries_.begin()->first;
    // What shares a revision stays or goes together: `compacted_` speaks for all of it.
    while (entries_.begin()->first == compacted_) DropOldest();
  }
  const auto over =
      std::find_if(gaps_.begin(), gaps_.end(), [this](const auto& gap) { return gap.second > compacted_; });
  gaps_.erase(gaps_.begin(), over);
}

void TransitionLog::DropOldest() {
  const Entry& oldest = entries_.begin()->second;
  const auto held = held_.find(oldest.client);
  held->second.first = oldest.next;
  if (--held->second.count == 0) held_.erase(held);
  entries_.erase(entries_.begin());
}

bool TransitionLog::DropOfLoudest() {
  while (!loud_.empty()) {
    const auto held = held_.find(loud_.back());
    if (held == held_.end() || held->second.count <= bounds_.per_client) {
      loud_.pop_back();
      continue;
    }
    const Entries::iterator oldest = Find(held->second.first, loud_.back());
    thinned_ = std::max(thinned_, oldest->first);
    held->second.first = oldest->second.next;
    --held->second.count;
    entries_.erase(oldest);
    return true;
  }
  return false;
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
    const auto& [revision, entry] = *first;
    if (count >= most) {
      // What shares a revision is looked at together.
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
    if (found.size() >= limit && revision != found.back()->revision()) break;
    found.push_back(entry.transition);
  }
  return slice;
}

std::vector<core::TransitionPtr> TransitionLog::Read(const HistoryQuery& query) const {
  return ReadSlice(query, entries_.size() + 1).transitions;
}

TransitionLog::Slice TransitionLog::ReadSlice(const HistoryQuery& query, std::size_t most) const {
  if (query.before <= query.after) return {};
  const auto begin = entries_.upper_bound(query.after);
  const auto end = entries_.lower_bound(query.before);
  if (!query.newest_first) return Collect(begin, end, query, most);
  return Collect(std::make_reverse_iterator(end), std::make_reverse_iterator(begin), query, most);
}

}  // namespace liveness::storage
