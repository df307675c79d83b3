#include "server/storage/sqlite_schema.h"

#include "common/strings.h"

namespace liveness::storage {
namespace {

// "livn": says whose file it is, also to file(1).
constexpr std::int64_t kApplicationId = 0x6c69766e;

// Of a transition only what it is searched by has columns; the rest is one blob
// (docs/adr/0012). A revision is a row's number, so history needs no index for it,
// and every other index ends in it.
constexpr std::string_view kVersion1 = R"(
  CREATE TABLE meta(key TEXT PRIMARY KEY, value) WITHOUT ROWID;
  CREATE TABLE clients(
    client_id TEXT NOT NULL UNIQUE,
    revision INTEGER NOT NULL,
    record BLOB NOT NULL);
  CREATE TABLE history(
    revision INTEGER PRIMARY KEY,
    time_ns INTEGER NOT NULL,
    client_id TEXT NOT NULL,
    transition BLOB NOT NULL);
  CREATE INDEX history_by_client ON history(client_id);
  CREATE INDEX history_by_time ON history(time_ns);
  CREATE TABLE gaps(
    after INTEGER PRIMARY KEY,
    until INTEGER NOT NULL,
    told INTEGER NOT NULL);
)";

// Whose a transition is (core/fleet/scopes.h), by which history is kept from being pushed out by one of them.
// Of those from before this nobody knows.
constexpr std::string_view kVersion2 = R"(
  ALTER TABLE history ADD COLUMN voice TEXT NOT NULL DEFAULT '';
  CREATE INDEX history_by_voice ON history(voice);
)";

constexpr std::string_view kMigrations[] = {kVersion1, kVersion2};

absl::Status Apply(SqliteDatabase& database, std::string_view sql, std::int64_t version) {
  SqliteTransaction transaction(database);
  if (auto status = transaction.Begin(SqliteTransaction::Kind::kWrite); !status.ok()) return status;
  if (auto status = database.Execute(std::string(sql)); !status.ok()) return status;
  const std::string stamp =
      common::StrCat("PRAGMA application_id=", kApplicationId, "; PRAGMA user_version=", version);
  if (auto status = database.Execute(stamp); !status.ok()) return status;
  return transaction.Commit();
}

absl::StatusOr<SqliteStatement> SetMetaStatement(SqliteDatabase& database, std::string_view key) {
  auto statement = database.Prepare("INSERT OR REPLACE INTO meta(key, value) VALUES(?1, ?2)");
  if (statement.ok()) statement->BindText(1, key);
  return statement;
}

}  // namespace

Migrations SqliteMigrations() { return kMigrations; }

absl::StatusOr<std::int64_t> Migrate(SqliteDatabase& database, Migrations migrations) {
  const auto version = database.QueryInt("PRAGMA user_version");
  if (!version.ok()) return version.status();
  const auto application = database.QueryInt("PRAGMA application_id");
  if (!application.ok()) return application.status();
  const auto tables = database.QueryInt("SELECT count(*) FROM sqlite_schema");
  if (!tables.ok()) return tables.status();

  const bool empty = *version == 0 && *application == 0 && *tables == 0;
  if (!empty && *application != kApplicationId) {
    return absl::FailedPreconditionError(
        "it is a database, but not of livenessd; move it away, or choose another directory");
  }
  const auto newest = static_cast<std::int64_t>(migrations.size());
  if (*version > newest) {
    return absl::FailedPreconditionError(common::StrCat(
        "a newer livenessd wrote it (version ", *version, "; this one knows up to ", newest,
        "); start that one again, or restore a backup from before it, or choose another directory"));
  }
  for (std::int64_t next = *version; next < newest; ++next) {
    if (auto status = Apply(database, migrations[static_cast<std::size_t>(next)], next + 1); !status.ok()) {
      return status;
    }
  }
  return *version;
}

absl::Status QuickCheck(SqliteDatabase& database) {
  const auto found = database.QueryText("PRAGMA quick_check(1)");
  if (!found.ok()) return found.status();
  return *found == "ok" ? absl::OkStatus() : absl::DataLossError(*found);
}

absl::StatusOr<std::int64_t> MetaInt(SqliteDatabase& database, std::string_view key) {
  return database.QueryInt(common::StrCat("SELECT value FROM meta WHERE key = '", key, "'"));
}

absl::StatusOr<std::string> MetaBytes(SqliteDatabase& database, std::string_view key) {
  return database.QueryText(common::StrCat("SELECT value FROM meta WHERE key = '", key, "'"));
}

absl::Status SetMeta(SqliteDatabase& database, std::string_view key, std::int64_t value) {
  auto statement = SetMetaStatement(database, key);
  return statement.ok() ? statement->Bind(2, value).Run() : statement.status();
}

absl::Status SetMeta(SqliteDatabase& database, std::string_view key, std::string_view bytes) {
  auto statement = SetMetaStatement(database, key);
  return statement.ok() ? statement->BindBlob(2, bytes).Run() : statement.status();
}

}  // namespace liveness::storage
