#include "client/src/channel.h"

#include <utility>

#include <grpc/grpc.h>
#include <grpcpp/create_channel.h>

#include "common/files/token.h"
#include "common/grpc/socket_mutator.h"
#include "common/target.h"
#include "common/tls_files.h"

namespace liveness::internal {
namespace {

int Milliseconds(std::chrono::milliseconds span) { return static_cast<int>(span.count()); }

common::TcpKeepalive TcpOf(const Keepalive& keepalive) {
  return {keepalive.tcp_enabled, keepalive.tcp_idle, keepalive.tcp_interval, keepalive.tcp_count,
          keepalive.tcp_user_timeout};
}

}  // namespace

Result<std::shared_ptr<grpc::ChannelCredentials>> MakeCredentials(const std::optional<Tls>& tls) {
  if (!tls) return grpc::InsecureChannelCredentials();
  constexpr common::TlsNames kNames = {"tls.cert_file", "tls.key_file", "tls.ca_file"};
  auto files = common::ReadTlsFiles({tls->cert_file, tls->key_file, tls->ca_file}, kNames);
  if (!files.ok()) return Error{"BAD_TLS", std::string(files.status().message())};
  grpc::SslCredentialsOptions pem;
  pem.pem_root_certs = std::move(files->ca);
  pem.pem_cert_chain = std::move(files->cert);
  pem.pem_private_key = std::move(files->key);
  return grpc::SslCredentials(pem);
}

Result<std::string> ReadToken(const ClientOptions& options) {
  if (options.token_file.empty()) return std::string();
  absl::StatusOr<std::string> token = common::ReadTokenFile("token_file", options.token_file);
  if (!token.ok()) return Error{"BAD_TOKEN_FILE", std::string(token.status().message())};
  return *std::move(token);
}

grpc::ChannelArguments MakeChannelArguments(const ClientOptions& options,
                                            std::function<void(int fd)> on_socket,
                                            std::chrono::milliseconds connect_timeout) {
  grpc::ChannelArguments args;
  const Keepalive& keepalive = *options.keepalive;
  common::SetSocketMutator(args, TcpOf(keepalive), std::move(on_socket));
  if (keepalive.http2_time.count() > 0) {
    args.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, Milliseconds(keepalive.http2_time));
    args.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, Milliseconds(keepalive.http2_timeout));
    args.SetInt(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
    // Without this gRPC stops its pings after two without data.
    args.SetInt(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  }
  // gRPC's least time between attempts is also how long a connection may take.
  args.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, Milliseconds(connect_timeout));
  args.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  args.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, Milliseconds(connect_timeout));
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  args.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  // No proxy, because a heartbeat through one would tell of the proxy's connection.
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, options.http_proxy ? 1 : 0);
  args.SetInt(GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1);
  // No estimate of the bandwidth, because each is another ping, and a heartbeat needs none.
  args.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  args.SetUserAgentPrefix("liveness-client");
  if (options.tls && !options.tls->server_name.empty())
    args.SetSslTargetNameOverride(options.tls->server_name);
  return args;
}

Result<std::shared_ptr<grpc::Channel>> MakeChannel(const ClientOptions& options, const std::string& target,
                                                   std::function<void(int fd)> on_socket,
                                                   std::chrono::milliseconds connect_timeout) {
  auto credentials = MakeCredentials(options.tls);
  if (!credentials) return credentials.error();
  return grpc::CreateCustomChannel(common::GrpcTarget(target), *std::move(credentials),
                                   MakeChannelArguments(options, std::move(on_socket), connect_timeout));
}

}  // namespace liveness::internal
