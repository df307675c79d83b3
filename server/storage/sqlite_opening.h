// From a path to a database that is fit for use: made if it is missing, checked,
// migrated, its records read; one that is damaged is set aside, one that is a copy
// is given a history of its own.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "server/storage/sqlite_database.h"
#include "server/storage/sqlite_options.h"
#include "server/storage/store.h"

namespace liveness::storage {

struct OpenedSqlite {
  std::string uri;  // for further connections; the first must stay as long as they do
  SqliteDatabase database;
  std::string history_id;
  TokenKey token_key{};
  Contents contents;                 // its revision: new ones begin above
  std::uint64_t reserved_until = 0;  // on disk, also after power loss
};

// What it does that an operator should know goes to `options.log` as well. Errors
// say in their message what to do:
//   FAILED_PRECONDITION  of a newer version, somebody else's, or in use by another process
//   RESOURCE_EXHAUSTED, UNAVAILABLE  the disk is full or fails
absl::StatusOr<OpenedSqlite> OpenSqlite(const SqliteOptions& options, const common::Clock& clock);

}  // namespace liveness::storage
