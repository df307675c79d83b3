#include "client/cli/api/channel.h"

#include <grpc/support/log.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/support/channel_arguments.h>
#include <grpcpp/support/client_interceptor.h>

#include <chrono>
#include <cstdlib>
#include <utility>
#include <vector>

#include "common/files/token.h"
#include "common/target.h"

namespace liveness::cli {
namespace {

// A page of 1000 whole records can pass gRPC's 4 MiB. No server has reason to say as much as this at once,
// and one that does anyway is not to have all of our memory.
constexpr int kMaxReceiveBytes = 64 * 1024 * 1024;

namespace ic = grpc::experimental;

// Adds the token to what a call begins with. Not as gRPC's call credentials: those take TLS alone, and a
// token may also go to a Unix socket or to this host.
class Bearer final : public ic::Interceptor {
 public:
  explicit Bearer(const std::string& authorization) : authorization_(authorization) {}
  void Intercept(ic::InterceptorBatchMethods* methods) override {
    if (methods->QueryInterceptionHookPoint(ic::InterceptionHookPoints::PRE_SEND_INITIAL_METADATA)) {
      methods->GetSendInitialMetadata()->emplace(common::kAuthorization, authorization_);
    }
    methods->Proceed();
  }

 private:
  const std::string& authorization_;
};

// The channel's; outlives its calls.
class BearerFactory final : public ic::ClientInterceptorFactoryInterface {
 public:
  explicit BearerFactory(std::string authorization) : authorization_(std::move(authorization)) {}
  ic::Interceptor* CreateClientInterceptor(ic::ClientRpcInfo*) override { return new Bearer(authorization_); }

 private:
  const std::string authorization_;
};

}  // namespace

void QuietGrpc() {
  if (std::getenv("GRPC_VERBOSITY") == nullptr) gpr_set_log_function([](gpr_log_func_args*) {});
}

std::shared_ptr<grpc::ChannelCredentials> MakeCredentials(const TlsSettings& tls,
                                                          const common::TlsContents& files) {
  if (!tls.enabled) return grpc::InsecureChannelCredentials();
  return grpc::SslCredentials(
      {.pem_root_certs = files.ca, .pem_private_key = files.key, .pem_cert_chain = files.cert});
}

absl::StatusOr<std::string> ReadToken(const GlobalSettings& settings) {
  if (settings.token_file.empty()) return std::string();
  return common::ReadTokenFile("--token-file", settings.token_file);
}

std::shared_ptr<grpc::Channel> CreateChannel(const std::string& target,
                                             const std::shared_ptr<grpc::ChannelCredentials>& credentials,
                                             const grpc::ChannelArguments& args, const std::string& token) {
  std::vector<std::unique_ptr<ic::ClientInterceptorFactoryInterface>> creators;
  if (!token.empty()) creators.push_back(std::make_unique<BearerFactory>(common::BearerOf(token)));
  return ic::CreateCustomChannelWithInterceptors(target, credentials, args, std::move(creators));
}

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& server, const TlsSettings& tls,
                                           const std::shared_ptr<grpc::ChannelCredentials>& credentials,
                                           bool http_proxy, common::Duration patience,
                                           const std::string& token) {
  grpc::ChannelArguments args;
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, http_proxy ? 1 : 0);
  args.SetMaxReceiveMessageSize(kMaxReceiveBytes);
  // A watch may be silent for hours. gRPC itself finds that its path is dead.
  args.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 5'000);
  args.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 5'000);
  args.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  args.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 200);
  // gRPC's least time between attempts is also how long a connection may take.
  args.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS,
              static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(patience).count()));
  args.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1'000);
  // Api retries, at the next server.
  args.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  // A new channel must connect at once. In gRPC's shared pool it would wait out the backoff of an older
  // channel.
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  if (!tls.server_name.empty()) args.SetSslTargetNameOverride(tls.server_name);
  return CreateChannel(common::GrpcTarget(server), credentials, args, token);
}

}  // namespace liveness::cli
