// Small files, whole. Each call blocks for as long as a disk does. Thread-safe.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace liveness::common {

// The bytes of the file at `path`. INVALID_ARGUMENT, with what is wrong and without the path: it cannot be
// opened or read (`no such file or directory`), or holds more than `max_bytes`.
absl::StatusOr<std::string> ReadFile(const std::string& path, std::size_t max_bytes);

// The bytes of a file that holds secrets. INVALID_ARGUMENT as above, and: it is none (a pipe, a directory),
// or others than its owner and group may read it, or others than its owner write to it.
absl::StatusOr<std::string> ReadSecretFile(const std::string& path, std::size_t max_bytes);

// Writes all of `bytes`, however often it is interrupted. Returns how many were written: fewer than all if
// `fd` takes no more, and errno says why.
std::size_t WriteAll(int fd, std::string_view bytes);

// What tells that a file is another one than before, without reading it: its identity, mode, size and time of
// change. Of a path that names none, or is empty, the same for all.
std::string FilePrint(const std::string& path);

}  // namespace liveness::common
