#include "server/storage/etcd/recent_history.h"

#include <utility>

namespace liveness::storage::etcd {

void RecentHistory::StartAfter(std::uint64_t revision) {
  common::MutexLock lock(mu_);
  log_.StartAfter(revision);
}

void RecentHistory::Append(std::vector<core::TransitionPtr> transitions) {
  common::MutexLock lock(mu_);
  for (core::TransitionPtr& each : transitions) log_.Append(std::move(each));
}

void RecentHistory::AddGap(std::uint64_t after, std::uint64_t until) {
  common::MutexLock lock(mu_);
  log_.AddGap(after, until);
}

HistoryPart RecentHistory::Read(const HistoryQuery& query) const {
  common::MutexLock lock(mu_);
  TransitionLog::Slice slice = log_.ReadSlice(query);
  return {std::move(slice.transitions), log_.compacted(), log_.Gaps(query.after, query.before),
          slice.stopped_at, std::nullopt};
}

std::uint64_t RecentHistory::compacted() const {
  common::MutexLock lock(mu_);
  return log_.compacted();
}

}  // namespace liveness::storage::etcd
