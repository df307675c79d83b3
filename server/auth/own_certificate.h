// A certificate by which a server knows itself.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace liveness::auth {

struct OwnCertificate {
  std::string cert;  // PEM; self-signed, for client authentication only
  std::string key;   // PEM; never leaves the process
};

// A new one, of a new key. Valid whatever the wall clock says. INTERNAL if OpenSSL
// cannot.
absl::StatusOr<OwnCertificate> MakeOwnCertificate();

}  // namespace liveness::auth
