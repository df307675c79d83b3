// What lies in liveness.db, by version, and how an older file becomes a newer one.
//
//   clients   one row a client: its last committed record
//   history   one row a transition, by revision
//   gaps      revisions (after, until] of which history tells nothing. `told` 1: they
//             were told while the disk failed. 0: a server died that may have given
//             them out, and nothing of theirs is kept
//   meta      one row for each thing that there is one of, and one for each note (notes/sqlite_notes.h)
//
// A version is a step of a list: it is applied once, in one transaction with the
// number that says so. Released steps never change; a new one goes to the end.
//
// Free functions; the connection is the caller's.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/storage/sqlite_database.h"

namespace liveness::storage {

// SQL that leads from version n to n + 1, where n is its place in the list.
using Migrations = std::span<const std::string_view>;
Migrations SqliteMigrations();

// Brings the database to the last version. Returns the version that it had; 0: it was empty.
//   FAILED_PRECONDITION  it is of a newer version, or somebody else's; nothing was changed
absl::StatusOr<std::int64_t> Migrate(SqliteDatabase& database, Migrations migrations);

// Reads every page and looks for damage: about a second a GB from a disk that gives as much.
// DATA_LOSS with what was found.
absl::Status QuickCheck(SqliteDatabase& database);

// Rows of `meta`. A row that is missing reads as 0 or empty.
namespace meta {
inline constexpr std::string_view kHistoryId = "history_id";
inline constexpr std::string_view kTokenKey = "token_key";
inline constexpr std::string_view kReservedUntil = "reserved_until";  // no revision above was ever given
inline constexpr std::string_view kCompacted = "compacted";           // history up to here was trimmed
inline constexpr std::string_view kThinned = "thinned";               // sqlite_trimmer.h
inline constexpr std::string_view kHome = "home";                     // sqlite_files.h: FileIdentity
inline constexpr std::string_view kLineStart = "line_start";          // this history's revisions are above
}  // namespace meta

absl::StatusOr<std::int64_t> MetaInt(SqliteDatabase& database, std::string_view key);
absl::StatusOr<std::string> MetaBytes(SqliteDatabase& database, std::string_view key);
absl::Status SetMeta(SqliteDatabase& database, std::string_view key, std::int64_t value);
absl::Status SetMeta(SqliteDatabase& database, std::string_view key, std::string_view bytes);

}  // namespace liveness::storage
