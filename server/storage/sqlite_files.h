// The files of a SQLite store as files: who may read them, whether they are still
// the ones that a server left, and setting damaged ones aside.
//
// REQUIRES, for all: no connection of this process has the file open. SQLite's
// locks are the process's: to close any other descriptor of the file drops them.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/clock.h"

namespace liveness::storage {

// Makes `path` if it is missing, and readable by its owner only: it holds the key
// of the tokens. (SQLite gives -wal and -shm the same mode.)
absl::Status PrepareFile(const std::string& path);

// Tells this very file from a copy of it: its inode and the moment at which that
// was made. A file keeps both for its life, also when it is renamed or the machine
// restarts; a copy that takes its place has another birth, even where the inode's
// number is used again. (The device's number is left out: it may change when a
// machine restarts.) On file systems without birth times the inode alone.
absl::StatusOr<std::string> FileIdentity(const std::string& path);

// Renames PATH and its -wal and -shm to PATH.corrupt-20260131T120000Z..., with a
// number behind that if the name is taken. Returns the new name.
absl::StatusOr<std::string> SetAside(const std::string& path, common::WallTime now);

// True if there is a -wal with something in it and no database to go with it.
// SQLite would delete it.
bool HasLostItsDatabase(const std::string& path);

}  // namespace liveness::storage
