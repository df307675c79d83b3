#include "server/storage/etcd/past.h"

#include <algorithm>
#include <utility>

namespace liveness::storage::etcd {

void Past::StartAfter(std::uint64_t revision) {
  common::MutexLock lock(mu_);
  log_.Clear();
  gaps_.clear();
  compacted_ = revision;
}

void Past::Append(std::vector<core::TransitionPtr> transitions) {
  common::MutexLock lock(mu_);
  for (core::TransitionPtr& each : transitions) log_.Append(std::move(each));
  while (log_.size() > max_transitions_) {
    compacted_ = log_.oldest();
    while (!log_.empty() && log_.oldest() == compacted_) log_.DropOldest();
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
  part.transitions = log_.Read(query);
  return part;
}

}  // namespace liveness::storage::etcd
