// What the last process reserved, noted in a file beside the database: so that a
// backup that was put in the database's place is known for what it is, even if it
// was copied over the file itself. Such a database holds an older reservation, and
// its revisions have been given out since.
//
// The note is written before the database, with what it holds now and what it is
// about to hold, and after it with the latter alone: a process that dies in
// between leaves a note that either state agrees with.
//
// Free functions; one process at a time.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace liveness::storage {

// PATH is the database's; the note is PATH-mark. Durable when it returns.
absl::Status WriteMark(const std::string& path, const std::vector<std::uint64_t>& reserved);

// What the database may hold; empty if there is no note, or none that can be read.
std::vector<std::uint64_t> ReadMark(const std::string& path);

}  // namespace liveness::storage
