#include "server/storage/sqlite_history.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "common/strings.h"
#include "server/storage/record_codec.h"
#include "server/storage/sqlite_schema.h"
#include "server/storage/transition_log.h"

namespace liveness::storage {
namespace {

// How many times what is wanted of a time range is looked at before it is looked up.
constexpr std::size_t kNearLimits = 4;

// SQLite's numbers end at half of ours.
std::int64_t Signed(std::uint64_t revision) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  return static_cast<std::int64_t>(std::min(revision, kMost));
}

std::int64_t From(const HistoryQuery& query) {
  return query.from ? query.from->time_since_epoch().count() : std::numeric_limits<std::int64_t>::min();
}

std::int64_t Until(const HistoryQuery& query) {
  return query.until ? query.until->time_since_epoch().count() : std::numeric_limits<std::int64_t>::max();
}

// Leaves of `query` where the time range lies or, of what has come since it was looked for, all. The
// revision beyond which the other of the two is, if that is next.
std::optional<std::uint64_t> SkipBy(const TimeSearch& found, HistoryQuery& query) {
  const bool reaches_beyond = query.before > found.known_until + 1;
  const bool reaches_back = query.after < found.known_until;
  const std::uint64_t next = found.known_until + (query.newest_first ? 1 : 0);
  const bool is_searched = query.newest_first ? !reaches_beyond : reaches_back;
  if (!is_searched) {
    query.after = std::max(query.after, found.known_until);
    return query.newest_first && reaches_back ? std::optional(next) : std::nullopt;
  }
  query.before = std::min(query.before, found.last_revision + 1);
  if (found.first_revision <= found.last_revision) {
    query.after = std::max(query.after, found.first_revision - 1);
  }
  return !query.newest_first && reaches_beyond ? std::optional(next) : std::nullopt;
}

}  // namespace

absl::StatusOr<std::unique_ptr<SqliteHistory>> SqliteHistory::Open(const std::string& uri,
                                                                   const std::string& vfs) {
  auto database = SqliteDatabase::Open(uri, SqliteDatabase::Access::kReadOnly, vfs);
  if (!database.ok()) return database.status();
  if (auto status = database->Execute("PRAGMA busy_timeout=5000"); !status.ok()) return status;
  return std::unique_ptr<SqliteHistory>(new SqliteHistory(*std::move(database)));
}

std::string SqliteHistory::Sql(const HistoryQuery& query) {
  const bool timed = query.from || query.until;
  return common::StrCat("SELECT transition FROM history WHERE revision > ?1 AND revision < ?2",
                        query.client_id.empty() ? "" : " AND client_id = ?3",
                        timed ? " AND time_ns >= ?4 AND time_ns < ?5" : "", " ORDER BY revision",
                        query.newest_first ? " DESC" : "", " LIMIT ?6");
}

absl::StatusOr<HistoryPart> SqliteHistory::Read(const HistoryQuery& query) {
  common::MutexLock lock(mu_);
  // One picture of rows, gaps and what was dropped.
  SqliteTransaction transaction(database_);
  if (auto status = transaction.Begin(SqliteTransaction::Kind::kRead); !status.ok()) return status;
  HistoryPart part;
  const auto compacted = MetaInt(database_, meta::kCompacted);
  if (!compacted.ok()) return compacted.status();
  part.compacted = static_cast<std::uint64_t>(*compacted);
  if (auto status = ReadGaps(query, part); !status.ok()) return status;
  const auto thinned = MetaInt(database_, meta::kThinned);
  if (!thinned.ok()) return thinned.status();
  // Some of that was dropped from the middle (sqlite_trimmer.h).
  const auto partial_until = static_cast<std::uint64_t>(*thinned);
  if (partial_until > std::max(part.compacted, query.after) && part.compacted + 1 < query.before) {
    part.gaps.emplace_back(part.compacted, partial_until);
  }
  part.gaps = JoinGaps(std::move(part.gaps));
  const bool by_time = query.client_id.empty() && (query.from || query.until);
  if (auto status = by_time ? ReadTimeRange(query, part) : ReadRows(query, part); !status.ok()) return status;
  return part;
}

// A time range of all clients, which has to come in the order of revisions. Times only
// nearly grow with these: a wall clock may be set back. Who pages through a long range
// stands within it, and the next rows are his. Only at its ends are rows in the way: then
// the index tells between which revisions its rows lie, by a look at each of them, some
// thousand a call.
absl::Status SqliteHistory::ReadTimeRange(const HistoryQuery& query, HistoryPart& part) {
  const std::size_t wanted = std::max<std::size_t>(query.limit, 1);
  part.search = query.search;
  if (!part.search || part.search->done) {
    HistoryQuery near = query;
    std::optional<std::uint64_t> beyond = part.search ? SkipBy(*part.search, near) : std::nullopt;
    const auto more = KeepNear(near, kNearLimits * wanted);
    if (!more.ok()) return more.status();
    if (auto status = ReadRows(near, part); !status.ok()) return status;
    if (part.transitions.size() >= wanted) return absl::OkStatus();
    part.stopped_at = *more ? *more : beyond;
    if (!*more || part.search || !part.transitions.empty()) return absl::OkStatus();
    part.search.emplace();
  } else {
    part.stopped_at = query.newest_first ? query.before : query.after;
  }
  return Search(query, *part.search);
}

