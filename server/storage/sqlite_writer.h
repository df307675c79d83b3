// The transactions of a SQLite store: what becomes of changes on disk.
//
// Each function is one transaction: after an error nothing of it is there, as far
// as SQLite can tell. Not thread-safe: the writer thread's.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/record.h"
#include "server/storage/sqlite_database.h"
#include "server/storage/sqlite_options.h"

namespace liveness::storage {

// Revisions (after, until].
struct RevisionRange {
  std::uint64_t after = 0;
  std::uint64_t until = 0;
};

class SqliteWriter {
 public:
  // `database` is a migrated one, for as long as this lives. Counts the history: a second for some ten
  // million rows.
  static absl::StatusOr<SqliteWriter> On(SqliteDatabase& database, const SqliteOptions& options);

  // Records and history. Each `after` bears its revision; they grow.
  absl::Status Write(const std::vector<core::Transition>& changes);
  // What was told while the disk failed: the latest record of each client, and
  // that history has a gap. FORGOTTEN: the record goes.
  absl::Status WriteAfterOutage(const std::vector<core::RecordPtr>& latest, RevisionRange gap);
  // No revision up to `until` will be given out by a later process; `now` is what was
  // reserved before. Waits for the disk whatever fsync says: power loss must not
  // bring them back. To reserve less is to give back what was not used.
  absl::Status Reserve(std::uint64_t now, std::uint64_t until);
  // Drops up to `most` rows of history that are beyond the bounds, oldest first.
  // Returns how many: fewer than `most` means that no more are due.
  absl::StatusOr<std::size_t> Trim(common::WallTime now, std::size_t most);

 private:
  SqliteWriter() = default;
  absl::Status PutRecord(const core::ClientRecord& record);
  absl::Status PutTransition(const core::Transition& transition);
  absl::Status SetReserved(std::uint64_t until);
  absl::Status DropUpTo(std::uint64_t revision);

  SqliteDatabase* database_ = nullptr;
  const SqliteOptions* options_ = nullptr;
  SqliteStatement put_record_;
  SqliteStatement drop_record_;
  SqliteStatement put_transition_;
  SqliteStatement oldest_;
  std::size_t history_rows_ = 0;
  std::optional<common::WallTime> oldest_time_;  // nothing: to be looked up
};

}  // namespace liveness::storage
