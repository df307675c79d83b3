#include "client/src/messages.h"

#include <algorithm>

namespace liveness::internal {
namespace {

using std::chrono::ceil;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;

// 290 years fit into 64 bits of nanoseconds.
constexpr std::int64_t kMaxSeconds = 9'000'000'000;

}  // namespace

google::protobuf::Timestamp ToProto(common::WallTime time) {
  const nanoseconds since_epoch = time.time_since_epoch();
  const seconds whole = std::chrono::floor<seconds>(since_epoch);
  google::protobuf::Timestamp proto;
  proto.set_seconds(whole.count());
  proto.set_nanos(static_cast<int>((since_epoch - whole).count()));
  return proto;
}

google::protobuf::Duration ToProto(common::Duration span) {
  google::protobuf::Duration proto;
  proto.set_seconds(span / seconds(1));
  proto.set_nanos(static_cast<int>((span % seconds(1)).count()));
  return proto;
}

common::Duration FromProto(const google::protobuf::Duration& span) {
  return seconds(std::clamp<std::int64_t>(span.seconds(), -kMaxSeconds, kMaxSeconds)) +
         nanoseconds(span.nanos());
}

v1::HeartbeatRequest MakeHello(const ClientOptions& options, const Labels& labels,
                               const std::string& resume_token, const std::string& local_address) {
  v1::HeartbeatRequest request;
  v1::Hello& hello = *request.mutable_hello();
  hello.set_client_id(options.client_id);
  hello.set_instance_id(options.instance_id);
  hello.mutable_labels()->insert(labels.begin(), labels.end());
  if (options.interval) *hello.mutable_interval() = ToProto(*options.interval);
  if (options.timeout) *hello.mutable_timeout() = ToProto(*options.timeout);
  hello.set_resume_token(resume_token);
  hello.set_host(options.host);
  hello.set_pid(options.pid.value_or(0));
  hello.set_version(options.version);
  hello.set_local_address(local_address);
  hello.set_last_will(options.last_will);
  return request;
}

v1::HeartbeatRequest MakeUpdate(const Labels& labels) {
  v1::HeartbeatRequest request;
  request.mutable_update()->mutable_labels()->insert(labels.begin(), labels.end());
  return request;
}

Welcome FromProto(const v1::Welcome& welcome) {
  Welcome result;
  result.incarnation = welcome.incarnation();
  result.server_id = welcome.server_id();
  result.interval = FromProto(welcome.interval());
  result.timeout = FromProto(welcome.timeout());
  result.resume_grace = FromProto(welcome.resume_grace());
  const v1::Keepalive& keepalive = welcome.keepalive();
  result.server_keepalive = {keepalive.tcp_enabled(),
                             ceil<seconds>(FromProto(keepalive.tcp_idle())),
                             ceil<seconds>(FromProto(keepalive.tcp_interval())),
                             keepalive.tcp_count(),
                             ceil<milliseconds>(FromProto(keepalive.tcp_user_timeout())),
                             ceil<milliseconds>(FromProto(keepalive.http2_time())),
                             ceil<milliseconds>(FromProto(keepalive.http2_timeout()))};
  return result;
}

}  // namespace liveness::internal
