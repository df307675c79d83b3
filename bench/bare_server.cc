#include "bench/bare_server.h"

#include <grpcpp/security/server_credentials.h>

#include <chrono>
#include <cstdio>
#include <utility>

#include "common/grpc/socket_mutator.h"
#include "common/keepalive.h"
#include "server/app/process.h"
#include "server/rpc/engine/server_builder.h"

namespace liveness::bench {

int ServeBare(const std::string& listen, std::unique_ptr<rpc::AsyncService> service) {
  const common::KeepaliveSettings keepalive = common::StandardPreset();
  rpc::TransportOptions options;
  options.http2_time = keepalive.http2_time;
  options.http2_timeout = keepalive.http2_timeout;
  int port = 0;
  grpc::ServerBuilder builder;
  builder.SetOption(common::MakeServerSocketOption(keepalive.tcp));
  builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
  rpc::ConfigureBuilder(builder, options);
  builder.AddListeningPort(listen, grpc::InsecureServerCredentials(), &port);
  rpc::Engine engine({.io_threads = 1});
  engine.Add(std::move(service));
  if (!engine.Start(builder).ok()) return 1;
  std::printf("listening on %s:%d\n", listen.substr(0, listen.rfind(':')).c_str(), port);
  std::fflush(stdout);
  while (app::WaitForSignal(std::chrono::hours(1)) != app::Signal::kStop) {
  }
  engine.Shutdown(common::Duration::zero());
  return 0;
}

}  // namespace liveness::bench
