#include "server/rpc/convert/convert.h"

#include <chrono>

namespace liveness::rpc {
namespace {

constexpr std::int64_t kNanosPerSecond = 1'000'000'000;

}  // namespace

void ToProto(common::Duration span, google::protobuf::Duration& proto) {
  // C++ division truncates towards zero, so both parts have one sign, as the wire wants.
  proto.set_seconds(span.count() / kNanosPerSecond);
  proto.set_nanos(static_cast<std::int32_t>(span.count() % kNanosPerSecond));
}

void ToProto(common::WallTime time, google::protobuf::Timestamp& proto) {
  const auto since_epoch = time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since_epoch);
  proto.set_seconds(seconds.count());
  proto.set_nanos(static_cast<std::int32_t>((since_epoch - seconds).count()));
}

void ToProto(const core::Keepalive& keepalive, v1::Keepalive& proto) {
  proto.set_tcp_enabled(keepalive.tcp.enabled);
  ToProto(keepalive.tcp.idle, *proto.mutable_tcp_idle());
  ToProto(keepalive.tcp.interval, *proto.mutable_tcp_interval());
  proto.set_tcp_count(keepalive.tcp.count);
  ToProto(keepalive.tcp.user_timeout, *proto.mutable_tcp_user_timeout());
  ToProto(keepalive.http2_time, *proto.mutable_http2_time());
  ToProto(keepalive.http2_timeout, *proto.mutable_http2_timeout());
}

common::Duration FromProto(const google::protobuf::Duration& proto) {
  std::int64_t nanos = 0;
  if (__builtin_mul_overflow(proto.seconds(), kNanosPerSecond, &nanos) ||
      __builtin_add_overflow(nanos, std::int64_t{proto.nanos()}, &nanos)) {
    return proto.seconds() < 0 ? common::Duration::min() : common::Duration::max();
  }
  return common::Duration(nanos);
}

common::WallTime FromProto(const google::protobuf::Timestamp& proto) {
  google::protobuf::Duration since_epoch;
  since_epoch.set_seconds(proto.seconds());
  since_epoch.set_nanos(proto.nanos());
  return common::WallTime(FromProto(since_epoch));
}

}  // namespace liveness::rpc
