// The server's credentials: plaintext, TLS, or TLS that asks for the client's
// certificate too.
#pragma once

#include <memory>
#include <string>

#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include "absl/status/statusor.h"

namespace liveness::auth {

struct TlsFiles {
  std::string cert;  // PEM chain, the server's own first
  std::string key;   // PEM
  std::string ca;    // PEM; whose client certificates are accepted
  bool require_client_cert = false;

  bool enabled() const { return !cert.empty() || !key.empty(); }
};

// Plaintext if no file is named. A client certificate that is shown is always
// verified if `ca` is given. INVALID_ARGUMENT, with the flag and the file, for
// files that are missing, unreadable or no PEM.
absl::StatusOr<std::shared_ptr<grpc::ServerCredentials>> MakeServerCredentials(const TlsFiles& files);

// For a call of this server to itself. The server's certificate is not verified:
// its chain and its name are made for others. Where a client certificate is
// required it shows the server's own, which serves if `ca` issued it and it is
// not restricted to servers. Errors as above.
absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> MakeOwnCredentials(const TlsFiles& files);

}  // namespace liveness::auth
