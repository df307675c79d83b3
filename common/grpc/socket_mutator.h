// Kernel TCP keepalive on the sockets that gRPC makes, and a look at their
// file descriptors.
//
// gRPC has no public way to set a socket option, but every socket that it makes
// passes through a "socket mutator", with and without TLS, on both sides. This
// is the only file that knows that object's layout. Unix sockets come by too
// and get no TCP option.
//
// The observers run on gRPC's threads, several at a time, and must neither
// block nor keep a duplicate of the descriptor: it would hold the connection open.
#pragma once

#include <functional>
#include <memory>

#include <grpcpp/impl/server_builder_option.h>
#include <grpcpp/support/channel_arguments.h>

#include "common/tcp_keepalive.h"

namespace liveness::common {

// Called with a socket's descriptor.
using SocketObserver = std::function<void(int fd)>;

// Each connection of a channel made with `args` gets `keepalive` before it
// connects; then `on_socket`, if any, is called, still before it connects.
void SetSocketMutator(grpc::ChannelArguments& args, const TcpKeepalive& keepalive,
                      SocketObserver on_socket = {});

// For ServerBuilder::SetOption(): the listening socket and each accepted one
// get `keepalive`; then `on_accept`, if any, is called for each accepted TCP socket.
std::unique_ptr<grpc::ServerBuilderOption> MakeServerSocketOption(const TcpKeepalive& keepalive,
                                                                  SocketObserver on_accept = {});

}  // namespace liveness::common
