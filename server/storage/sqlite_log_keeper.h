// Looks after the write-ahead log, so that the writer need not: brings it to the
// disk, moves its pages into the database, and keeps it from growing.
//
// A commit writes to the log and does not wait for the disk: a killed process loses
// nothing, for the kernel has it. Against power loss one thread syncs the log: it
// begins within half of `sync_interval` after a commit, so that what is lost is
// the last `sync_interval`, unless the disk itself takes longer than half of it for
// one sync. A second thread copies the log's pages into the database (a checkpoint)
// for every 4 MiB, and has the log begin anew when it has outgrown its bound: only
// that last step keeps the writer out, at a calm moment and for the pages that the
// copying before it has left over. Both have a connection of their own.
//
// Who reads the database in a transaction (a shell, a backup) keeps what it may still
// read in the log, which then cannot begin anew and grows. SQLite has no way to end
// another program's transaction: it is told once, and past a hard bound there is no room.
// A reader that comes and goes, or the writer amid a commit, is no such one: what may be
// copied grows from look to look.
//
// A sync that fails has told the kernel's last word: another one may succeed and
// mean nothing. What was committed counts as safe again only after a checkpoint,
// which writes it anew.
//
// Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/mutex.h"
#include "server/storage/rounds.h"
#include "server/storage/sqlite_database.h"
#include "server/storage/sqlite_options.h"

namespace liveness::storage {

class SqliteLogKeeper {
 public:
  // `writing` is held by whoever writes to the database; it outlives this.
  static absl::StatusOr<std::unique_ptr<SqliteLogKeeper>> Start(const std::string& uri, SqliteOptions options,
                                                                common::Mutex& writing);

  // The writer committed, and the log holds `pages` now. Does not wait.
  void Committed(std::int64_t pages);
  // OK, or why power loss may cost more than was promised.
  absl::Status status() const;
  // OK, or RESOURCE_EXHAUSTED and why nothing more may be written now: somebody keeps the log from beginning
  // anew, and it has reached its hard bound.
  absl::Status room() const;

 private:
  SqliteLogKeeper(SqliteOptions options, common::Mutex& writing);
  absl::Status Connect(const std::string& uri);

  // One thread's each.
  bool SyncRound();
  bool CheckpointRound();
  absl::Status Sync();
  // How much of the log is in the database.
  struct Copied {
    std::int64_t pages = 0;
    bool all = false;
  };
  absl::StatusOr<Copied> Checkpoint(int mode);
  void Complain(const absl::Status& status);
  // What a look at the log, of that length, showed: true if somebody keeps it from beginning anew.
  bool NoteKept(const Copied& copied, std::int64_t pages);

  const SqliteOptions options_;
  const std::int64_t max_pages_;
  const std::int64_t max_pinned_pages_;
  common::Mutex& writing_;
  SqliteDatabase sync_database_;        // the syncing thread's
  SqliteDatabase checkpoint_database_;  // the checkpointing thread's, as those below up to `mu_`
  std::int64_t checkpointed_pages_ = 0;
  std::int64_t longest_pages_ = 0;  // that the log had since its file was cut
  std::uint64_t commits_seen_ = 0;
  bool complained_ = false;
  std::int64_t kept_at_ = 0;  // what the last look copied, if that was not all
  int rounds_kept_ = 0;       // for so many looks it has been the same
  int rounds_to_skip_ = 0;    // while it is pinned: each look goes through all of a long log

  mutable common::Mutex mu_;
  std::int64_t pages_ ABSL_GUARDED_BY(mu_) = 0;
  std::uint64_t commits_ ABSL_GUARDED_BY(mu_) = 0;
  absl::Status failure_ ABSL_GUARDED_BY(mu_);  // of a sync since the last whole checkpoint
  std::uint64_t failures_ ABSL_GUARDED_BY(mu_) = 0;
  bool pinned_ ABSL_GUARDED_BY(mu_) = false;  // and it was told

  // Last: their threads use the others.
  std::optional<Rounds> checkpointing_;
  std::optional<Rounds> syncing_;
};

}  // namespace liveness::storage
