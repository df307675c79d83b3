// What of a SQLite store's history is dropped: what is too old, and what is too many. Of the latter first the
// oldest of clients that hold more than their share, so that one client's endless changes do not push out
// everybody else's past; then the oldest of a voice (core/fleet/scopes.h) that holds more than half, so that
// no principal's thousands of ids do; then the oldest of all. A little at a time.
//
//   meta 'compacted'   nothing up to here is kept
//   meta 'thinned'     up to here some were dropped from the middle: a gap to whoever wants to know all
//
// Each function is one transaction at most. Not thread-safe: the writer thread's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/clock.h"
#include "server/core/record/record.h"
#include "server/storage/frequent.h"
#include "server/storage/sqlite_database.h"
#include "server/storage/sqlite_options.h"

namespace liveness::storage {

class SqliteTrimmer {
 public:
  // `database` is a migrated one, for as long as this lives; so are `options`. Counts the history: a second
  // for some ten million rows.
  static absl::StatusOr<SqliteTrimmer> On(SqliteDatabase& database, const SqliteOptions& options);

  // A row was committed.
  void Wrote(const core::Transition& transition);
  // Drops up to `most` rows that are beyond the bounds. Returns how many: fewer than `most` means that no
  // more are due. `now`: nothing while no wall clock is to be believed; then none is too old.
  absl::StatusOr<std::size_t> Trim(std::optional<common::WallTime> now, std::size_t most);
  // History up to here is no longer kept.
  std::uint64_t compacted() const { return compacted_; }

 private:
  SqliteTrimmer() = default;
  absl::StatusOr<std::size_t> ThinTheLoud(std::size_t most);
  // Of one client. Returns how many; 0: it holds no more than its share.
  absl::StatusOr<std::size_t> Thin(const std::string& client_id, std::size_t most);
  // Returns how many; 0: there is no such voice, or it has the oldest of all.
  absl::StatusOr<std::size_t> ThinTheMajority(std::size_t most);
  // What `drop` says, from the middle of history, up to `last`.
  absl::StatusOr<std::size_t> DropSome(SqliteStatement& drop, std::int64_t last);
  absl::StatusOr<std::size_t> DropOldest(std::optional<common::WallTime> now, std::size_t most);
  absl::Status DropUpTo(std::uint64_t revision);
  // To its end. Returns whose rows are gone, one for each.
  static absl::StatusOr<std::vector<std::string>> RunDrop(SqliteStatement& drop);
  void Dropped(const std::vector<std::string>& voices);
  std::size_t Excess() const;
  void AddRows(std::string_view voice, std::size_t count);

  SqliteDatabase* database_ = nullptr;
  const SqliteOptions* options_ = nullptr;
  SqliteStatement oldest_;
  SqliteStatement beyond_share_;  // the newest row of a client that is beyond its share
  SqliteStatement last_of_some_;  // of its oldest rows up to that, so many: the newest
  SqliteStatement drop_some_;
  SqliteStatement last_of_voice_;     // of a voice's oldest rows, so many: the newest
  SqliteStatement is_others_before_;  // whether another voice has a row up to there
  SqliteStatement drop_of_voice_;
  SqliteStatement drop_oldest_;
  std::size_t rows_ = 0;
  absl::btree_map<std::string, std::size_t> voices_;  // how many rows each has
  std::string majority_;                              // the last voice that had more than half
  std::uint64_t compacted_ = 0;
  std::uint64_t thinned_ = 0;
  std::optional<common::WallTime> oldest_time_;  // nothing: to be looked up
  Frequent writers_;
};

}  // namespace liveness::storage
