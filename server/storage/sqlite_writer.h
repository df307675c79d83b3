// The transactions of a SQLite store: what becomes of changes on disk.
//
// Each function is one transaction: after an error nothing of it is there, as far
// as SQLite can tell. Not thread-safe: the writer thread's.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/core/record/record.h"
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
  // `database` is a migrated one, for as long as this lives; so are `options`.
  static absl::StatusOr<SqliteWriter> On(SqliteDatabase& database, const SqliteOptions& options);

  // Records and history. Each `after` bears its revision; they grow.
  absl::Status Write(const std::vector<core::Transition>& changes);
  // What was told while the disk failed, or a part of it: the latest records of clients, and
  // that history has a gap, which the next part may find longer. FORGOTTEN: the record goes.
  absl::Status WriteAfterOutage(const std::vector<core::RecordPtr>& latest, RevisionRange gap);
  // No revision up to `until` will be given out by a later process; `now` is what was
  // reserved before. Waits for the disk whatever fsync says: power loss must not
  // bring them back. To reserve less is to give back what was not used.
  absl::Status Reserve(std::uint64_t now, std::uint64_t until);
  // Revisions that nothing is known of: somebody may have seen what they stood for.
  absl::Status AddGap(RevisionRange gap);

 private:
  SqliteWriter() = default;
  absl::Status PutRecord(const core::ClientRecord& record);
  absl::Status PutTransition(const core::Transition& transition);
  absl::Status SetReserved(std::uint64_t until);

  SqliteDatabase* database_ = nullptr;
  const SqliteOptions* options_ = nullptr;
  SqliteStatement put_record_;
  SqliteStatement drop_record_;
  SqliteStatement put_transition_;
  // Reservations that failed at some point, and may stand on disk all the same: the note names them too, lest
  // the database be taken for a copy.
  std::vector<std::uint64_t> unsure_;
};

}  // namespace liveness::storage
