#include "server/registry/queries.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "server/core/record/ownership.h"

namespace liveness::registry {

using core::MonoTime;

namespace {

// Bounds how long one scan holds the lock, some 100 us, and what it copies.
constexpr std::size_t kMaxLookedAt = 1'000;
// Units of a filter (core/filter/filter_cost.h) that one scan spends, without the lock: about a millisecond.
constexpr std::int64_t kScanUnits = 100'000;

}  // namespace

std::optional<core::ClientView> Queries::Get(std::string_view client_id) const {
  const std::shared_ptr<Session> session = ledger_.Find(client_id);
  if (session == nullptr) return std::nullopt;
  core::RecordPtr visible = ledger_.VisibleRecord(*session);
  if (visible == nullptr) return std::nullopt;
  return core::ClientView{std::move(visible), deadlines_.VitalsOf(*session, clock_.Mono())};
}

std::optional<core::PathQuality> Queries::PathOf(std::string_view client_id,
                                                 std::string_view principal) const {
  const std::shared_ptr<Session> session = ledger_.Find(client_id);
  if (session == nullptr || session->state().extras == nullptr) return std::nullopt;
  if (!core::MayOwn(session->record()->info.principal(), principal)) return std::nullopt;
  const std::shared_ptr<Arrivals>& arrivals = session->state().extras->arrivals;
  if (arrivals == nullptr) return std::nullopt;
  return arrivals->path();
}

std::size_t Queries::LooksOf(const ScanRequest& request) {
  if (!request.matches) return std::min(request.limit, kMaxLookedAt);
  const std::int64_t most = kScanUnits / (request.filter_cost + 1);
  return std::clamp<std::size_t>(static_cast<std::size_t>(most), 1, kMaxLookedAt);
}

void Queries::LookAt(const ScanRequest& request, std::size_t most, ScanResult& seen) const {
  const MonoTime now = clock_.Mono();
  const SessionTable::Sessions& sessions = ledger_.table().sessions();
  std::size_t looked_at = 0;
  std::string_view cursor = request.after;
  // False once this call has done enough.
  const auto look_at = [&](const Session& session) {
    if (looked_at >= most) return false;
    ++looked_at;
    cursor = session.record()->client_id();
    if (core::RecordPtr visible = ledger_.VisibleRecord(session, request.committed)) {
      seen.views.push_back({std::move(visible), deadlines_.VitalsOf(session, now)});
    }
    return true;
  };
  if (request.descending) {
    auto at = request.after.empty() ? sessions.end() : sessions.lower_bound(request.after);
    while (at != sessions.begin() && look_at(*std::prev(at)->second)) --at;
    seen.done = at == sessions.begin();
  } else {
    auto at = sessions.upper_bound(request.after);
    while (at != sessions.end() && look_at(*at->second)) ++at;
    seen.done = at == sessions.end();
  }
  seen.cursor = std::string(cursor);
  seen.revision = ledger_.history().last();
}

ScanResult Queries::Matching(const ScanRequest& request, ScanResult seen) {
  if (!request.matches) return seen;
  ScanResult result{.revision = seen.revision};
  result.cursor = request.after;
  for (core::ClientView& view : seen.views) {
    if (result.views.size() >= request.limit) return result;
    result.cursor = std::string(view.record->client_id());
    if (request.matches(*view.record, view.vitals)) result.views.push_back(std::move(view));
  }
  result.cursor = std::move(seen.cursor);
  result.done = seen.done;
  return result;
}

HistoryPage Queries::PageOf(const storage::HistoryQuery& query) const {
  const History& history = ledger_.history();
  storage::TransitionLog::Slice slice = history.Read(query);
  return {std::move(slice.transitions),
          history.compacted(),
          history.last(),
          history.Gaps(query.after, query.before),
          slice.stopped_at,
          std::nullopt};
}

std::optional<storage::HistoryQuery> Queries::Older(const storage::HistoryQuery& query,
                                                    std::uint64_t complete, const HistoryPage& page) {
  const bool reaches_back = query.after < complete && query.before > query.after + 1;
  // Newest first memory's part comes first, and may be all for now.
  const bool is_enough = query.newest_first && (page.stopped_at || page.transitions.size() >= query.limit);
  if (!reaches_back || is_enough) return std::nullopt;
  storage::HistoryQuery older = query;
  older.before = std::min(query.before, complete + 1);
  if (query.newest_first) older.limit = query.limit - page.transitions.size();
  return older;
}

HistoryPage Queries::Join(const storage::HistoryQuery& query, std::uint64_t complete, std::size_t asked,
                          HistoryPage page, storage::HistoryPart part) {
  std::vector<core::TransitionPtr>& transitions = part.transitions;
  const bool is_rest_unread = part.stopped_at || transitions.size() >= asked;
  if (query.newest_first) {
    page.transitions.insert(page.transitions.end(), transitions.begin(), transitions.end());
    page.stopped_at = part.stopped_at;
  } else if (is_rest_unread) {
    page.transitions = std::move(transitions);
    page.stopped_at = part.stopped_at;
  } else {
    // All that is older than memory's, and then memory's own.
    page.transitions.insert(page.transitions.begin(), transitions.begin(), transitions.end());
  }
  page.search = part.search;
  page.compacted = std::min(complete, part.compacted);
  // Memory knows what lies above `complete`, whatever the store lacks of it.
  for (auto& [after, until] : part.gaps) {
    until = std::min(until, complete);
    if (after < until) page.gaps.emplace_back(after, until);
  }
  page.gaps = storage::JoinGaps(std::move(page.gaps));
  return page;
}

}  // namespace liveness::registry
