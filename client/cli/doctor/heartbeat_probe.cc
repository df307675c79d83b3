#include "client/cli/doctor/heartbeat_probe.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "client/cli/print/proto_text.h"
#include "common/limits.h"
#include "common/random.h"
#include "common/saturating.h"

namespace liveness::cli::doctor {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Short, so that a few seconds tell something.
constexpr common::Duration kInterval = milliseconds(100);
// Long, because the client is to be suspected only if the path is in deep trouble.
constexpr common::Duration kTimeout = seconds(10);
// What is added to two intervals for the first quality that is asked for: the delay of an unknown path.
constexpr common::Duration kFirstDelay = milliseconds(60);
// Nobody wants to wait longer for news of a crash.
constexpr common::Duration kLongestWithin = std::chrono::minutes(10);

}  // namespace

HeartbeatProbe::HeartbeatProbe(ProbeSettings settings, std::shared_ptr<grpc::Channel> channel,
                               const SocketView& socket, StopFlag& stop, const common::Clock& clock)
    : settings_(std::move(settings)),
      channel_(std::move(channel)),
      socket_(socket),
      stop_(stop),
      clock_(clock),
      instance_id_(common::RandomHexId()),
      lifetime_(
          common::SaturatingAdd(settings_.beat_for, common::SaturatingMultiply(settings_.patience, 10))) {}

v1::HeartbeatRequest HeartbeatProbe::Hello() const {
  v1::HeartbeatRequest request;
  v1::Hello& hello = *request.mutable_hello();
  hello.set_client_id(settings_.client_id);
  hello.set_instance_id(instance_id_);
  (*hello.mutable_labels())["liveness.doctor"] = "true";
  hello.set_resume_token(resume_token_);
  hello.set_pid(getpid());
  hello.set_local_address(socket_.LocalAddress());
  hello.set_attempt(attempt_);
  return request;
}

bool HeartbeatProbe::Begin(HeartbeatFacts& facts) {
  facts.client_id = settings_.client_id;
  stream_ = std::make_unique<ProbeStream>(
      channel_, lifetime_, [this](const v1::Pong& pong, common::MonoTime now) { OnPong(pong, now); });
  attempt_ = 1;
  v1::HeartbeatRequest hello = Hello();
  *hello.mutable_hello()->mutable_interval() = ToProto(kInterval);
  *hello.mutable_hello()->mutable_timeout() = ToProto(kTimeout);
  // The server measures the path of a client that asks for this (or for a quality), and of nobody else. At
  // the highest threshold, because a pause of this process is no reason to suspect it.
  hello.mutable_hello()->mutable_detection()->set_method(v1::DETECTION_METHOD_ACCRUAL);
  hello.mutable_hello()->mutable_detection()->set_threshold(common::kMaxSuspicionThreshold);
  const auto welcome = stream_->SayHello(hello, settings_.patience);
  if (!welcome.ok()) {
    facts.refusal = welcome.status();
    return false;
  }
  facts.welcome = *welcome;
  resume_token_ = welcome->resume_token();
  return true;
}

bool HeartbeatProbe::Ping() {
  v1::HeartbeatRequest request;
  {
    common::MutexLock lock(mu_);
    sent_.push_back({clock_.Mono(), clock_.Wall(), std::nullopt});
    request.mutable_ping()->set_sequence(sent_.size());
    *request.mutable_ping()->mutable_send_time() = ToProto(sent_.back().wall);
  }
  return stream_->Send(request);
}

void HeartbeatProbe::OnPong(const v1::Pong& pong, common::MonoTime now) {
  common::MutexLock lock(mu_);
  if (pong.sequence() == 0 || pong.sequence() > sent_.size()) return;
  Sent& sent = sent_[pong.sequence() - 1];
  sent.round_trip = now - sent.at;
  if (!pong.has_receive_time() || *sent.round_trip >= offset_error_) return;
  offset_error_ = *sent.round_trip;
  offset_ = FromProto(pong.receive_time()) - (sent.wall + *sent.round_trip / 2);
}

