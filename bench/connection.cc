#include "bench/connection.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>
#include <grpcpp/support/proto_buffer_reader.h>

#include <cstdio>
#include <utility>

namespace liveness::bench {
namespace {

constexpr char kMethod[] = "/liveness.v1.HeartbeatService/Heartbeat";

grpc::ByteBuffer Serialize(const v1::HeartbeatRequest& request) {
  grpc::Slice slice(request.ByteSizeLong());
  request.SerializeWithCachedSizesToArray(const_cast<std::uint8_t*>(slice.begin()));
  return grpc::ByteBuffer(&slice, 1);
}

void ToProto(common::Duration span, google::protobuf::Duration& proto) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(span);
  proto.set_seconds(seconds.count());
  proto.set_nanos(static_cast<std::int32_t>((span - seconds).count()));
}

}  // namespace

std::shared_ptr<grpc::Channel> NewChannel(const std::string& target) {
  grpc::ChannelArguments args;
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);  // a connection of its own
  args.SetInt(GRPC_ARG_ENABLE_CHANNELZ, 0);
  args.SetInt(GRPC_ARG_HTTP2_BDP_PROBE, 0);
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  return grpc::CreateCustomChannel("ipv4:" + target, grpc::InsecureChannelCredentials(), args);
}

Connection::Connection(const ConnectionOptions& options, grpc::CompletionQueue& cq, Counters& counters)
    : options_(options),
      counters_(counters),
      stub_(options.channel == nullptr ? NewChannel(options.target) : options.channel) {
  context_.set_wait_for_ready(true);
  stream_ = stub_.PrepareCall(&context_, kMethod, &cq);
  stream_->StartCall(start_tag_.Arm());
}

void Connection::OnStart(bool ok) {
  if (!ok) {
    stream_->Finish(&status_, finish_tag_.Arm());
    return;
  }
  v1::HeartbeatRequest request;
  v1::Hello& hello = *request.mutable_hello();
  hello.set_client_id(options_.client_id);
  hello.set_instance_id("instance-of-" + options_.client_id);
  hello.set_host("bench");
  hello.set_version("1.0");
  (*hello.mutable_labels())["zone"] = "eu-1";
  ToProto(options_.interval, *hello.mutable_interval());
  ToProto(options_.timeout, *hello.mutable_timeout());
  if (options_.adjust) options_.adjust(hello);
  stream_->Read(&incoming_, read_tag_.Arm());
  common::MutexLock lock(mu_);
  said_hello_ = true;
  Send(request);
}

void Connection::OnRead(bool ok) {
  if (!ok) {
    stream_->Finish(&status_, finish_tag_.Arm());
    return;
  }
  if (!std::exchange(joined_, true)) {
    counters_.joined.fetch_add(1);
    if (options_.on_joined) options_.on_joined();
  } else {
    if (options_.understand) Understand(incoming_);
    if (options_.on_answer) options_.on_answer();
    counters_.answers.fetch_add(1);
    common::MutexLock lock(mu_);
    if (std::exchange(in_flight_, false)) counters_.outstanding.fetch_sub(1);
    if (counters_.repeat.load(std::memory_order_relaxed)) SendPing();
  }
  stream_->Read(&incoming_, read_tag_.Arm());
}

void Connection::OnWrite(bool) {
  counters_.unsent.fetch_sub(1);
  common::MutexLock lock(mu_);
  writing_ = false;
  if (waiting_.empty()) return;
  writing_ = true;
  stream_->Write(waiting_.front(), write_tag_.Arm());
  waiting_.pop_front();
}

void Connection::OnFinish(bool) {
  counters_.ended.fetch_add(1);
  common::MutexLock lock(mu_);
  if (std::exchange(in_flight_, false)) counters_.outstanding.fetch_sub(1);
  if (options_.on_ended) options_.on_ended();
}

void Connection::Understand(grpc::ByteBuffer& bytes) {
  v1::HeartbeatResponse response;
  grpc::ProtoBufferReader reader(&bytes);
  if (!response.ParseFromZeroCopyStream(&reader) || !response.has_pong()) return;
  const auto& time = response.pong().receive_time();
  last_receive_nanos_.store(time.seconds() * 1'000'000'000 + time.nanos());
}

void Connection::Ping() {
  common::MutexLock lock(mu_);
  SendPing();
}

void Connection::SendPing() {
  if (in_flight_ || !said_hello_) return;
  in_flight_ = true;
  counters_.outstanding.fetch_add(1);
  v1::HeartbeatRequest request;
  sequence_ += options_.sequence_step;
  request.mutable_ping()->set_sequence(sequence_);
  const common::Duration now = common::SystemClock().Wall().time_since_epoch();
  request.mutable_ping()->mutable_send_time()->set_seconds(now.count() / 1'000'000'000);
  request.mutable_ping()->mutable_send_time()->set_nanos(
      static_cast<std::int32_t>(now.count() % 1'000'000'000));
  Send(request);
}

void Connection::Update(std::uint64_t value) {
  v1::HeartbeatRequest request;
  auto& labels = *request.mutable_update()->mutable_labels();
  labels["zone"] = "eu-1";
  labels["value"] = std::to_string(value);
  common::MutexLock lock(mu_);
  Send(request);
}

void Connection::Send(const v1::HeartbeatRequest& request) {
  counters_.unsent.fetch_add(1);
  if (writing_) {
    waiting_.push_back(Serialize(request));
    return;
  }
  writing_ = true;
  stream_->Write(Serialize(request), write_tag_.Arm());
}

}  // namespace liveness::bench
