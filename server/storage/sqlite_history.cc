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
// the index tells between which revisions its rows lie, by a look at each of them.
absl::Status SqliteHistory::ReadTimeRange(const HistoryQuery& query, HistoryPart& part) {
  const std::size_t wanted = std::max<std::size_t>(query.limit, 1);
  HistoryQuery near = query;
  if (auto status = KeepNear(near, kNearLimits * wanted); !status.ok()) return status;
  if (auto status = ReadRows(near, part); !status.ok()) return status;
  const bool is_all = near.after == query.after && near.before == query.before;
  if (is_all || part.transitions.size() >= wanted) return absl::OkStatus();
  part.transitions.clear();
  HistoryQuery clamped = query;
  if (auto status = Clamp(clamped); !status.ok()) return status;
  return ReadRows(clamped, part);
}

// Only the first `rows` of the way, whatever their time.
absl::Status SqliteHistory::KeepNear(HistoryQuery& query, std::size_t rows) {
  auto end = database_.Prepare(
      common::StrCat("SELECT revision FROM history WHERE revision > ?1 AND revision < ?2 ORDER BY revision ",
                     query.newest_first ? "DESC" : "ASC", " LIMIT 1 OFFSET ?3"));
  if (!end.ok()) return end.status();
  end->Bind(1, Signed(query.after)).Bind(2, Signed(query.before));
  const absl::StatusOr<bool> row = end->Bind(3, Signed(rows)).Step();
  if (!row.ok()) return row.status();
  if (!*row) return absl::OkStatus();  // so few are left
  (query.newest_first ? query.after : query.before) = static_cast<std::uint64_t>(end->Int(0));
  return absl::OkStatus();
}

absl::Status SqliteHistory::Clamp(HistoryQuery& query) {
  auto range = database_.Prepare(
      "SELECT min(revision), max(revision) FROM history INDEXED BY history_by_time "
      "WHERE time_ns >= ?1 AND time_ns < ?2");
  if (!range.ok()) return range.status();
  const absl::StatusOr<bool> row = range->Bind(1, From(query)).Bind(2, Until(query)).Step();
  if (!row.ok()) return row.status();
  const auto first = static_cast<std::uint64_t>(range->Int(0)),
             last = static_cast<std::uint64_t>(range->Int(1));
  query.after = std::max(query.after, first == 0 ? 0 : first - 1);
  query.before = std::min(query.before, last + 1);
  return absl::OkStatus();
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
