#include "server/storage/sqlite_writer.h"

#include <algorithm>
#include <string>
#include <utility>

#include "common/strings.h"
#include "server/core/fleet/scopes.h"
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
       "INSERT INTO history(revision, time_ns, client_id, transition, voice) VALUES(?1, ?2, ?3, ?4, ?5)"},
  };
  for (const auto& [statement, sql] : statements) {
    auto prepared = database.Prepare(sql);
    if (!prepared.ok()) return prepared.status();
    *statement = *std::move(prepared);
  }
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
  const std::string bytes = EncodeTransition(transition), voice = core::VoiceOf(*transition.after);
  return put_transition_.Bind(1, Signed(transition.revision()))
      .Bind(2, transition.time.time_since_epoch().count())
      .BindText(3, transition.after->client_id())
      .BindBlob(4, bytes)
      .BindText(5, voice)
      .Run();
}

absl::Status SqliteWriter::Write(const std::vector<core::Transition>& changes) {
  SqliteTransaction transaction(*database_);
  if (auto status = transaction.Begin(SqliteTransaction::Kind::kWrite); !status.ok()) return status;
  for (const core::Transition& change : changes) {
    if (auto status = PutRecord(*change.after); !status.ok()) return status;
    if (auto status = PutTransition(change); !status.ok()) return status;
  }
  return transaction.Commit();
}

absl::Status SqliteWriter::WriteAfterOutage(const std::vector<core::RecordPtr>& latest, RevisionRange gap) {
  SqliteTransaction transaction(*database_);
  if (auto status = transaction.Begin(SqliteTransaction::Kind::kWrite); !status.ok()) return status;
  for (const core::RecordPtr& record : latest) {
    if (auto status = PutRecord(*record); !status.ok()) return status;
  }
  if (gap.until > gap.after) {
    const auto sql = common::StrCat("INSERT OR REPLACE INTO gaps(after, until, told) VALUES(", gap.after,
                                    ", ", gap.until, ", 1)");
    if (auto status = database_->Execute(sql); !status.ok()) return status;
  }
  return transaction.Commit();
}

absl::Status SqliteWriter::Reserve(std::uint64_t now, std::uint64_t until) {
  if (options_->path == kInMemory) return SetReserved(until);
  std::vector<std::uint64_t> may_hold = unsure_;
  may_hold.insert(may_hold.end(), {now, until});
  if (auto status = WriteMark(options_->path, may_hold); !status.ok()) return status;
  if (auto status = SetReserved(until); !status.ok()) {
    if (std::find(unsure_.begin(), unsure_.end(), until) == unsure_.end()) unsure_.push_back(until);
    return status;
  }
  unsure_.clear();
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

absl::Status SqliteWriter::AddGap(RevisionRange gap) {
  return database_->Execute(common::StrCat("INSERT OR REPLACE INTO gaps(after, until, told) VALUES(",
                                           gap.after, ", ", gap.until, ", 0)"));
}

}  // namespace liveness::storage
