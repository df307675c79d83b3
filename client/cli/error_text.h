// What went wrong, said so that the reader knows what to do. Pure, thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "client/cli/exit_code.h"

namespace liveness::cli {

// REQUIRES: !status.ok()
ExitCode ExitCodeOf(const absl::Status& status);

// One sentence for stderr. `server` is the HOST:PORT that was asked; several
// lines if the server named several fields. REQUIRES: !status.ok()
std::string ErrorText(const absl::Status& status, std::string_view server);

// gRPC's account of a failed connection, cut down to what the kernel, the
// resolver or TLS said: "connection refused".
std::string ConnectionFailure(std::string_view grpc_message);

}  // namespace liveness::cli
