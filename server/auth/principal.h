// Who is calling. Pure, thread-safe.
#pragma once

#include <string>

#include <grpcpp/security/auth_context.h>

namespace liveness::auth {

// From the certificate that the peer proved to own: its first URI name (SPIFFE),
// else its first DNS name, else its common name. Empty without a certificate.
std::string PrincipalOf(const grpc::AuthContext& context);

}  // namespace liveness::auth
