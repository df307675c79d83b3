#include "server/storage/sqlite_database.h"

#include "common/strings.h"

namespace liveness::storage {

absl::Status SqliteError(sqlite3* handle, int code) {
  if ((code & 0xff) == SQLITE_OK) return absl::OkStatus();
  std::string words = sqlite3_errstr(code);
  if (handle != nullptr && sqlite3_extended_errcode(handle) == code) words = sqlite3_errmsg(handle);
  const int number = handle == nullptr ? 0 : sqlite3_system_errno(handle);
  const bool io = (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN;
  words = common::StrCat(words, " (SQLite ", code, io && number != 0 ? ", errno " : "",
                         io && number != 0 ? std::to_string(number) : "", ")");
  switch (code & 0xff) {
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: return absl::DataLossError(words);
    case SQLITE_FULL: return absl::ResourceExhaustedError(words);
    case SQLITE_BUSY:
    case SQLITE_LOCKED: return absl::FailedPreconditionError(words);
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM: return absl::UnavailableError(words);
    default: return absl::InternalError(words);
  }
}

SqliteStatement& SqliteStatement::Bound(int code) {
  if (bind_error_ == SQLITE_OK) bind_error_ = code;
  return *this;
}

SqliteStatement& SqliteStatement::Bind(int index, std::int64_t value) {
  return Bound(sqlite3_bind_int64(statement_.get(), index, value));
}

SqliteStatement& SqliteStatement::BindText(int index, std::string_view text) {
  return Bound(sqlite3_bind_text64(statement_.get(), index, text.data() == nullptr ? "" : text.data(),
                                   text.size(), SQLITE_STATIC, SQLITE_UTF8));
}

SqliteStatement& SqliteStatement::BindBlob(int index, std::string_view bytes) {
  return Bound(sqlite3_bind_blob64(statement_.get(), index, bytes.data() == nullptr ? "" : bytes.data(),
                                   bytes.size(), SQLITE_STATIC));
}

absl::StatusOr<bool> SqliteStatement::Step() {
  sqlite3* const handle = sqlite3_db_handle(statement_.get());
  int code = bind_error_;
  if (code == SQLITE_OK) code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  const absl::Status status = code == SQLITE_DONE ? absl::OkStatus() : SqliteError(handle, code);
  Reset();
  if (!status.ok()) return status;
  return false;
}

absl::Status SqliteStatement::Run() {
  for (;;) {
    const absl::StatusOr<bool> row = Step();
    if (!row.ok()) return row.status();
    if (!*row) return absl::OkStatus();
  }
}

void SqliteStatement::Reset() {
  // Its code is the one that Step has told already.
  sqlite3_reset(statement_.get());
  bind_error_ = SQLITE_OK;
}

std::int64_t SqliteStatement::Int(int column) const { return sqlite3_column_int64(statement_.get(), column); }

std::string_view SqliteStatement::Bytes(int column) const {
  const void* bytes = sqlite3_column_blob(statement_.get(), column);
  const int size = sqlite3_column_bytes(statement_.get(), column);
  return bytes == nullptr ? std::string_view()
                          : std::string_view(static_cast<const char*>(bytes), static_cast<std::size_t>(size));
}

absl::StatusOr<SqliteDatabase> SqliteDatabase::Open(const std::string& path, Access access,
                                                    const std::string& vfs) {
  const int flags = (access == Access::kReadOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
                    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                    (path.starts_with("file:") ? SQLITE_OPEN_URI : 0);
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &handle, flags, vfs.empty() ? nullptr : vfs.c_str());
  SqliteDatabase database;
  database.handle_.reset(handle);
  if (code != SQLITE_OK) return SqliteError(handle, code);
  return database;
}

absl::Status SqliteDatabase::Execute(const std::string& sql) {
  return SqliteError(handle(), sqlite3_exec(handle(), sql.c_str(), nullptr, nullptr, nullptr));
}

absl::StatusOr<SqliteStatement> SqliteDatabase::Prepare(std::string_view sql) {
  sqlite3_stmt* prepared = nullptr;
  const int code = sqlite3_prepare_v3(handle(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &prepared, nullptr);
  if (code != SQLITE_OK) return SqliteError(handle(), code);
  SqliteStatement statement;
  statement.statement_.reset(prepared);
  return statement;
}

absl::StatusOr<std::int64_t> SqliteDatabase::QueryInt(std::string_view sql) {
  absl::StatusOr<SqliteStatement> statement = Prepare(sql);
  if (!statement.ok()) return statement.status();
  const absl::StatusOr<bool> row = statement->Step();
  if (!row.ok()) return row.status();
  return *row ? statement->Int(0) : 0;
}

absl::StatusOr<std::string> SqliteDatabase::QueryText(std::string_view sql) {
  absl::StatusOr<SqliteStatement> statement = Prepare(sql);
  if (!statement.ok()) return statement.status();
  const absl::StatusOr<bool> row = statement->Step();
  if (!row.ok()) return row.status();
  return *row ? std::string(statement->Bytes(0)) : std::string();
}

SqliteTransaction::~SqliteTransaction() {
  // SQLite may have rolled it back by itself.
  if (sqlite3_get_autocommit(database_.handle()) == 0) (void)database_.Execute("ROLLBACK");
}

absl::Status SqliteTransaction::Begin(Kind kind) {
  return database_.Execute(kind == Kind::kRead ? "BEGIN" : "BEGIN IMMEDIATE");
}

absl::Status SqliteTransaction::Commit() { return database_.Execute("COMMIT"); }

}  // namespace liveness::storage
