// Notes in a SQLite database: rows of `meta`, under keys that begin with `note/`, so that an older livenessd,
// which knows nothing of them, still opens the database and leaves them alone.
//
// What was written is saved by the store's writer thread, all of it in one transaction. On a disk that fails
// that is tried again every second, and notes are read from memory meanwhile.
#pragma once

#include <chrono>
#include <functional>

#include "absl/status/status.h"
#include "common/clock.h"
#include "server/storage/notes/local_notes.h"
#include "server/storage/sqlite_database.h"
#include "server/storage/sqlite_options.h"

namespace liveness::storage {

// The writer thread's, but for notes().
class SqliteNotes {
 public:
  static constexpr common::Duration kRetry = std::chrono::seconds(1);

  // `options` outlive it. `wake` is called, on any thread, when Save() has something to do.
  SqliteNotes(const SqliteOptions& options, std::function<void()> wake)
      : options_(options), notes_(std::move(wake)) {}

  Notes& notes() { return notes_; }

  // Once, before anything is written.
  absl::Status Load(SqliteDatabase& database);
  // Saves what is unsaved, but after a failure only once it is time again. `write` runs what it is given, or
  // says why nothing may be written now.
  using Write = std::function<absl::Status(const std::function<absl::Status()>&)>;
  void Save(SqliteDatabase& database, common::MonoTime now, const Write& write);
  // When Save() is to be called again, because it failed; MonoTime::max(): it did not.
  common::MonoTime retry_at() const { return retry_at_; }

 private:
  const SqliteOptions& options_;
  LocalNotes notes_;
  common::MonoTime retry_at_ = common::MonoTime::max();
};

}  // namespace liveness::storage
