#include "server/registry/watch/batches_of.h"

#include <utility>

namespace liveness::registry {

std::vector<std::shared_ptr<const Batch>> BatchesOf(const RecordFilter& filter,
                                                    std::span<const core::TransitionPtr> transitions) {
  std::vector<std::shared_ptr<const Batch>> batches;
  std::vector<core::TransitionPtr> open;
  core::GroupEvents groups;
  std::uint64_t last = 0;
  const auto close = [&] {
    if (!open.empty() || !groups.empty()) {
      batches.push_back(std::make_shared<Batch>(std::move(open), std::move(groups)));
    }
    open.clear();
    groups.clear();
  };
  for (const core::TransitionPtr& each : transitions) {
    if (open.size() + groups.size() >= kMaxBatch && each->revision() != last) close();
    if (Concerns(filter, *each)) open.push_back(each);
    if (filter.takes_groups && each->groups != nullptr)
      groups.insert(groups.end(), each->groups->begin(), each->groups->end());
    last = each->revision();
  }
  close();
  return batches;
}

std::vector<std::shared_ptr<const Batch>> MakeBatches(const RecordFilter& filter,
                                                      const std::vector<core::TransitionPtr>& transitions) {
  return BatchesOf(filter, transitions);
}

}  // namespace liveness::registry
