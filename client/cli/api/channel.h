// Connections to the servers of --server. Thread-safe.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "client/cli/settings.h"
#include "common/clock.h"
#include "common/tls_files.h"

namespace liveness::cli {

// Keeps gRPC's log off stderr, because the errors of livenessctl say the same better. GRPC_VERBOSITY in the
// environment brings the log back.
void QuietGrpc();

// `files` as common::ReadTlsFiles() gave them for `tls`.
std::shared_ptr<grpc::ChannelCredentials> MakeCredentials(const TlsSettings& tls,
                                                          const common::TlsContents& files);

// The token of --token-file; empty without. INVALID_ARGUMENT, with what is wrong with the file.
absl::StatusOr<std::string> ReadToken(const GlobalSettings& settings);

// As grpc::CreateCustomChannel; each call over the channel shows `token`, unless that is empty.
std::shared_ptr<grpc::Channel> CreateChannel(const std::string& target,
                                             const std::shared_ptr<grpc::ChannelCredentials>& credentials,
                                             const grpc::ChannelArguments& args, const std::string& token);

// A channel to `server`; `credentials` as made from `tls`. Nothing is connected yet. `http_proxy`:
// through the proxy that the environment names, if it names one. `patience` is what each address of `server`
// may take to connect. `token`: as of CreateChannel().
std::shared_ptr<grpc::Channel> MakeChannel(const std::string& server, const TlsSettings& tls,
                                           const std::shared_ptr<grpc::ChannelCredentials>& credentials,
                                           bool http_proxy, common::Duration patience,
                                           const std::string& token = {});

}  // namespace liveness::cli
