#include "server/storage/etcd/past.h"

#include <algorithm>
#include <iterator>

namespace liveness::storage::etcd {
namespace {

bool Matches(const core::Transition& transition, const HistoryQuery& query) {
  return (query.client_id.empty() || transition.after->client_id() == query.client_id) &&
         (!query.from || transition.time >= *query.from) && (!query.until || transition.time < *query.until);
}

// Those of [first, last) that match: about `limit`, never a part of a revision.
template <typename Iterator>
void Collect(Iterator first, Iterator last, const HistoryQuery& query, HistoryPart& part) {
  for (; first != last; ++first) {
    const core::TransitionPtr& each = *first;
    const std::vector<core::TransitionPtr>& found = part.transitions;
    if (found.size() >= std::max<std::size_t>(query.limit, 1) &&
        each->revision() != found.back()->revision()) {
      return;
    }
    if (Matches(*each, query)) part.transitions.push_back(each);
  }
}

}  // namespace

void Past::StartAfter(std::uint64_t revision) {
  common::MutexLock lock(mu_);
  transitions_.clear();
  gaps_.clear();
  compacted_ = revision;
}

void Past::Append(std::vector<core::TransitionPtr> transitions) {
  common::MutexLock lock(mu_);
  std::move(transitions.begin(), transitions.end(), std::back_inserter(transitions_));
  while (transitions_.size() > max_transitions_) {
    compacted_ = transitions_.front()->revision();
    while (!transitions_.empty() && transitions_.front()->revision() == compacted_) transitions_.pop_front();
  }
  while (!gaps_.empty() && gaps_.front().second <= compacted_) gaps_.pop_front();
}

void Past::AddGap(std::uint64_t after, std::uint64_t until) {
  common::MutexLock lock(mu_);
  gaps_.emplace_back(after, until);
}

HistoryPart Past::Read(const HistoryQuery& query) const {
  common::MutexLock lock(mu_);
  HistoryPart part;
  part.compacted = compacted_;
  for (const auto& gap : gaps_) {
    if (gap.second > query.after && gap.first < query.before) part.gaps.push_back(gap);
  }
  const auto begin =
      std::upper_bound(transitions_.begin(), transitions_.end(), query.after,
                       [](std::uint64_t after, const auto& each) { return after < each->revision(); });
  const auto end =
      std::lower_bound(begin, transitions_.end(), query.before,
                       [](const auto& each, std::uint64_t before) { return each->revision() < before; });
  if (query.newest_first) {
    Collect(std::make_reverse_iterator(end), std::make_reverse_iterator(begin), query, part);
  } else {
    Collect(begin, end, query, part);
  }
  return part;
}

}  // namespace liveness::storage::etcd
