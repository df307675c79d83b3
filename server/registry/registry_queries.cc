// What can be asked of the registry. See registry.h.
#include <algorithm>
#include <utility>

#include "server/registry/records/effects.h"
#include "server/registry/registry.h"

namespace liveness::registry {

using common::MutexLock;
using core::MonoTime;

namespace {

// Bounds how long one scan holds the lock, some 100 us, and what it copies.
constexpr std::size_t kMaxLookedAt = 1'000;
// Units of a filter (core/filter/filter_cost.h) that one scan spends, without the lock: about a millisecond.
constexpr std::int64_t kScanUnits = 100'000;

std::size_t LookedAtBy(const ScanRequest& request) {
  if (!request.matches) return std::min(request.limit, kMaxLookedAt);
  const std::int64_t most = kScanUnits / (request.filter_cost + 1);
  return std::clamp<std::size_t>(static_cast<std::size_t>(most), 1, kMaxLookedAt);
}

}  // namespace

Registry::Registry(RegistryOptions options, const common::Clock& clock, storage::Store& store,
                   storage::Contents contents)
    : options_(std::move(options)),
      clock_(clock),
      store_(store),
      server_id_(std::make_shared<const std::string>(options_.server_id)),
      timers_(clock.Mono()),
      witness_(clock, options_),
      store_health_(store, options_.restart_grace),
      roster_(options_.server_id, store.shared()),
      falls_(options_),
      history_(contents.revision, options_.max_history),
      began_at_(clock.Mono()),
      published_(contents.revision),
      known_until_(contents.last_known == 0 ? contents.revision : contents.last_known),
      began_after_(contents.revision),
      hub_(contents.revision, {.max_mailbox = options_.max_mailbox,
                               .max_watchers = options_.max_watchers,
                               .max_dear_filters = options_.max_dear_watch_filters}) {
  MutexLock lock(mu_);
  Effects effects;  // nobody is told of anything yet
  for (core::RecordPtr& record : contents.records) {
    const std::shared_ptr<Session> session(new Session());
    const bool live = core::IsLive(record->state);
    FollowMaintenance(*record);
    (void)falls_.Count(nullptr, *record, clock_.Wall(), clock_.Mono(), effects);
    table_.SetRecord(session, std::move(record));
    if (!live) timers_.Arm(*session, ForgetAt(*session->state().record), effects);
  }
}

Registry::~Registry() = default;

std::optional<core::ClientView> Registry::Get(std::string_view client_id) const {
  MutexLock lock(mu_);
  const std::shared_ptr<Session> session = table_.Find(client_id);
  if (session == nullptr) return std::nullopt;
  core::RecordPtr shown = Shown(*session);
  if (shown == nullptr) return std::nullopt;
  return core::ClientView{std::move(shown), VitalsOf(*session, clock_.Mono())};
}

ScanResult Registry::LookAt(const ScanRequest& request) const {
  ScanResult seen;
  const std::size_t most = LookedAtBy(request);
  seen.views.reserve(most);
  MutexLock lock(mu_);
  const MonoTime now = clock_.Mono();
  const SessionTable::Sessions& sessions = table_.sessions();
  std::size_t looked_at = 0;
  std::string_view cursor = request.after;
  // False once this call has done enough.
  const auto look_at = [&](const Session& session) {
    common::AssertHeld(mu_);
    if (looked_at >= most) return false;
    ++looked_at;
    cursor = session.state().record->client_id();
    if (core::RecordPtr shown = Shown(session, request.committed)) {
      seen.views.push_back({std::move(shown), VitalsOf(session, now)});
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
  seen.revision = history_.last();
  return seen;
}

ScanResult Registry::Scan(const ScanRequest& request) const {
  ScanResult seen = LookAt(request);
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

std::optional<core::PathQuality> Registry::PathOf(std::string_view client_id) const {
  MutexLock lock(mu_);
  const std::shared_ptr<Session> session = table_.Find(client_id);
  if (session == nullptr || session->state().extras == nullptr) return std::nullopt;
  const std::shared_ptr<Arrivals>& arrivals = session->state().extras->arrivals;
  if (arrivals == nullptr) return std::nullopt;
  return arrivals->path();
}

Totals Registry::totals() const {
  const std::int64_t watchers = hub_.watchers();
  MutexLock lock(mu_);
  return {.counts = table_.counts(),
          .revision = history_.last(),
          .watchers = watchers,
          .scorecard = scorecard_,
          .credited = witness_.clock().credited(),
          .stalls = stall_count(),
          .unread_credits = unread_credits_,
          .witness = witness_.totals(),
          .group_events = falls_.event_count(),
          .doubts = falls_.doubt_count(),
          .held_deaths = falls_.held_deaths()};
}

std::uint64_t Registry::revision() const {
  MutexLock lock(mu_);
  return history_.last();
}

const std::string& Registry::history_id() const { return store_.history_id(); }

HistoryPage Registry::HistoryAfter(std::uint64_t after, std::size_t limit) const {
  return ReadHistory({.after = after, .limit = limit});
}

HistoryPage Registry::PageOf(const storage::HistoryQuery& query) const {
  storage::TransitionLog::Slice slice = history_.Read(query);
  return {std::move(slice.transitions),
          history_.compacted(),
          history_.last(),
          history_.Gaps(query.after, query.before),
          slice.stopped_at,
          std::nullopt};
}

HistoryPage Registry::ReadHistory(const storage::HistoryQuery& query) const {
  HistoryPage page;
  std::uint64_t complete = 0;
  {
    MutexLock lock(mu_);
    complete = history_.complete_after();
    storage::HistoryQuery recent = query;
    recent.after = std::max(query.after, complete);
    page = PageOf(recent);
  }
  const bool reaches_back = query.after < complete && query.before > query.after + 1;
  // Newest first memory's part comes first, and may be all for now.
  const bool is_enough = query.newest_first && (page.stopped_at || page.transitions.size() >= query.limit);
  if (reaches_back && !is_enough) {
    return ReadOlder(query, complete, std::move(page));
  }
  // A page that lies in memory says the same of what is kept at all as one that does not.
  if (const auto kept = store_.compacted()) page.compacted = std::min(complete, *kept);
  return page;
}

HistoryPage Registry::ReadOlder(const storage::HistoryQuery& query, std::uint64_t complete,
                                HistoryPage page) const {
  storage::HistoryQuery older = query;
  older.before = std::min(query.before, complete + 1);
  if (query.newest_first) older.limit = query.limit - page.transitions.size();
  absl::StatusOr<storage::HistoryPart> part = store_.ReadHistory(older);
  if (!part.ok()) {
    // What memory holds is all there is, and below `complete` that is not all that was.
    MutexLock lock(mu_);
    return PageOf(query);
  }
  std::vector<core::TransitionPtr>& transitions = part->transitions;
  const bool is_rest_unread = part->stopped_at || transitions.size() >= older.limit;
  if (query.newest_first) {
    page.transitions.insert(page.transitions.end(), transitions.begin(), transitions.end());
    page.stopped_at = part->stopped_at;
  } else if (is_rest_unread) {
    page.transitions = std::move(transitions);
    page.stopped_at = part->stopped_at;
  } else {
    // All that is older than memory's, and then memory's own.
    page.transitions.insert(page.transitions.begin(), transitions.begin(), transitions.end());
  }
  page.search = part->search;
  page.compacted = std::min(complete, part->compacted);
  // Memory knows what lies above `complete`, whatever the store lacks of it.
  for (auto& [after, until] : part->gaps) {
    until = std::min(until, complete);
    if (after < until) page.gaps.emplace_back(after, until);
  }
  page.gaps = storage::JoinGaps(std::move(page.gaps));
  return page;
}

}  // namespace liveness::registry
