// What went wrong, said so that the reader knows what to do. Pure, thread-safe.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "client/cli/exit_code.h"
#include "client/cli/settings.h"

namespace liveness::cli {

// REQUIRES: !status.ok()
ExitCode ExitCodeOf(const absl::Status& status);

// One sentence for stderr, or several lines if the server named several fields. `server` is the
// HOST:PORT that was asked, `tls` is how it was connected to. REQUIRES: !status.ok()
std::string ErrorText(const absl::Status& status, std::string_view server, const TlsSettings& tls = {});

// gRPC's account of a failed connection, made with `tls`, cut down to what the kernel, the
// resolver or TLS said: "connection refused".
std::string ConnectionFailure(std::string_view grpc_message, const TlsSettings& tls = {});

// Says that `server` knows no client `name`, which is an id or clients/ID as the user gave it.
std::string NoClientText(const std::string& name, std::string_view server);

}  // namespace liveness::cli
