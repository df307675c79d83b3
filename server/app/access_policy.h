// From the configuration to who is let in.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "server/app/config/config.h"
#include "server/auth/access.h"

namespace liveness::app {

// Reads the files that the configuration names, and the authorities of --tls-ca. INVALID_ARGUMENT, naming the
// flag and the file: what is wrong. Blocks for as long as a disk does.
absl::StatusOr<auth::AccessPolicy> LoadPolicy(const Config& config);

// What tells whether LoadPolicy would read something else (common/files/file.h).
std::string PolicyPrint(const Config& config);

// OK, or INVALID_ARGUMENT: others than this host reach a listener, and anybody there could do anything. Such
// a server does not start: it needs client certificates or, over TLS, tokens; or an operator's word on what
// strangers may do.
absl::Status CheckClosed(const Config& config);

// What --insecure-anonymous lets anybody do, each in a word.
std::vector<std::string> AnonymousMay(const Config& config);

// How callers prove who they are: by certificates, tokens, or not at all; and what anonymous ones may do, as
// a sentence. Empty where only this host reaches the server and nobody is asked.
std::string DescribeAccess(const Config& config);

}  // namespace liveness::app
