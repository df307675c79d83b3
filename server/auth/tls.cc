#include "server/auth/tls.h"

#include <cstdint>
#include <string_view>
#include <utility>

#include <grpcpp/security/tls_certificate_provider.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include "common/files/file.h"
#include "common/mutex.h"
#include "common/strings.h"
#include "server/auth/own_certificate.h"
#include "server/auth/reloading_credentials.h"

namespace liveness::auth {
namespace {

std::string PrintOf(const TlsFiles& files) {
  return common::FilePrint(files.cert) + common::FilePrint(files.key) + common::FilePrint(files.ca);
}

absl::StatusOr<common::TlsContents> Read(const TlsFiles& files) {
  return common::ReadTlsFiles({files.cert, files.key, files.ca});
}

absl::Status CheckFlags(const TlsFiles& files) {
  if (!files.enabled()) {
    if (!files.require_client_cert && files.ca.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError("--tls-ca and --tls-require-client-cert need --tls-cert and --tls-key");
  }
  if (files.cert.empty() || files.key.empty()) {
    return absl::InvalidArgumentError("--tls-cert and --tls-key go together");
  }
  if (files.require_client_cert && files.ca.empty()) {
    return absl::InvalidArgumentError("--tls-require-client-cert needs --tls-ca");
  }
  return absl::OkStatus();
}

std::shared_ptr<grpc::ChannelCredentials> CredentialsOf(const OwnCertificate& own) {
  using namespace grpc::experimental;  // NOLINT: where gRPC keeps the one way to leave out the verification
  TlsChannelCredentialsOptions options;
  options.set_verify_server_certs(false);
  options.set_check_call_host(false);
  options.set_certificate_verifier(std::make_shared<NoOpCertificateVerifier>());
  if (!own.cert.empty()) {
    options.set_certificate_provider(std::make_shared<StaticDataCertificateProvider>(
        std::vector<IdentityKeyCertPair>{{.private_key = own.key, .certificate_chain = own.cert}}));
    options.watch_identity_key_cert_pairs();
  }
  return TlsCredentials(options);
}

}  // namespace

// Kept by the source of the credentials too.
struct ServerTls::State {
  OwnCertificate own;
  mutable common::Mutex mu;
  std::uint64_t version ABSL_GUARDED_BY(mu) = 0;
  std::shared_ptr<const PemSet> set ABSL_GUARDED_BY(mu);
  common::TlsContents contents ABSL_GUARDED_BY(mu);
  common::WallTime loaded ABSL_GUARDED_BY(mu){};
  std::string print ABSL_GUARDED_BY(mu);

  std::shared_ptr<const PemSet> NewerThan(std::uint64_t& known) const {
    common::MutexLock lock(mu);
    if (std::exchange(known, version) == version) return nullptr;
    return set;
  }

  void Take(common::TlsContents taken, common::WallTime now) {
    auto fresh = std::make_shared<PemSet>(PemSet{taken.cert, taken.key, taken.ca});
    fresh->roots += "\n" + own.cert;
    common::MutexLock lock(mu);
    set = std::move(fresh);
    contents = std::move(taken);
    loaded = now;
    ++version;
  }
};

absl::StatusOr<std::unique_ptr<ServerTls>> ServerTls::Load(const TlsFiles& files,
                                                           const common::Clock& clock) {
  if (absl::Status flags = CheckFlags(files); !flags.ok()) return flags;
  auto state = std::make_shared<State>();
  if (files.enabled()) {
    std::string print = PrintOf(files);  // before they are read: what changes meanwhile is seen later
    auto contents = Read(files);
    if (!contents.ok()) return contents.status();
    auto own = MakeOwnCertificate();
    if (!own.ok()) return own.status();
    state->own = *std::move(own);
    state->Take(*std::move(contents), clock.Wall());
    common::MutexLock lock(state->mu);
    state->print = std::move(print);
  }
  return std::unique_ptr<ServerTls>(new ServerTls(files, clock, std::move(state)));
}

ServerTls::ServerTls(const TlsFiles& files, const common::Clock& clock, std::shared_ptr<State> state)
    : files_(files), clock_(clock), state_(std::move(state)) {
  if (!files_.enabled()) {
    credentials_ = grpc::InsecureServerCredentials();
    own_credentials_ = grpc::InsecureChannelCredentials();
    return;
  }
  credentials_ = ReloadingCredentials(
      files_.require_client_cert ? GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY
      : files_.ca.empty()        ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                                 : GRPC_SSL_REQUEST_CLIENT_CERTIFICATE_AND_VERIFY,
      [state = state_](std::uint64_t& version) { return state->NewerThan(version); });
  own_credentials_ = CredentialsOf(files_.require_client_cert ? state_->own : OwnCertificate());
}

ServerTls::~ServerTls() = default;

std::shared_ptr<const PemSet> ServerTls::NewerThan(std::uint64_t& version) const {
  return state_->NewerThan(version);
}

bool ServerTls::FilesChanged() const {
  if (!enabled()) return false;
  const std::string print = PrintOf(files_);
  common::MutexLock lock(state_->mu);
  return print != state_->print;
}

absl::StatusOr<bool> ServerTls::Reload() {
  if (!enabled()) return false;
  std::string print = PrintOf(files_);
  auto contents = Read(files_);
  {
    common::MutexLock lock(state_->mu);
    state_->print = std::move(print);
    if (!contents.ok()) return contents.status();
    const bool same = contents->cert == state_->contents.cert && contents->key == state_->contents.key &&
                      contents->ca == state_->contents.ca;
    if (same) return false;
  }
  state_->Take(*std::move(contents), clock_.Wall());
  return true;
}

std::vector<ServerTls::Loaded> ServerTls::certificates() const {
  std::vector<Loaded> all;
  common::MutexLock lock(state_->mu);
  if (state_->contents.own) all.push_back({files_.cert, *state_->contents.own, state_->loaded});
  for (const auto& facts : state_->contents.authorities) all.push_back({files_.ca, facts, state_->loaded});
  return all;
}

bool ServerTls::HasExpired(common::WallTime now) const {
  common::MutexLock lock(state_->mu);
  return state_->contents.own && now >= state_->contents.own->not_after;
}

}  // namespace liveness::auth
