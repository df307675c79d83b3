// A file of secrets that is changed as a whole: whoever reads it meanwhile finds what was or what is to be.
#pragma once

#include <optional>
#include <string>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace liveness::cli {

// What is to be in a file, given what is in it; nothing: there is none. An error leaves it as it is.
using SecretChange = absl::FunctionRef<absl::StatusOr<std::string>(const std::optional<std::string>& text)>;

// Puts what `change` makes of the text of the file at `path` in its place, synced, under a lock, so that two
// who change it at once see each other's; `change` may then be called again. A new file is its owner's alone
// (0600); another keeps its owner and mode. An error of `change`, or INVALID_ARGUMENT: the file is a link or
// no regular file, is longer than 64 KiB, others may read it (common/files/file.h), or it cannot be
// written; then it is as it was. Errors begin with `path`. Blocks for as long as a disk does. Thread-safe.
absl::Status ChangeSecretFile(const std::string& path, SecretChange change);

}  // namespace liveness::cli
