// Certificates and keys from files, checked before they are used: gRPC itself says
// nothing of a key that does not fit, and fails each handshake instead. Thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"

struct asn1_string_st;
struct x509_st;

namespace liveness::common {

struct TlsPaths {
  std::string cert;  // PEM chain, its owner's certificate first; empty: none
  std::string key;   // its private key
  std::string ca;    // PEM; whose certificates of the other end are accepted; empty: none
};

// How messages name the files: as flags or as fields of an API.
struct TlsNames {
  std::string_view cert = "--tls-cert";
  std::string_view key = "--tls-key";
  std::string_view ca = "--tls-ca";
};

// A time in a certificate or a list of revoked ones; 1970 if it is none. Of one that is beyond 1677 or 2262
// the first or last moment that can be told.
WallTime TimeOf(const asn1_string_st* time);

struct CertificateFacts {
  std::string subject;             // as RFC 2253 writes it
  std::vector<std::string> names;  // DNS:a.example, IP:10.0.0.1, URI:spiffe://...
  WallTime not_before{};           // beyond 2262: the last moment that can be told
  WallTime not_after{};
  std::string issuer;  // as RFC 2253 writes it

  friend bool operator==(const CertificateFacts&, const CertificateFacts&) = default;
};

CertificateFacts FactsOf(x509_st& certificate);

struct TlsContents {
  std::string cert, key, ca;  // the files' texts; empty where none was named
  std::optional<CertificateFacts> own;
  std::vector<CertificateFacts> authorities;
};

// INVALID_ARGUMENT, with the name, the path and what is wrong, for a file that is
// unreadable, empty, too long (1 MiB) or no PEM of the kind, a key with a passphrase,
// and a key that is not the certificate's. A certificate that has expired is no error.
absl::StatusOr<TlsContents> ReadTlsFiles(const TlsPaths& paths, const TlsNames& names = {});

}  // namespace liveness::common
