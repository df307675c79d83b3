#include "server/rpc/canary/canary_stream.h"

#include <string>

#include <grpcpp/create_channel.h>
#include <grpcpp/support/channel_arguments.h>

#include "absl/strings/numbers.h"
#include "common/grpc/socket_mutator.h"
#include "common/strings.h"
#include "common/tcp_keepalive.h"
#include "server/rpc/canary/canary_ping.h"
#include "server/rpc/canary/canary_service.h"
#include "server/rpc/engine/message_bytes.h"

namespace liveness::rpc {
namespace {

std::shared_ptr<grpc::Channel> Dial(const CanaryOptions& options) {
  grpc::ChannelArguments args;
  // A connection of its own: the server puts each on the next queue.
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  args.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  args.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  args.SetInt(GRPC_ARG_ENABLE_CHANNELZ, 0);
  // To this machine: there is no path for keepalive to watch.
  if (options.before_connect) {
    common::SetSocketMutator(args, common::TcpKeepalive{.enabled = false}, options.before_connect);
  }
  return grpc::CreateCustomChannel(options.target, options.credentials, args);
}

std::string TextOf(const grpc::ByteBuffer& bytes) {
  const grpc::Slice slice = OneSlice(bytes);
  return std::string(reinterpret_cast<const char*>(slice.begin()), slice.size());
}

}  // namespace

CanaryStream::CanaryStream(const CanaryOptions& options, grpc::CompletionQueue& cq)
    : channel_(Dial(options)), stub_(channel_) {
  context_.AddMetadata(kCanarySecretKey, options.secret);
  stream_ = stub_.PrepareCall(&context_, common::StrCat("/", kCanaryService, "/", kCanaryMethod), &cq);
  stream_->StartCall(start_tag_.Arm());
}

void CanaryStream::Ping(common::MonoTime sent) {
  writing_ = true;
  stream_->Write(WriteCanaryPing(sent), write_tag_.Arm());
}

void CanaryStream::OnStarted(bool ok) {
  if (ok) return Read();
  stream_->Finish(&status_, finish_tag_.Arm());
}

void CanaryStream::OnRead(bool ok) {
  if (!ok) {
    stream_->Finish(&status_, finish_tag_.Arm());
    return;
  }
  if (state_ == State::kDialing) {
    if (absl::SimpleAtoi(TextOf(incoming_), &queue_)) {
      state_ = State::kOpen;
    } else {
      Cancel();  // somebody else's server
    }
  }
  incoming_.Clear();
  Read();
}

void CanaryStream::OnWritten(bool) { writing_ = false; }

void CanaryStream::OnFinished(bool) { state_ = State::kOver; }

}  // namespace liveness::rpc
