#include "client/cli/api/channel.h"

#include <grpc/support/log.h>
#include <grpcpp/create_channel.h>
#include <grpcpp/support/channel_arguments.h>

#include <chrono>
#include <cstdlib>

#include "common/target.h"

namespace liveness::cli {

void QuietGrpc() {
  if (std::getenv("GRPC_VERBOSITY") == nullptr) gpr_set_log_function([](gpr_log_func_args*) {});
}

std::shared_ptr<grpc::ChannelCredentials> MakeCredentials(const TlsSettings& tls,
                                                          const common::TlsContents& files) {
  if (!tls.enabled) return grpc::InsecureChannelCredentials();
  return grpc::SslCredentials(
      {.pem_root_certs = files.ca, .pem_private_key = files.key, .pem_cert_chain = files.cert});
}

std::shared_ptr<grpc::Channel> MakeChannel(const std::string& server, const TlsSettings& tls,
                                           const std::shared_ptr<grpc::ChannelCredentials>& credentials,
                                           bool http_proxy, common::Duration patience) {
  grpc::ChannelArguments args;
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, http_proxy ? 1 : 0);
  // A page of 1000 whole records can pass gRPC's 4 MiB.
  args.SetMaxReceiveMessageSize(-1);
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
  return grpc::CreateCustomChannel(common::GrpcTarget(server), credentials, args);
}

}  // namespace liveness::cli
