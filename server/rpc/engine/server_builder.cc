#include "server/rpc/engine/server_builder.h"

#include <algorithm>
#include <utility>

#include <grpcpp/ext/channelz_service_plugin.h>

#include "server/rpc/engine/from_now.h"

namespace liveness::rpc {
namespace {

// Clients may ping 500 ms apart; what leaves them at that pace arrives with jitter.
constexpr common::Duration kToleratedPings = std::chrono::milliseconds(400);

}  // namespace

void OfferChannelz() { grpc::channelz::experimental::InitChannelzService(); }

void ConfigureBuilder(grpc::ServerBuilder& builder, const TransportOptions& options) {
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, MillisArgument(options.http2_time));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, MillisArgument(options.http2_timeout));
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0);
  // Clients are set like us, so that a faster setting of ours is allowed to them too.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS,
                             MillisArgument(std::min(kToleratedPings, options.http2_time * 4 / 5)));

  SetHttp2Bounds(builder, options.bounds);

  // Heartbeats are small and regular: nothing to probe the bandwidth for, and
  // read buffers of their size. Channelz keeps a trace of each connection.
  builder.AddChannelArgument(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  builder.AddChannelArgument(GRPC_ARG_TCP_READ_CHUNK_SIZE, 1024);
  builder.AddChannelArgument(GRPC_ARG_TCP_MIN_READ_CHUNK_SIZE, 1024);
  // Nothing stops gRPC within what it has read at once: net/ingress_guard.h.
  builder.AddChannelArgument(GRPC_ARG_TCP_MAX_READ_CHUNK_SIZE, 1024);
  builder.AddChannelArgument(GRPC_ARG_ENABLE_CHANNELZ, options.channelz ? 1 : 0);
}

ConnectionIntake TakeConnections(grpc::ServerBuilder& builder,
                                 std::shared_ptr<grpc::ServerCredentials> credentials) {
  using Type = grpc::ServerBuilder::experimental_type::ExternalConnectionType;
  const std::shared_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor =
      builder.experimental().AddExternalConnectionAcceptor(Type::FROM_FD, std::move(credentials));
  return [acceptor](int listener_fd, int fd) {
    grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
    connection.listener_fd = listener_fd;
    connection.fd = fd;
    acceptor->HandleNewConnection(&connection);
  };
}

}  // namespace liveness::rpc
