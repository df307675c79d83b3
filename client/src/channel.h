// One gRPC channel for one attempt. A channel shares no connection and no backoff with
// any other, so that the session, and not gRPC, decides when to try again.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <grpcpp/channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <liveness/options.h>
#include <liveness/result.h>

namespace liveness::internal {

// Reads the files that `tls` names. BAD_TLS, with the file and what is wrong, if a file
// cannot be used (common/tls_files.h).
Result<std::shared_ptr<grpc::ChannelCredentials>> MakeCredentials(const std::optional<Tls>& tls);

// The token in the options' file; empty without. BAD_TOKEN_FILE, with the file and what is wrong with it.
Result<std::string> ReadToken(const ClientOptions& options);

// What is asked of gRPC for a channel. Parameters as of MakeChannel().
grpc::ChannelArguments MakeChannelArguments(const ClientOptions& options,
                                            std::function<void(int fd)> on_socket,
                                            std::chrono::milliseconds connect_timeout);

// Fails as MakeCredentials(). `on_socket` is called with each socket before it connects, on a gRPC thread.
// `connect_timeout` is what each address of the target may take, in place of the options'.
// REQUIRES: `options` came from Complete().
Result<std::shared_ptr<grpc::Channel>> MakeChannel(const ClientOptions& options, const std::string& target,
                                                   std::function<void(int fd)> on_socket,
                                                   std::chrono::milliseconds connect_timeout);

}  // namespace liveness::internal
