#include "common/flags/nearest.h"

#include <algorithm>
#include <utility>

namespace liveness::common {

std::size_t EditDistance(std::string_view a, std::string_view b, std::size_t limit) {
  const std::size_t apart = std::max(a.size(), b.size()) - std::min(a.size(), b.size());
  if (apart > limit) return limit + 1;
  // row[j]: of the first i letters of `a` and the first j of `b`; the two rows above it.
  std::vector<std::size_t> row(b.size() + 1), above(b.size() + 1), above_that(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::swap(above_that, above);
    std::swap(above, row);
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const bool same = a[i - 1] == b[j - 1];
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (same ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], above_that[j - 2] + 1);
      }
    }
  }
  return std::min(row.back(), limit + 1);
}

std::string_view Nearest(std::string_view word, const std::vector<std::string>& names) {
  std::size_t limit = std::max<std::size_t>(word.size() / 3, 1);
  std::string_view nearest;
  for (const std::string& name : names) {
    const std::size_t distance = EditDistance(word, name, limit);
    if (distance > limit) continue;
    nearest = name;
    if (distance == 0) break;
    limit = distance - 1;
  }
  return nearest;
}

}  // namespace liveness::common
