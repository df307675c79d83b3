#include "server/storage/sqlite_writer.h"

#include <string>
#include <utility>

#include "common/strings.h"
#include "server/storage/record_codec.h"
#include "server/storage/sqlite_mark.h"
#include "server/storage/sqlite_schema.h"

namespace liveness::storage {
namespace {

std::int64_t Signed(std::uint64_t revision) { return static_cast<std::int64_t>(revision); }

}  // namespace

absl::StatusOr<SqliteWriter> SqliteWriter::On(SqliteDatabase& database, const SqliteOptions& options) {
  SqliteWriter writer;
  writer.database_ = &database;
  writer.options_ = &options;
  const std::pair<SqliteStatement*, std::string_view> statements[] = {
      {&writer.put_record_,
       "INSERT INTO clients(client_id, revision, record) VALUES(?1, ?2, ?3) ON CONFLICT(client_id) DO UPDATE "
       "SET revision = excluded.revision, record = excluded.record"},
      {&writer.drop_record_, "DELETE FROM clients WHERE client_id = ?1"},
      {&writer.put_transition_,
       "INSERT INTO history(revision, time_ns, client_id, transition) VALUES(?1, ?2, ?3, ?4)"},
      {&writer.oldest_, "SELECT revision, time_ns FROM history ORDER BY revision LIMIT ?1"},
  };
  for (const auto& [statement, sql] : statements) {
    auto prepared = database.Prepare(sql);
    if (!prepared.ok()) return prepared.status();
    *statement = *std::move(prepared);
  }
  const auto rows = database.QueryInt("SELECT count(*) FROM history");
  if (!rows.ok()) return rows.status();
  writer.history_rows_ = static_cast<std::size_t>(*rows);
  return writer;
}

absl::Status SqliteWriter::PutRecord(const core::ClientRecord& record) {
  if (record.state == core::State::kForgotten) return drop_record_.BindText(1, record.client_id()).Run();
  const std::string bytes = EncodeRecord(record);
  return put_record_.BindText(1, record.client_id())
      .Bind(2, Signed(record.revision))
      .BindBlob(3, bytes)
      .Run();
}

absl::Status SqliteWriter::PutTransition(const core::Transition& transition) {
  const std::string bytes = EncodeTransition(transition);
  return put_transition_.Bind(1, Signed(transition.revision()))
      .Bind(2, transition.time.time_since_epoch().count())
      .BindText(3, transition.after->client_id())
      .BindBlob(4, bytes)
      .Run();
}

absl::Status SqliteWriter::Write(const std::vector<core::Transition>& changes) {
  SqliteTransaction transaction(*database_);
  if (auto status = transaction.Begin(SqliteTransaction::Kind::kWrite); !status.ok()) return status;
  for (const core::Transition& change : changes) {
    if (auto status = PutRecord(*change.after); !status.ok()) return status;
    if (auto status = PutTransition(change); !status.ok()) return status;
  }
  if (auto status = transaction.Commit(); !status.ok()) return status;
  history_rows_ += changes.size();
  return absl::OkStatus();
}

absl::Status SqliteWriter::WriteAfterOutage(const std::vector<core::RecordPtr>& latest, RevisionRange gap) {
  SqliteTransaction transaction(*database_);
  if (auto status = transaction.Begin(SqliteTransaction::Kind::kWrite); !status.ok()) return status;
  for (const core::RecordPtr& record : latest) {
    if (auto status = PutRecord(*record); !status.ok()) return status;
  }
  if (gap.until > gap.after) {
    const auto sql =
        common::StrCat("INSERT INTO gaps(after, until, told) VALUES(", gap.after, ", ", gap.until, ", 1)");
    if (auto status = database_->Execute(sql); !status.ok()) return status;
  }
  return transaction.Commit();
}

absl::Status SqliteWriter::Reserve(std::uint64_t now, std::uint64_t until) {
  if (options_->path == kInMemory) return SetReserved(until);
  if (auto status = WriteMark(options_->path, {now, until}); !status.ok()) return status;
  if (auto status = SetReserved(until); !status.ok()) return status;
  // If this fails, the note before it agrees with the database as well.
  (void)WriteMark(options_->path, {until});
  return absl::OkStatus();
}

absl::Status SqliteWriter::SetReserved(std::uint64_t until) {
  if (auto status = database_->Execute("PRAGMA synchronous=FULL"); !status.ok()) return status;
  absl::Status status = SetMeta(*database_, meta::kReservedUntil, Signed(until));
  if (!options_->fsync_always) {
    auto back = database_->Execute("PRAGMA synchronous=NORMAL");
    if (status.ok()) status = back;
  }
  return status;
}

absl::StatusOr<std::size_t> SqliteWriter::Trim(common::WallTime now, std::size_t most) {
  const common::WallTime cutoff = now - options_->max_history_age;
  const auto is_due = [&](std::size_t dropped, common::WallTime time) {
    return history_rows_ - dropped > options_->max_history_rows || time < cutoff;
  };
  if (history_rows_ == 0 || (oldest_time_ && !is_due(0, *oldest_time_))) return 0;

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
  history_rows_ -= dropped;
  return dropped;
}

absl::Status SqliteWriter::DropUpTo(std::uint64_t revision) {
  SqliteTransaction transaction(*database_);
  if (auto status = transaction.Begin(SqliteTransaction::Kind::kWrite); !status.ok()) return status;
  const auto sql = common::StrCat("DELETE FROM history WHERE revision <= ", revision,
                                  "; DELETE FROM gaps WHERE until <= ", revision);
  if (auto status = database_->Execute(sql); !status.ok()) return status;
  if (auto status = SetMeta(*database_, meta::kCompacted, Signed(revision)); !status.ok()) return status;
  return transaction.Commit();
}

}  // namespace liveness::storage
