#include "server/rpc/engine/http2_bounds.h"

#include <chrono>

#include <grpcpp/resource_quota.h>
#include <grpcpp/server_builder.h>

#include "server/rpc/engine/from_now.h"

namespace liveness::rpc {
namespace {

// Of answers that the peer gives no room for, per stream: some hundred pongs.
constexpr int kWriteBufferBytes = 8 * 1024;

}  // namespace

void SetHttp2Bounds(grpc::ServerBuilder& builder, const Http2Bounds& bounds) {
  if (bounds.max_streams_per_connection != 0) {
    builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, bounds.max_streams_per_connection);
  }
  builder.SetMaxReceiveMessageSize(kMaxReceiveBytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_METADATA_SIZE, kMaxMetadataBytes);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_WRITE_BUFFER_SIZE, kWriteBufferBytes);

  // A message of 64 KiB may unpack to 64 MiB, on the thread that serves heartbeats.
  // A client that packs its requests is told UNIMPLEMENTED.
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);

  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, MillisArgument(bounds.handshake_timeout));
  if (bounds.idle_timeout != common::Duration::zero()) {
    builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, MillisArgument(bounds.idle_timeout));
  }
  if (bounds.max_buffer_bytes != 0) {
    grpc::ResourceQuota quota("livenessd");
    quota.Resize(bounds.max_buffer_bytes);
    builder.SetResourceQuota(quota);
  }
}

}  // namespace liveness::rpc
