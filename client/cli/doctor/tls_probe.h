// A TLS handshake of our own, beside gRPC's, which says little of one that fails. Not thread-safe.
#pragma once

#include <string>

#include "client/cli/doctor/connection.h"
#include "client/cli/doctor/facts.h"
#include "client/cli/settings.h"
#include "common/clock.h"

namespace liveness::cli::doctor {

// Shakes hands on `connection`, which is at its beginning, and closes nothing. The certificate is held
// against the roots and the name that `settings` say, `host` where they name none; the handshake goes on
// whatever comes of that. Then it waits for the port's first HTTP/2 frame, because a port that refuses our
// certificate says so only then. REQUIRES: the files of `settings` can be used.
TlsFacts ShakeHands(Connection& connection, const TlsSettings& settings, const std::string& host,
                    common::Duration limit);

}  // namespace liveness::cli::doctor
