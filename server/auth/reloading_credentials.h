// Server credentials whose certificates change while the server runs.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include <grpc/grpc_security_constants.h>
#include <grpcpp/security/server_credentials.h>

namespace liveness::auth {

struct PemSet {
  std::string cert;  // chain
  std::string key;
  std::string roots;  // of client certificates; never empty, for gRPC insists, also where none is asked for
};

// Asked for each new connection, on gRPC's threads: must be quick. Returns the set to
// use, or null if it is still that of `version`, which it updates otherwise.
using PemSource = std::function<std::shared_ptr<const PemSet>(std::uint64_t& version)>;

// By gRPC's C interface, for its C++ interface has no such thing in 1.51 that keeps
// a half-written pair out. `source` is kept for ever: gRPC may ask for it after the
// server is gone.
std::shared_ptr<grpc::ServerCredentials> ReloadingCredentials(
    grpc_ssl_client_certificate_request_type request, PemSource source);

}  // namespace liveness::auth
