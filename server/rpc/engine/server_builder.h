// How gRPC itself is set: HTTP/2 keepalive, memory per connection, and that it gets its
// connections from us. With engine/http2_bounds.h the one place for channel arguments of
// the server.
#pragma once

#include <functional>
#include <memory>

#include <grpcpp/security/server_credentials.h>
#include <grpcpp/server_builder.h>

#include "common/clock.h"
#include "server/rpc/engine/http2_bounds.h"

namespace liveness::rpc {

struct TransportOptions {
  common::Duration http2_time{};
  common::Duration http2_timeout{};
  bool channelz = false;
  Http2Bounds bounds;
};

// Every builder made from now on serves channelz. A ServerBuilder takes such
// plugins when it is made, so this comes before.
void OfferChannelz();

// Sets `builder`; where it listens is still to be said.
void ConfigureBuilder(grpc::ServerBuilder& builder, const TransportOptions& options);

// How a connected socket becomes a connection of the server that `builder` starts. The socket
// is given away with the call; the server puts each on the next of its completion queues.
//
// Only between the server's start and its shutdown: before and after, gRPC forgets the
// descriptor without closing it. What gRPC does to its own listener's sockets (no delay,
// keepalive, the socket mutator) it does not do to these. Thread-safe.
using ConnectionIntake = std::function<void(int listener_fd, int fd)>;
ConnectionIntake TakeConnections(grpc::ServerBuilder& builder,
                                 std::shared_ptr<grpc::ServerCredentials> credentials);

}  // namespace liveness::rpc
