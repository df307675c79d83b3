// Reads the past from a SQLite store, on a connection of its own: it neither waits
// for the writer nor holds it up. Thread-safe; one reads at a time, a few milliseconds
// each, whatever is asked: see HistoryPart::stopped_at.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/mutex.h"
#include "server/storage/sqlite_database.h"
#include "server/storage/store.h"

namespace liveness::storage {

class SqliteHistory {
 public:
  // The database is migrated already. `uri` and `vfs` as in SqliteDatabase::Open.
  static absl::StatusOr<std::unique_ptr<SqliteHistory>> Open(const std::string& uri, const std::string& vfs);

  // Rows of a time range that one call looks at to find where it begins and ends.
  static constexpr std::size_t kSearched = 4'096;

  // DATA_LOSS if a row cannot be read.
  absl::StatusOr<HistoryPart> Read(const HistoryQuery& query);

  // The statement for queries of this form: for a look at SQLite's plan.
  static std::string Sql(const HistoryQuery& query);
  // And that of the look for where a time range lies.
  static std::string_view SearchSql();

 private:
  explicit SqliteHistory(SqliteDatabase database) : database_(std::move(database)) {}
  absl::Status ReadTimeRange(const HistoryQuery& query, HistoryPart& part) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  // Leaves of `query` what the next `rows` of the way are; the last revision of that, if there is more.
  absl::StatusOr<std::optional<std::uint64_t>> KeepNear(HistoryQuery& query, std::size_t rows)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status Search(const HistoryQuery& query, TimeSearch& search) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status ReadRows(const HistoryQuery& query, HistoryPart& part) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);
  absl::Status ReadGaps(const HistoryQuery& query, HistoryPart& part) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mu_);

  common::Mutex mu_;
  SqliteDatabase database_ ABSL_GUARDED_BY(mu_);
};

}  // namespace liveness::storage