absl::StatusOr<std::optional<std::uint64_t>> SqliteHistory::KeepNear(HistoryQuery& query, std::size_t rows) {
  auto end = database_.Prepare(
      common::StrCat("SELECT revision FROM history WHERE revision > ?1 AND revision < ?2 ORDER BY revision ",
                     query.newest_first ? "DESC" : "ASC", " LIMIT 1 OFFSET ?3"));
  if (!end.ok()) return end.status();
  end->Bind(1, Signed(query.after)).Bind(2, Signed(query.before));
  const absl::StatusOr<bool> row = end->Bind(3, Signed(rows)).Step();
  if (!row.ok()) return row.status();
  if (!*row) return std::nullopt;  // so few are left
  const auto beyond = static_cast<std::uint64_t>(end->Int(0));
  (query.newest_first ? query.after : query.before) = beyond;
  return query.newest_first ? beyond + 1 : beyond - 1;
}

std::string_view SqliteHistory::SearchSql() {
  return "SELECT time_ns, revision FROM history INDEXED BY history_by_time "
         "WHERE (time_ns, revision) > (?1, ?2) AND time_ns < ?3 ORDER BY time_ns, revision LIMIT ?4";
}

absl::Status SqliteHistory::Search(const HistoryQuery& query, TimeSearch& search) {
  auto rows = database_.Prepare(SearchSql());
  if (!rows.ok()) return rows.status();
  // Revisions are above 0: at first all of that time.
  const bool begins = search.revision == 0;
  if (begins) {
    const auto last = database_.QueryInt("SELECT max(revision) FROM history");
    if (!last.ok()) return last.status();
    search.known_until = static_cast<std::uint64_t>(*last);
  }
  rows->Bind(1, begins ? From(query) : search.time.time_since_epoch().count());
  rows->Bind(2, Signed(search.revision)).Bind(3, Until(query)).Bind(4, Signed(kSearched));
  for (std::size_t count = 0;; ++count) {
    const absl::StatusOr<bool> row = rows->Step();
    if (!row.ok()) return row.status();
    if (!*row) {
      search.done = count < kSearched;
      return absl::OkStatus();
    }
    search.time = core::WallTime(core::WallTime::duration(rows->Int(0)));
    search.revision = static_cast<std::uint64_t>(rows->Int(1));
    search.first_revision = std::min(search.first_revision, search.revision);
    search.last_revision = std::max(search.last_revision, search.revision);
  }
}

absl::Status SqliteHistory::ReadRows(const HistoryQuery& query, HistoryPart& part) {
  auto rows = database_.Prepare(Sql(query));
  if (!rows.ok()) return rows.status();
  rows->Bind(1, Signed(query.after)).Bind(2, Signed(query.before));
  if (!query.client_id.empty()) rows->BindText(3, query.client_id);
  if (query.from || query.until) rows->Bind(4, From(query)).Bind(5, Until(query));
  rows->Bind(6, Signed(std::max<std::size_t>(query.limit, 1)));
  ServerIdPool ids;
  for (;;) {
    const absl::StatusOr<bool> row = rows->Step();
    if (!row.ok()) return row.status();
    if (!*row) return absl::OkStatus();
    auto transition = DecodeTransition(rows->Bytes(0), ids);
    if (!transition.ok()) return transition.status();
    part.transitions.push_back(*std::move(transition));
  }
}

// A range that may have been told by a server that died is a gap to those only
// who stand within it: they have seen what is not kept.
absl::Status SqliteHistory::ReadGaps(const HistoryQuery& query, HistoryPart& part) {
  auto gaps = database_.Prepare(
      "SELECT after, until FROM gaps WHERE until > ?1 AND after + 1 < ?2 AND (told OR after < ?1) ORDER BY "
      "after");
  if (!gaps.ok()) return gaps.status();
  gaps->Bind(1, Signed(query.after)).Bind(2, Signed(query.before));
  for (;;) {
    const absl::StatusOr<bool> row = gaps->Step();
    if (!row.ok()) return row.status();
    if (!*row) return absl::OkStatus();
    part.gaps.emplace_back(static_cast<std::uint64_t>(gaps->Int(0)),
                           static_cast<std::uint64_t>(gaps->Int(1)));
  }
}

}  // namespace liveness::storage
