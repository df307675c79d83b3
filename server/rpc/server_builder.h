// How gRPC itself is set: keepalive on every layer, memory per connection, the
// address. The one place for channel arguments of the server.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include "common/clock.h"
#include "common/grpc/socket_mutator.h"
#include "common/tcp_keepalive.h"

namespace liveness::rpc {

struct TransportOptions {
  std::string listen;  // HOST:PORT
  std::shared_ptr<grpc::ServerCredentials> credentials;
  common::TcpKeepalive tcp;
  common::Duration http2_time{};
  common::Duration http2_timeout{};
  bool channelz = false;
  common::SocketObserver on_accept;
};

// Largest message that gRPC reads for us. Larger ones end in its own
// RESOURCE_EXHAUSTED, without our reason; those up to here are refused by us,
// with it. Bounded, for it is memory that any peer can make us hold.
inline constexpr int kMaxReceiveBytes = 8 * 1024 * 1024;

// Every builder made from now on serves channelz. A ServerBuilder takes such
// plugins when it is made, so this comes before.
void OfferChannelz();

// `port` receives the port once the server has started; must live until then.
void ConfigureBuilder(grpc::ServerBuilder& builder, const TransportOptions& options, int* port);

}  // namespace liveness::rpc
