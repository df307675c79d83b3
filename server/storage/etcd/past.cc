#include "server/storage/etcd/past.h"

#include <utility>

namespace liveness::storage::etcd {

void Past::StartAfter(std::uint64_t revision) {
  common::MutexLock lock(mu_);
  log_.StartAfter(revision);
}

void Past::Append(std::vector<core::TransitionPtr> transitions) {
  common::MutexLock lock(mu_);
  for (core::TransitionPtr& each : transitions) log_.Append(std::move(each));
}

void Past::AddGap(std::uint64_t after, std::uint64_t until) {
  common::MutexLock lock(mu_);
  log_.AddGap(after, until);
}

HistoryPart Past::Read(const HistoryQuery& query) const {
  common::MutexLock lock(mu_);
  TransitionLog::Slice slice = log_.ReadSlice(query);
  return {std::move(slice.transitions), log_.compacted(), log_.Gaps(query.after, query.before),
          slice.stopped_at, std::nullopt};
}

std::uint64_t Past::compacted() const {
  common::MutexLock lock(mu_);
  return log_.compacted();
}

}  // namespace liveness::storage::etcd
