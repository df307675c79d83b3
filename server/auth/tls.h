// The server's TLS: its files, read, checked, and read again when they are renewed.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <grpcpp/security/credentials.h>
#include <grpcpp/security/server_credentials.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/tls_files.h"

namespace liveness::auth {

struct PemSet;  // reloading_credentials.h

struct TlsFiles {
  std::string cert;  // PEM chain, the server's own first
  std::string key;   // PEM
  std::string ca;    // PEM; whose client certificates are accepted
  bool require_client_cert = false;

  bool enabled() const { return !cert.empty() || !key.empty(); }
};

// Plaintext if no file is named; else TLS, which asks for a client certificate if `ca`
// is given and verifies the one that is shown.
//
// Renewed files hold for each connection that comes after Reload(); the connections
// that stand go on. All files are taken together or none: a pair that is half written
// or does not fit leaves what was.
//
// Thread-safe.
class ServerTls {
 public:
  struct Loaded {
    std::string file;
    common::CertificateFacts facts;
    common::WallTime loaded{};
  };

  // INVALID_ARGUMENT, with the flag, the file and what is wrong. `clock` lives for ever.
  static absl::StatusOr<std::unique_ptr<ServerTls>> Load(const TlsFiles& files, const common::Clock& clock);
  ~ServerTls();

  bool enabled() const { return files_.enabled(); }
  bool requires_client_cert() const { return files_.require_client_cert; }
  // For listeners that are not gRPC's: what is in use, or null if it is still that of `version`, which is
  // updated otherwise. Null without TLS. Client certificates are asked for if asks_for_client_cert().
  std::shared_ptr<const PemSet> NewerThan(std::uint64_t& version) const;
  bool asks_for_client_cert() const { return !files_.ca.empty(); }
  // For the listener. They may be asked by gRPC after this is gone.
  std::shared_ptr<grpc::ServerCredentials> credentials() const { return credentials_; }
  // For a call of this server to itself. The server's certificate is not verified: its
  // chain and its name are made for others. Where a client certificate is required it
  // shows one that was made for the purpose at the start and that only this process
  // accepts, so that nothing is asked of the server's own (docs/adr/0023-own-certificate.md).
  std::shared_ptr<grpc::ChannelCredentials> own_credentials() const { return own_credentials_; }

  // The files are others than at the last Load() or Reload(), as far as the file
  // system tells (identity, size and time of change).
  bool FilesChanged() const;
  // Reads them again. True if what they hold is new; an error as Load()'s leaves all
  // as it was.
  absl::StatusOr<bool> Reload();

  // In use now: the server's own first, then those of --tls-ca.
  std::vector<Loaded> certificates() const;
  // The server's own has expired.
  bool HasExpired(common::WallTime now) const;

 private:
  struct State;
  ServerTls(const TlsFiles& files, const common::Clock& clock, std::shared_ptr<State> state);

  const TlsFiles files_;
  const common::Clock& clock_;
  const std::shared_ptr<State> state_;
  std::shared_ptr<grpc::ServerCredentials> credentials_;
  std::shared_ptr<grpc::ChannelCredentials> own_credentials_;
};

}  // namespace liveness::auth
