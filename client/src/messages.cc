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

Detection FromProto(const v1::Detection& detection) {
  if (detection.method() != v1::DETECTION_METHOD_ACCRUAL) return {};
  return {Detection::Method::kAccrual, detection.threshold()};
}

void Set(const Detection& detection, v1::Detection& proto) {
  const bool accrual = detection.method == Detection::Method::kAccrual;
  proto.set_method(accrual ? v1::DETECTION_METHOD_ACCRUAL : v1::DETECTION_METHOD_FIXED);
  proto.set_threshold(detection.threshold);
}

void Set(const LoadReading& load, v1::Load& proto) {
  *proto.mutable_scheduling_delay() = ToProto(load.scheduling_delay);
  proto.set_cpu_usage(load.cpu_usage);
  proto.set_memory_bytes(load.memory_bytes);
}

template <typename Message>
std::optional<common::Duration> VouchedForIn(const Message& message) {
  if (!message.has_vouched_for()) return std::nullopt;
  return internal::FromProto(message.vouched_for());
}

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
                               const std::string& resume_token, const std::string& local_address,
                               std::uint32_t attempt) {
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
  hello.set_attempt(attempt);
  if (options.detection) Set(*options.detection, *hello.mutable_detection());
  if (options.quality) {
    *hello.mutable_quality()->mutable_found_within() = ToProto(options.quality->found_within);
    *hello.mutable_quality()->mutable_mistake_recurrence() = ToProto(options.quality->mistake_recurrence);
  }
  return request;
}

v1::HeartbeatRequest MakePing(std::uint64_t sequence, common::WallTime send_time,
                              const std::vector<ProgressReading>& progress,
                              const std::optional<LoadReading>& load) {
  v1::HeartbeatRequest request;
  v1::Ping& ping = *request.mutable_ping();
  ping.set_sequence(sequence);
  *ping.mutable_send_time() = ToProto(send_time);
  for (const ProgressReading& reading : progress) {
    v1::Progress& token = *ping.add_progress();
    token.set_name(reading.name);
    *token.mutable_age() = ToProto(reading.age);
    *token.mutable_deadline() = ToProto(reading.deadline);
  }
  if (load) Set(*load, *ping.mutable_load());
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
  result.detection = FromProto(welcome.detection());
  if (welcome.has_quality()) {
    result.quality = Quality{FromProto(welcome.quality().found_within()),
                             FromProto(welcome.quality().mistake_recurrence())};
  }
  return result;
}

std::optional<common::Duration> VouchedFor(const v1::Welcome& welcome) { return VouchedForIn(welcome); }
std::optional<common::Duration> VouchedFor(const v1::Pong& pong) { return VouchedForIn(pong); }

}  // namespace liveness::internal