void HeartbeatProbe::Beat(HeartbeatFacts& facts) {
  const common::Duration interval = FromProto(facts.welcome->interval());
  const std::optional<TcpFigures> before = socket_.Tcp();
  const common::MonoTime end = common::SaturatingAdd(clock_.Mono(), settings_.beat_for);
  common::Duration lateness{};
  common::MonoTime next = clock_.Mono();
  while (!stop_.IsSet() && next < end) {
    lateness = std::max<common::Duration>(lateness, clock_.Mono() - next);
    if (!Ping()) break;
    // No burst after a pause of this process: that would tell of the process, and not of the path.
    next = std::max(next + interval, clock_.Mono());
    stop_.AwaitFor(std::min(next, end) - clock_.Mono(), clock_);
  }
  if (stream_->is_over()) facts.refusal = stream_->AwaitEnd(common::Duration::zero());
  // For the last pongs.
  const auto all_answered = [&] {
    common::MutexLock lock(mu_);
    return std::all_of(sent_.begin(), sent_.end(),
                       [](const Sent& each) { return each.round_trip.has_value(); });
  };
  const common::MonoTime give_up = clock_.Mono() + std::min<common::Duration>(settings_.patience, seconds(2));
  while (!stream_->is_over() && !all_answered() && clock_.Mono() < give_up) {
    if (stop_.AwaitFor(milliseconds(10), clock_)) break;
  }
  std::vector<std::optional<common::Duration>> round_trips;
  {
    common::MutexLock lock(mu_);
    for (const Sent& each : sent_) round_trips.push_back(each.round_trip);
    facts.clock_offset = offset_;
  }
  facts.path = Summarize(round_trips);
  facts.path.own_lateness = lateness;
  facts.path.tcp = socket_.Tcp();
  if (facts.path.tcp && before) {
    facts.path.tcp->sent_segments -= before->sent_segments;
    facts.path.tcp->resent_segments -= before->resent_segments;
  }
}

absl::StatusOr<v1::Welcome> HeartbeatProbe::Ask(common::Duration found_within, common::Duration recurrence) {
  Ping();  // the asking takes its time, and the client is not to be overdue meanwhile
  ++attempt_;
  v1::HeartbeatRequest hello = Hello();
  v1::Quality& quality = *hello.mutable_hello()->mutable_quality();
  *quality.mutable_found_within() = ToProto(found_within);
  *quality.mutable_mistake_recurrence() = ToProto(recurrence);
  auto stream = std::make_unique<ProbeStream>(channel_, lifetime_);
  auto welcome = stream->SayHello(hello, settings_.patience);
  if (welcome.ok()) {
    resume_token_ = welcome->resume_token();
    stream_ = std::move(stream);
  }
  return welcome;
}

QualityFacts HeartbeatProbe::AskQuality(common::Duration recurrence, common::Duration least) {
  QualityFacts facts;
  facts.recurrence = recurrence;
  const auto ask = [&](common::Duration within) {
    auto welcome = Ask(within, recurrence);
    if (welcome.ok()) {
      facts.granted = *std::move(welcome);
    } else if (absl::IsFailedPrecondition(welcome.status())) {
      facts.refused_within = within;
      facts.refusal = std::string(welcome.status().message());
    } else {
      facts.failure = welcome.status();
    }
  };
  // Each refusal is a line in the server's log, so they are few: steps of a half, and one between at the end.
  common::Duration within = 2 * least + kFirstDelay;
  for (; !stop_.IsSet(); within += within / 2) {
    ask(within);
    if (facts.granted || !facts.failure.ok() || within > kLongestWithin) break;
  }
  if (facts.granted && facts.refused_within > common::Duration::zero() && !stop_.IsSet()) {
    ask(std::chrono::ceil<milliseconds>((within + facts.refused_within) / 2));
  }
  return facts;
}

bool HeartbeatProbe::Leave() {
  v1::HeartbeatRequest request;
  request.mutable_goodbye()->set_reason("the doctor has seen enough");
  return stream_->Send(request) && stream_->AwaitEnd(settings_.patience).ok();
}

}  // namespace liveness::cli::doctor
