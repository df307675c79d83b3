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

void TransitionLog::Append(core::TransitionPtr transition) {
  const core::WallTime time = transition->time;
  const std::uint32_t client = HashOf(transition->after->client_id());
  entries_.push_back({std::move(transition), time, client});
}

template <typename Iterator>
std::vector<core::TransitionPtr> TransitionLog::Collect(Iterator first, Iterator last,
                                                        const HistoryQuery& query) {
  std::vector<core::TransitionPtr> found;
  const std::size_t limit = std::max<std::size_t>(query.limit, 1);
  const std::uint32_t client = HashOf(query.client_id);
  for (; first != last; ++first) {
    const Entry& entry = *first;
    if (query.from && entry.time < *query.from) continue;
    if (query.until && entry.time >= *query.until) continue;
    if (!query.client_id.empty() &&
        (entry.client != client || entry.transition->after->client_id() != query.client_id)) {
      continue;
    }
    if (found.size() >= limit && entry.transition->revision() != found.back()->revision()) break;
    found.push_back(entry.transition);
  }
  return found;
}

std::vector<core::TransitionPtr> TransitionLog::Read(const HistoryQuery& query) const {
  const auto begin = std::upper_bound(
      entries_.begin(), entries_.end(), query.after,
      [](std::uint64_t after, const Entry& each) { return after < each.transition->revision(); });
  const auto end = std::lower_bound(
      begin, entries_.end(), query.before,
      [](const Entry& each, std::uint64_t before) { return each.transition->revision() < before; });
  if (!query.newest_first) return Collect(begin, end, query);
  return Collect(std::make_reverse_iterator(end), std::make_reverse_iterator(begin), query);
}

}  // namespace liveness::storage
