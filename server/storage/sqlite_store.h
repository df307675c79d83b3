// A store in one SQLite database: the default, for a single server.
//
// Proposals are queued; one writer thread takes all that are queued into one
// transaction, commits, and only then tells the listener. While a transaction is
// under way the next one gathers, so that the rate grows with the load.
//
//   Propose --> queue --> writer: encode, BEGIN ... COMMIT (the log, not the disk) --> OnCommitted
//                           \--> SqliteLogKeeper: sync and checkpoints, on threads of their own
//
// Revisions are given out by the writer, in the order of the queue. They are
// reserved in blocks ahead, on disk before the first of a block is used: a process
// that is killed at any moment is followed by one whose revisions are all above.
// Each process begins above the wall clock in microseconds as well, and above what
// a client proves to have been given: see docs/adr/0020 for files that went back.
//
// When the disk is full or fails (outage.h), changes that begin a session are
// refused, all others are told under reserved revisions, and kept in memory until
// they can be written, with a gap in history. When the reserved block is used up
// they wait. health() says so in the meantime, and also if one write takes long: a
// disk that hangs holds all changes up until it answers. The same becomes of a log
// that another program's transaction keeps from beginning anew, past a hard bound.
//
// One thing cannot be known: a transaction that failed at its very end may stand on
// disk all the same, and come to light if the process is killed before anything
// else was written. Its revisions are therefore never used again.
//
// The database's own files must not be used by another server (the data
// directory's lock sees to that); other programs may read it at any time.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/mutex.h"
#include "server/core/time/settled_wall.h"
#include "server/storage/batch_queue.h"
#include "server/storage/notes/sqlite_notes.h"
#include "server/storage/outage.h"
#include "server/storage/sqlite_history.h"
#include "server/storage/sqlite_log_keeper.h"
#include "server/storage/sqlite_opening.h"
#include "server/storage/sqlite_options.h"
#include "server/storage/sqlite_trimmer.h"
#include "server/storage/sqlite_writer.h"
#include "server/storage/store.h"

namespace liveness::storage {

class SqliteStore final : public Store {
 public:
  // Opens, checks and reads the database; see sqlite_opening.h for what it does to
  // one that is damaged, of another version or a copy, and for its errors. Takes
  // about 5 s for a million clients. `clock` outlives the store.
  static absl::StatusOr<std::unique_ptr<SqliteStore>> Open(SqliteOptions options, const common::Clock& clock);
  ~SqliteStore() override;

  std::string_view kind() const override { return "sqlite"; }
  const std::string& history_id() const override { return opened_.history_id; }
  const TokenKey& token_key() const override { return opened_.token_key; }
  absl::StatusOr<Contents> Load() override;
  void Start(StoreListener& listener) override;
  void Stop() override;
  core::RecordPtr Propose(Proposal proposal) override;
  void OnLostRevision(std::uint64_t revision) override;
  absl::StatusOr<HistoryPart> ReadHistory(const HistoryQuery& query) const override;
  Notes& notes() override { return notes_.notes(); }
  std::optional<std::uint64_t> compacted() const override {
    return compacted_.load(std::memory_order_relaxed);
  }
  absl::Status health() const override;

 private:
  SqliteStore(SqliteOptions options, const common::Clock& clock, OpenedSqlite opened);
  absl::Status Connect();

  // The writer thread's, all of them.
  void Run();
  // For how long to wait for work.
  common::Duration Pause() const;
  void Handle(std::vector<Proposal> batch);
  // False: the disk fails, and what became of them has been told.
  bool HandleOne(std::vector<Proposal> batch);
  absl::Status Commit(std::vector<Committed>& changes, const std::vector<Proposal>& batch);
  // OK, or why nothing may be written now.
  absl::Status Room() const;
  absl::Status MakeRoom(std::size_t revisions);
  // Leaves out what was given out and is not known.
  absl::Status SkipLost();
  void BeginOutage(const absl::Status& why);
  // Writes a part of what an outage left, if it is time or `now`. True if there is none, or none any more.
  bool Recover(bool now);
  void TellUnwritten(std::vector<Proposal> batch);
  void TrimSome();
  void Close();
  template <typename Write>
  absl::Status Timed(Write write);

  const SqliteOptions options_;
  const common::Clock& clock_;
  common::Mutex writing_;  // see SqliteLogKeeper
  OpenedSqlite opened_;
  std::optional<SqliteWriter> writer_;
  std::optional<SqliteTrimmer> trimmer_;
  std::unique_ptr<SqliteHistory> history_;
  std::unique_ptr<SqliteLogKeeper> log_keeper_;  // null in memory
  StoreListener* listener_ = nullptr;

  // The writer thread's.
  std::uint64_t last_ = 0;      // given out
  std::uint64_t reserved_ = 0;  // may be given out
  Outage outage_;
  core::SettledWall wall_;
  std::deque<std::vector<Proposal>> held_;  // wait for revisions, as they were taken
  std::size_t untrimmed_ = 0;               // changes since history was last looked through
  bool trim_more_ = true;                   // more of history is, or may be, to be dropped

  std::atomic<std::uint64_t> compacted_{0};              // of history
  std::atomic<common::Duration::rep> writing_since_{0};  // MonoTime; 0: no write is under way
  BatchQueue queue_;
  SqliteNotes notes_{options_, [this] { queue_.Wake(); }};
  mutable common::Mutex mu_;
  std::uint64_t lost_ ABSL_GUARDED_BY(mu_) = 0;  // revisions up to this were given out
  absl::Status failure_ ABSL_GUARDED_BY(mu_);
  RevisionRange unwritten_ ABSL_GUARDED_BY(mu_);  // were told, and are in memory alone: the outage's
  std::thread thread_;
};

}  // namespace liveness::storage
