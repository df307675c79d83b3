// Whose a client certificate is, by the rules of X509-SVID (https://github.com/spiffe/spiffe, X509-SVID.md):
// a certificate names one workload or is refused. That it is genuine and has not expired was proved at the
// handshake. Pure, thread-safe.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

struct x509_st;

namespace liveness::auth {

struct CertificateRules {
  std::vector<std::string> trust_domains;  // SPIFFE IDs of others are refused; empty: any that the CA signs
  bool allow_common_names = false;         // of a certificate without any other name
};

// The principal. UNAUTHENTICATED:
//   CERTIFICATE_AMBIGUOUS   several URI names, or none and several DNS names
//   CERTIFICATE_NAMELESS    no name, or only a common name and that is not allowed
//   CERTIFICATE_IS_CA       it may sign others
//   CERTIFICATE_MALFORMED   it does not parse; its URI is no SPIFFE ID; a name with a NUL or a wildcard in it
//   TRUST_DOMAIN_UNKNOWN    a SPIFFE ID of another trust domain
absl::StatusOr<std::string> IdentifyCertificate(x509_st& leaf, const CertificateRules& rules);

}  // namespace liveness::auth
