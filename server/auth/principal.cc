#include "server/auth/principal.h"

#include <grpc/grpc_security_constants.h>

namespace liveness::auth {

std::string PrincipalOf(const grpc::AuthContext& context) {
  if (!context.IsPeerAuthenticated()) return {};
  for (const char* property :
       {GRPC_PEER_URI_PROPERTY_NAME, GRPC_PEER_DNS_PROPERTY_NAME, GRPC_X509_CN_PROPERTY_NAME}) {
    const auto values = context.FindPropertyValues(property);
    if (!values.empty()) return std::string(values.front().data(), values.front().size());
  }
  return {};
}

}  // namespace liveness::auth
