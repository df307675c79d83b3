#include "server/storage/transition_log.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <utility>

#include "absl/hash/hash.h"
#include "common/strings.h"
#include "server/core/fleet/scopes.h"

namespace liveness::storage {
namespace {

// Another one in each process: nobody can choose ids that are taken for somebody else's.
std::uint32_t HashOf(std::string_view text) {
  return static_cast<std::uint32_t>(absl::HashOf(common::ToAbsl(text)));
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
  voices_.clear();
  swept_ = 0;
  gaps_.clear();
  compacted_ = thinned_ = revision;
}

void TransitionLog::Append(core::TransitionPtr transition) {
  const std::uint64_t revision = transition->revision();
  const core::WallTime time = transition->time;
  const std::uint32_t client = HashOf(transition->after->client_id());
  const std::uint32_t voice = HashOf(core::VoiceOf(*transition->after));
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
  entries_.emplace_hint(entries_.end(), revision, Entry{std::move(transition), time, client, voice});
  if (++voices_[voice] * 2 > entries_.size() && majority_ != voice) {
    majority_ = voice;
    swept_ = 0;
  }
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
    const Swept swept = DropOfMajority();
    if (swept == Swept::kDropped) continue;
    if (swept == Swept::kLater) break;
    compacted_ = entries_.begin()->first;
    // What shares a revision stays or goes together: `compacted_` speaks for all of it.
    while (entries_.begin()->first == compacted_) Drop(entries_.begin());
  }
  const auto over =
      std::find_if(gaps_.begin(), gaps_.end(), [this](const auto& gap) { return gap.second > compacted_; });
  gaps_.erase(gaps_.begin(), over);
}

void TransitionLog::Drop(Entries::iterator at) {
  const Entry& entry = at->second;
  const auto held = held_.find(entry.client);
  held->second.first = entry.next;
  if (--held->second.count == 0) held_.erase(held);
  const auto voice = voices_.find(entry.voice);
  if (--voice->second == 0) voices_.erase(voice);
  entries_.erase(at);
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
    Drop(oldest);
    return true;
  }
  return false;
}

TransitionLog::Swept TransitionLog::DropOfMajority() {
  const auto voice = voices_.find(majority_);
  if (voice == voices_.end() || voice->second * 2 <= entries_.size()) return Swept::kNothing;
  auto at = entries_.lower_bound(swept_);
  for (std::size_t looks = 0; at != entries_.end(); ++at, ++looks) {
    if (looks >= kLook && at->first != swept_) return Swept::kLater;
    swept_ = at->first;
    if (at->second.voice != majority_) continue;
    // If its client was another's before, that is older: an id's past goes in order.
    const Entries::iterator oldest = Find(held_[at->second.client].first, at->second.client);
    if (oldest->first == entries_.begin()->first) return Swept::kNothing;
    thinned_ = std::max(thinned_, oldest->first);
    Drop(oldest);
    return Swept::kDropped;
  }
  swept_ = 0;
  return Swept::kNothing;
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
