#include "server/storage/sqlite_trimmer.h"

#include <algorithm>
#include <string>
#include <utility>

#include "common/strings.h"
#include "server/storage/sqlite_schema.h"

namespace liveness::storage {
namespace {

// A look at one is a walk over its share of an index, some 50 us.
constexpr std::size_t kLookedAt = 16;
// Of its share: who has written so much since it was looked at is looked at again.
constexpr std::size_t kWorthALook = 4;

std::int64_t Signed(std::uint64_t revision) { return static_cast<std::int64_t>(revision); }

}  // namespace

absl::StatusOr<SqliteTrimmer> SqliteTrimmer::On(SqliteDatabase& database, const SqliteOptions& options) {
  SqliteTrimmer trimmer;
  trimmer.database_ = &database;
  trimmer.options_ = &options;
  const std::pair<SqliteStatement*, std::string_view> statements[] = {
      {&trimmer.oldest_, "SELECT revision, time_ns FROM history ORDER BY revision LIMIT ?1"},
      {&trimmer.beyond_share_,
       "SELECT revision FROM history WHERE client_id = ?1 ORDER BY revision DESC LIMIT 1 OFFSET ?2"},
      {&trimmer.last_of_some_,
       "SELECT max(revision) FROM (SELECT revision FROM history WHERE client_id = ?1 AND revision <= ?2 "
       "ORDER BY revision LIMIT ?3)"},
      {&trimmer.drop_some_, "DELETE FROM history WHERE client_id = ?1 AND revision <= ?2"},
  };
  for (const auto& [statement, sql] : statements) {
    auto prepared = database.Prepare(sql);
    if (!prepared.ok()) return prepared.status();
    *statement = *std::move(prepared);
  }
  const auto rows = database.QueryInt("SELECT count(*) FROM history");
  const auto compacted = MetaInt(database, meta::kCompacted), thinned = MetaInt(database, meta::kThinned);
  for (const auto* number : {&rows, &compacted, &thinned}) {
    if (!number->ok()) return number->status();
  }
  trimmer.rows_ = static_cast<std::size_t>(*rows);
  trimmer.compacted_ = static_cast<std::uint64_t>(*compacted);
  trimmer.thinned_ = static_cast<std::uint64_t>(*thinned);
  if (trimmer.rows_ <= options.max_history_rows / 2) return trimmer;
  // Who was loud before this start.
  auto loud = database.Prepare(
      "SELECT client_id, count(*) FROM history GROUP BY client_id HAVING count(*) > ?1 LIMIT ?2");
  if (!loud.ok()) return loud.status();
  loud->Bind(1, Signed(options.max_history_per_client)).Bind(2, Signed(Frequent::kCounters));
  for (;;) {
    const absl::StatusOr<bool> row = loud->Step();
    if (!row.ok()) return row.status();
    if (!*row) return trimmer;
    trimmer.writers_.Add(loud->Bytes(0), static_cast<std::uint64_t>(loud->Int(1)));
  }
}

void SqliteTrimmer::Wrote(const core::Transition& transition) {
  ++rows_;
  writers_.Add(transition.after->client_id());
}

absl::StatusOr<std::size_t> SqliteTrimmer::Trim(std::optional<common::WallTime> now, std::size_t most) {
  const auto thinned = ThinTheLoud(most);
  if (!thinned.ok() || *thinned >= most) return thinned;
  const auto dropped = DropOldest(now, most - *thinned);
  if (!dropped.ok()) return dropped;
  return *thinned + *dropped;
}

absl::StatusOr<std::size_t> SqliteTrimmer::ThinTheLoud(std::size_t most) {
  if (rows_ <= options_->max_history_rows) return 0;
  const std::size_t wanted = std::min(most, rows_ - options_->max_history_rows);
  const std::size_t worth = std::max<std::size_t>(options_->max_history_per_client / kWorthALook, 1);
  std::size_t dropped = 0;
  for (const std::string& client_id : writers_.AtLeast(worth, kLookedAt)) {
    if (dropped >= wanted) break;
    const auto some = Thin(client_id, wanted - dropped);
    if (!some.ok()) return some;
    if (*some == 0) writers_.Forget(client_id);
    dropped += *some;
    rows_ -= *some;
  }
  return dropped;
}

absl::StatusOr<std::size_t> SqliteTrimmer::Thin(const std::string& client_id, std::size_t most) {
  beyond_share_.BindText(1, client_id).Bind(2, Signed(options_->max_history_per_client));
  const absl::StatusOr<bool> beyond = beyond_share_.Step();
  if (!beyond.ok()) return beyond.status();
  if (!*beyond) return 0;
  const std::int64_t newest = beyond_share_.Int(0);
  beyond_share_.Reset();
  last_of_some_.BindText(1, client_id).Bind(2, newest).Bind(3, Signed(most));
  const absl::StatusOr<bool> some = last_of_some_.Step();
  if (!some.ok()) return some.status();
  const std::int64_t last = last_of_some_.Int(0);
  last_of_some_.Reset();

  const std::uint64_t thinned = std::max(thinned_, static_cast<std::uint64_t>(last));
  SqliteTransaction transaction(*database_);
  if (auto status = transaction.Begin(SqliteTransaction::Kind::kWrite); !status.ok()) return status;
  if (auto status = drop_some_.BindText(1, client_id).Bind(2, last).Run(); !status.ok()) return status;
  const auto count = static_cast<std::size_t>(sqlite3_changes(database_->handle()));
  if (auto status = SetMeta(*database_, meta::kThinned, Signed(thinned)); !status.ok()) return status;
  if (auto status = transaction.Commit(); !status.ok()) return status;
  thinned_ = thinned;
  return count;
}

absl::StatusOr<std::size_t> SqliteTrimmer::DropOldest(std::optional<common::WallTime> now, std::size_t most) {
  const auto is_due = [&](std::size_t dropped, common::WallTime time) {
    return rows_ - dropped > options_->max_history_rows || (now && time < *now - options_->max_history_age);
  };
  if (rows_ == 0 || (oldest_time_ && !is_due(0, *oldest_time_))) return 0;

  std::size_t dropped = 0;
  std::uint64_t last = 0;
  oldest_time_.reset();
  oldest_.Bind(1, static_cast<std::int64_t>(most) + 1);
  for (;;) {
    const absl::StatusOr<bool> row = oldest_.Step();
    if (!row.ok()) return row.status();
    if (!*row) break;
    const common::WallTime time{common::Duration(oldest_.Int(1))};
    if (dropped == most || !is_due(dropped, time)) {
      oldest_time_ = time;
      oldest_.Reset();
      break;
    }
    last = static_cast<std::uint64_t>(oldest_.Int(0));
    ++dropped;
  }
  if (dropped == 0) return 0;
  if (auto status = DropUpTo(last); !status.ok()) {
    oldest_time_.reset();
    return status;
  }
  rows_ -= dropped;
  return dropped;
}

absl::Status SqliteTrimmer::DropUpTo(std::uint64_t revision) {
  SqliteTransaction transaction(*database_);
  if (auto status = transaction.Begin(SqliteTransaction::Kind::kWrite); !status.ok()) return status;
  const auto sql = common::StrCat("DELETE FROM history WHERE revision <= ", revision,
                                  "; DELETE FROM gaps WHERE until <= ", revision);
  if (auto status = database_->Execute(sql); !status.ok()) return status;
  if (auto status = SetMeta(*database_, meta::kCompacted, Signed(revision)); !status.ok()) return status;
  if (auto status = transaction.Commit(); !status.ok()) return status;
  compacted_ = revision;
  return absl::OkStatus();
}

}  // namespace liveness::storage
