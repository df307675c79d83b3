#include "client/cli/doctor/path_figures.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace liveness::cli::doctor {
namespace {

// The nearest rank. REQUIRES: `sorted` is not empty.
common::Duration Percentile(const std::vector<common::Duration>& sorted, double percent) {
  const auto rank = static_cast<std::size_t>(std::ceil(percent / 100 * static_cast<double>(sorted.size())));
  return sorted[std::clamp<std::size_t>(rank, 1, sorted.size()) - 1];
}

}  // namespace

PathFigures Summarize(const std::vector<std::optional<common::Duration>>& round_trips) {
  PathFigures figures;
  figures.sent = static_cast<int>(round_trips.size());
  std::vector<common::Duration> sorted;
  common::Duration differences{};
  int pairs = 0;
  for (std::size_t i = 0; i < round_trips.size(); ++i) {
    if (!round_trips[i]) continue;
    sorted.push_back(*round_trips[i]);
    if (i == 0 || !round_trips[i - 1]) continue;
    differences +=
        std::max(*round_trips[i], *round_trips[i - 1]) - std::min(*round_trips[i], *round_trips[i - 1]);
    ++pairs;
  }
  figures.answered = static_cast<int>(sorted.size());
  if (pairs > 0) figures.jitter = differences / pairs;
  if (sorted.empty()) return figures;
  std::sort(sorted.begin(), sorted.end());
  figures.least = sorted.front();
  figures.p50 = Percentile(sorted, 50);
  figures.p90 = Percentile(sorted, 90);
  figures.p99 = Percentile(sorted, 99);
  figures.most = sorted.back();
  return figures;
}

}  // namespace liveness::cli::doctor
