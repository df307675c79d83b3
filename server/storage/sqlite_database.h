// SQLite's C interface with owners and statuses: connections, statements,
// transactions. Knows nothing of what is stored.
//
// A connection and its statements are one thread's at a time. Errors come as
//   DATA_LOSS            the file is damaged, or is no database
//   RESOURCE_EXHAUSTED   no space left
//   FAILED_PRECONDITION  another process holds it
//   UNAVAILABLE          input or output failed
//   INTERNAL             anything else
// with SQLite's own words.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace liveness::storage {

// REQUIRES: its database outlives it.
class SqliteStatement {
 public:
  SqliteStatement() = default;

  // Parameters count from 1. A text or blob is not copied: it stays until the
  // statement has run.
  SqliteStatement& Bind(int index, std::int64_t value);
  SqliteStatement& BindText(int index, std::string_view text);
  SqliteStatement& BindBlob(int index, std::string_view bytes);

  // True: there is a row. False: no more; the statement may be bound and run anew.
  absl::StatusOr<bool> Step();
  // To its end, whatever rows it gives.
  absl::Status Run();
  // Ends a run early.
  void Reset();

  // Of the present row; columns count from 0. A view is valid until the next Step or Reset.
  std::int64_t Int(int column) const;
  std::string_view Bytes(int column) const;

 private:
  friend class SqliteDatabase;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  SqliteStatement& Bound(int code);

  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bind_error_ = SQLITE_OK;
};

class SqliteDatabase {
 public:
  enum class Access { kReadOnly, kReadWrite };

  SqliteDatabase() = default;
  // `path` is a file's, or a URI. The file must be there, unless the URI says
  // otherwise. `vfs`: SQLite's way to the disk; empty: its own.
  static absl::StatusOr<SqliteDatabase> Open(const std::string& path, Access access, const std::string& vfs);

  // Statements without parameters, separated by semicolons; rows are dropped.
  absl::Status Execute(const std::string& sql);
  absl::StatusOr<SqliteStatement> Prepare(std::string_view sql);
  // The first column of the first row of a statement without parameters.
  absl::StatusOr<std::int64_t> QueryInt(std::string_view sql);
  absl::StatusOr<std::string> QueryText(std::string_view sql);

  bool is_open() const { return handle_ != nullptr; }
  sqlite3* handle() const { return handle_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  std::unique_ptr<sqlite3, Close> handle_;
};

// Rolled back unless it is committed.
class SqliteTransaction {
 public:
  enum class Kind { kRead, kWrite };
  explicit SqliteTransaction(SqliteDatabase& database) : database_(database) {}
  ~SqliteTransaction();
  SqliteTransaction(const SqliteTransaction&) = delete;
  SqliteTransaction& operator=(const SqliteTransaction&) = delete;

  absl::Status Begin(Kind kind);
  absl::Status Commit();

 private:
  SqliteDatabase& database_;
};

// What a result code of SQLite's means.
absl::Status SqliteError(sqlite3* handle, int code);

}  // namespace liveness::storage
