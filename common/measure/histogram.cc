#include "common/measure/histogram.h"

#include <algorithm>

namespace liveness::common {

Histogram::Histogram(std::span<const Duration> bounds)
    : bounds_(bounds), counts_(std::make_unique<std::atomic<std::uint64_t>[]>(bounds.size() + 1)) {}

void Histogram::Add(Duration span) {
  const auto at = std::lower_bound(bounds_.begin(), bounds_.end(), span);
  counts_[static_cast<std::size_t>(at - bounds_.begin())].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(span.count(), std::memory_order_relaxed);
}

Histogram::Reading Histogram::Read() const {
  Reading reading{.bounds = bounds_, .sum = Duration(sum_.load(std::memory_order_relaxed))};
  for (std::size_t i = 0; i <= bounds_.size(); ++i) {
    reading.counts.push_back(counts_[i].load(std::memory_order_relaxed));
  }
  return reading;
}

}  // namespace liveness::common
