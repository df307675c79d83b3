#include "server/storage/sqlite_log_keeper.h"

#include <algorithm>
#include <utility>

#include "common/strings.h"

namespace liveness::storage {
namespace {

constexpr std::int64_t kPageBytes = 4096;
constexpr std::int64_t kCheckpointPages = (std::int64_t{4} << 20) / kPageBytes;
constexpr common::Duration kCheckpointPause = std::chrono::milliseconds(100);
// A log is kept if for a second no look could copy more of it; from then on it is looked at once a second.
constexpr int kPinnedRounds = 10;
// Times its bound: from there on, that it is kept is told.
constexpr std::int64_t kToldFrom = 4;

}  // namespace

using common::MutexLock;

SqliteLogKeeper::SqliteLogKeeper(SqliteOptions options, common::Mutex& writing)
    : options_(std::move(options)),
      max_pages_(static_cast<std::int64_t>(options_.max_log_bytes) / kPageBytes),
      max_pinned_pages_(static_cast<std::int64_t>(options_.max_pinned_log_bytes) / kPageBytes),
      writing_(writing) {}

absl::StatusOr<std::unique_ptr<SqliteLogKeeper>> SqliteLogKeeper::Start(const std::string& uri,
                                                                        SqliteOptions options,
                                                                        common::Mutex& writing) {
  std::unique_ptr<SqliteLogKeeper> keeper(new SqliteLogKeeper(std::move(options), writing));
  if (auto status = keeper->Connect(uri); !status.ok()) return status;
  SqliteLogKeeper* const self = keeper.get();
  self->checkpointing_.emplace(kCheckpointPause, [self] { return self->CheckpointRound(); });
  if (!self->options_.fsync_always) {
    self->syncing_.emplace(self->options_.sync_interval / 2, [self] { return self->SyncRound(); });
  }
  return keeper;
}

absl::Status SqliteLogKeeper::Connect(const std::string& uri) {
  for (SqliteDatabase* database : {&sync_database_, &checkpoint_database_}) {
    auto opened = SqliteDatabase::Open(uri, SqliteDatabase::Access::kReadWrite, options_.vfs);
    if (!opened.ok()) return opened.status();
    *database = *std::move(opened);
    // The first read opens the log too.
    if (auto read = database->QueryInt("SELECT count(*) FROM meta"); !read.ok()) return read.status();
    if (auto status = database->Execute("PRAGMA synchronous=NORMAL; PRAGMA wal_autocheckpoint=0");
        !status.ok()) {
      return status;
    }
  }
  return absl::OkStatus();
}

void SqliteLogKeeper::Committed(std::int64_t pages) {
  bool long_enough = false;
  {
    MutexLock lock(mu_);
    ++commits_;
    pages_ = pages;
    long_enough = pages >= kCheckpointPages || pages > max_pages_;
  }
  if (syncing_) syncing_->Ask();
  if (long_enough) checkpointing_->Ask();
}

absl::Status SqliteLogKeeper::status() const {
  MutexLock lock(mu_);
  return failure_;
}

absl::Status SqliteLogKeeper::room() const {
  MutexLock lock(mu_);
  if (pages_ <= max_pinned_pages_) return absl::OkStatus();
  return absl::ResourceExhaustedError(common::StrCat(
      pinned_ ? "another program reads the database in a transaction that does not end, so that "
              : "other programs read the database without a pause, so that ",
      options_.path, "-wal has grown to ", pages_ * kPageBytes >> 20, " MiB; `fuser` of that file names it"));
}

bool SqliteLogKeeper::NoteKept(const Copied& copied, std::int64_t pages) {
  rounds_kept_ = copied.all || copied.pages != kept_at_ ? 0 : rounds_kept_ + 1;
  kept_at_ = copied.all ? 0 : copied.pages;
  bool pinned = false;
  {
    MutexLock lock(mu_);
    pinned = !copied.all && (pinned_ || (rounds_kept_ >= kPinnedRounds && pages > kToldFrom * max_pages_));
    if (pinned == pinned_) return pinned;
    pinned_ = pinned;
  }
  options_.log(pinned
                   ? common::StrCat(options_.path,
                                    ": another program reads it in a transaction that does not end; its log "
                                    "cannot begin anew, has ",
                                    pages * kPageBytes >> 20, " MiB and grows. `fuser ", options_.path,
                                    "-wal` names the program")
                   : common::StrCat(options_.path, ": its log can begin anew again"));
  return pinned;
}

absl::Status SqliteLogKeeper::Sync() {
  // "Journal" is what SQLite calls the log here too. The syncing thread's handle
  // of it is its own, and a sync of any is a sync of the file.
  sqlite3_file* log = nullptr;
  int code = sqlite3_file_control(sync_database_.handle(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &log);
  if (code == SQLITE_OK && (log == nullptr || log->pMethods == nullptr)) code = SQLITE_IOERR_FSYNC;
  if (code == SQLITE_OK) code = log->pMethods->xSync(log, SQLITE_SYNC_NORMAL | SQLITE_SYNC_DATAONLY);
  return SqliteError(sync_database_.handle(), code);
}

bool SqliteLogKeeper::SyncRound() {
  const absl::Status status = Sync();
  if (status.ok()) return false;
  const std::string words = common::StrCat(
      options_.path, ": what was committed may not survive a power loss, until it is written anew: ",
      common::ToStd(status.message()));
  bool known = false;
  {
    MutexLock lock(mu_);
    known = !failure_.ok();
    failure_ = absl::UnavailableError(words);
    ++failures_;
  }
  if (!known) options_.log(words);
  checkpointing_->Ask();
  return true;
}

absl::StatusOr<SqliteLogKeeper::Copied> SqliteLogKeeper::Checkpoint(int mode) {
  int in_log = 0, copied = 0;
  const int code = sqlite3_wal_checkpoint_v2(checkpoint_database_.handle(), "main", mode, &in_log, &copied);
  // Somebody reads an older page: the next time, then.
  if ((code & 0xff) == SQLITE_BUSY) return Copied{};
  if (code != SQLITE_OK) return SqliteError(checkpoint_database_.handle(), code);
  return Copied{copied, copied == in_log};
}

void SqliteLogKeeper::Complain(const absl::Status& status) {
  if (!complained_) {
    options_.log(common::StrCat(options_.path, ": its log cannot be moved into it, and grows meanwhile: ",
                                common::ToStd(status.message())));
  }
  complained_ = true;
}

bool SqliteLogKeeper::CheckpointRound() {
  std::int64_t pages = 0;
  bool calm = false, anew = false;
  std::uint64_t failures = 0;
  {
    MutexLock lock(mu_);
    pages = pages_;
    calm = commits_ == commits_seen_;
    commits_seen_ = commits_;
    anew = !failure_.ok();
    failures = failures_;
  }
  if (pages < checkpointed_pages_) checkpointed_pages_ = 0;  // the log began anew
  longest_pages_ = std::max(longest_pages_, pages);
  const bool outgrown = pages > max_pages_;
  const bool too_long = longest_pages_ > 4 * max_pages_;
  if (!anew && !outgrown && !(too_long && calm) && pages - checkpointed_pages_ < kCheckpointPages)
    return too_long;

  if (rounds_to_skip_ > 0 && !anew) {
    --rounds_to_skip_;
    return true;
  }
  absl::StatusOr<Copied> done = Checkpoint(SQLITE_CHECKPOINT_PASSIVE);
  const bool pinned = done.ok() && NoteKept(*done, pages);
  rounds_to_skip_ = pinned ? kPinnedRounds : 0;
  // Where not all could be copied, the writer may have been amid a commit: with it kept out, all can be.
  const bool far_outgrown = pages > 2 * max_pages_;
  if (done.ok() && !pinned && (far_outgrown || (done->all && calm && (outgrown || too_long)))) {
    // The file keeps its length and is written from its start again: to give
    // blocks back takes a file system longer than all the rest.
    const bool cut = calm && too_long;
    MutexLock lock(writing_);
    done = Checkpoint(cut ? SQLITE_CHECKPOINT_TRUNCATE : SQLITE_CHECKPOINT_RESTART);
    if (done.ok() && done->all) {
      pages = 0;
      // While nobody writes: what has come since the look above made the file longer, and what is committed
      // from here on counts anew.
      MutexLock pages_lock(mu_);
      longest_pages_ = cut ? 0 : std::max(longest_pages_, pages_);
      pages_ = 0;
    }
  }
  checkpointed_pages_ = pages;
  if (!done.ok()) {
    Complain(done.status());
    return anew;
  }
  complained_ = false;
  MutexLock lock(mu_);
  // A sync that failed meanwhile may be of pages that this has not seen.
  if (anew && done->all && failures == failures_) failure_ = absl::OkStatus();
  return !failure_.ok() || pages_ > max_pages_ || longest_pages_ > 4 * max_pages_;
}

}  // namespace liveness::storage
