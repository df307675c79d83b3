#include "server/auth/reloading_credentials.h"

#include <list>
#include <utility>

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>

#include "common/mutex.h"

namespace liveness::auth {
namespace {

struct Source {
  explicit Source(PemSource given) : source(std::move(given)) {}
  const PemSource source;
  common::Mutex mu;
  std::uint64_t version ABSL_GUARDED_BY(mu) = 0;
};

grpc_ssl_certificate_config_reload_status Fetch(void* user_data,
                                                grpc_ssl_server_certificate_config** config) {
  auto& from = *static_cast<Source*>(user_data);
  common::MutexLock lock(from.mu);
  const std::shared_ptr<const PemSet> set = from.source(from.version);
  if (set == nullptr) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
  const grpc_ssl_pem_key_cert_pair pair = {set->key.c_str(), set->cert.c_str()};
  *config = grpc_ssl_server_certificate_config_create(set->roots.c_str(), &pair, 1);
  return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
}

Source* KeepForEver(PemSource source) {
  static common::Mutex mu;
  static auto* const sources = new std::list<Source>;
  common::MutexLock lock(mu);
  return &sources->emplace_back(std::move(source));
}

class Credentials final : public grpc::ServerCredentials {
 public:
  Credentials(grpc_ssl_client_certificate_request_type request, PemSource source)
      : credentials_(grpc_ssl_server_credentials_create_with_options(
            grpc_ssl_server_credentials_create_options_using_config_fetcher(
                request, Fetch, KeepForEver(std::move(source))))) {}
  ~Credentials() override { grpc_server_credentials_release(credentials_); }

  // REQUIRES: never called; nothing here processes metadata.
  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), credentials_);
  }

  grpc_server_credentials* const credentials_;
};

}  // namespace

std::shared_ptr<grpc::ServerCredentials> ReloadingCredentials(
    grpc_ssl_client_certificate_request_type request, PemSource source) {
  return std::make_shared<Credentials>(request, std::move(source));
}

}  // namespace liveness::auth
