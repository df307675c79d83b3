// Who else may reach into the data directory: nobody. In it are the key that signs resume tokens, and who is
// known.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace liveness::app {

// Makes `dir` if it is missing, its owner's alone (0700), whatever the umask. One that is there and this
// user's is tightened to that, and the files of a store in it to 0600; but one that others may write to or
// list and in which something else than a store lies is no data directory, and is left as it is. Returns what
// was changed, or could be better, a line each.
//
// INVALID_ARGUMENT, with what to do, if others may replace files in it: because it is another user's and all
// may write to it, or a group that is not this process's; or because it is for all (sticky, such as /tmp).
// Blocks for as long as a disk does.
absl::StatusOr<std::vector<std::string>> MakeDataDirPrivate(const std::string& dir);

// Those of `files` that others than their owner and group may read, or others than their owner may write to:
// a line each, that says so. What cannot be looked at is left out. Empty names too.
std::vector<std::string> FindExposedSecrets(const std::vector<std::string>& files);

// Those of `files`, which say who is let in, that all may write to: whoever does lets himself in. Else as
// above.
std::vector<std::string> FindForgeable(const std::vector<std::string>& files);

}  // namespace liveness::app
