// What a HeartbeatCall does with each message that it reads.

#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/limits.h"
#include "common/status.h"
#include "server/core/detection/flood_guard.h"
#include "server/rpc/convert/convert.h"
#include "server/rpc/heartbeat/heartbeat_call.h"
#include "server/rpc/heartbeat/heartbeat_hello.h"
#include "server/rpc/heartbeat/ping_wire.h"

namespace liveness::rpc {
namespace {

PlainPing ToPlainPing(const v1::Ping& ping) {
  return {.sequence = ping.sequence(),
          .has_send_time = ping.has_send_time(),
          .send_seconds = ping.send_time().seconds(),
          .send_nanos = ping.send_time().nanos()};
}

}  // namespace

absl::StatusOr<HeartbeatCall::Next> HeartbeatCall::Take() {
  if (incoming_.Length() > common::kMaxHeartbeatMessageBytes) {
    return MessageTooLargeError(incoming_.Length(), common::kMaxHeartbeatMessageBytes);
  }
  const common::MonoTime now = service_.clock_.Mono();
  pulse_.HeardSomebody(now);
  if (said_hello_) {
    if (absl::Status counted = CountMessage(now); !counted.ok()) return counted;
    if (const std::optional<PlainPing> ping = ReadPlainPing(incoming_)) {
      auto next = TakePing(*ping, now);
      // No token at all: none is stale any more.
      if (stalled_ && next.ok() && next->pong) TakeReport({});
      return next;
    }
  }
  StackArena arena;
  const v1::HeartbeatRequest* request = ParseRequest(incoming_, arena);
  if (request == nullptr) {
    if (!said_hello_) {
      const auto violations = TextsThatAreNoUtf8(incoming_);
      if (!violations.empty()) return common::BadFields("BAD_HELLO", violations);
    }
    return common::Error(absl::StatusCode::kInvalidArgument, "BAD_MESSAGE",
                         "the bytes are no HeartbeatRequest");
  }
  if (request->session() != 0) {
    return common::Error(absl::StatusCode::kUnimplemented, "SESSIONS_UNIMPLEMENTED",
                         "one session per stream: `session` must be 0");
  }
  if (request->message_case() == v1::HeartbeatRequest::MESSAGE_NOT_SET) {
    if (said_hello_) Touch(now);
    return Next{};
  }
  if (request->has_hello()) return TakeHello(request->hello());
  if (!said_hello_) {
    return common::Error(absl::StatusCode::kFailedPrecondition, "HELLO_MISSING",
                         "the first message must be a hello");
  }
  return TakeMessage(*request, now);
}

// Whatever a client sends costs us the same or more than a ping: all of it counts.
absl::Status HeartbeatCall::CountMessage(common::MonoTime now) {
  ++messages_;
  if (!core::IsPingFlood(messages_, now - attach_time_, interval_, service_.options_.max_ping_rate)) {
    return absl::OkStatus();
  }
  return common::Error(absl::StatusCode::kResourceExhausted, "PING_FLOOD",
                       absl::StrCat(messages_, " messages are more than ", service_.options_.max_ping_rate,
                                    " times what the interval asks for"));
}

absl::StatusOr<HeartbeatCall::Next> HeartbeatCall::TakeMessage(const v1::HeartbeatRequest& request,
                                                               common::MonoTime now) {
  if (request.has_ping()) {
    auto report = CheckReport(request.ping());
    if (!report.ok()) return report.status();
    auto next = TakePing(ToPlainPing(request.ping()), now);
    if (next.ok() && next->pong) TakeReport(*std::move(report));
    return next;
  }
  if (request.has_update()) {
    auto labels = CheckUpdate(request.update());
    if (!labels.ok()) return labels.status();
    if (Touch(now)) service_.registry_.UpdateLabels(session_, attachment_, *std::move(labels));
  } else if (request.has_pong()) {
    if (!Touch(now)) return Next{};
    common::MutexLock lock(handle_->mu_);
    if (probe_time_ != common::MonoTime{} && request.pong().sequence() == probe_sequence_) {
      const core::Duration rtt = now - std::exchange(probe_time_, {});
      session_->SetRtt(rtt);
      if (arrivals_ != nullptr) arrivals_->RoundTrip(rtt);
      pong_time_ = now;
    }
  } else if (request.has_goodbye()) {
    {
      common::MutexLock lock(handle_->mu_);
      if (std::exchange(leaving_, true)) return Next{};
      session_over_ = true;
    }
    // Answered once it is committed: who was told so is not found to be missing after a crash of ours.
    service_.registry_.SayGoodbye(session_, attachment_, ToGoodbye(request.goodbye()),
                                  [handle = handle_] { handle->Farewell(); });
  }
  return Next{};
}

absl::StatusOr<HeartbeatCall::Next> HeartbeatCall::TakePing(const PlainPing& ping, common::MonoTime now) {
  const std::uint64_t sequence = ping.sequence;
  std::uint64_t missed = 0;
  if (std::exchange(has_pinged_, true)) {
    if (sequence <= last_sequence_) {
      return common::Error(absl::StatusCode::kInvalidArgument, "BAD_SEQUENCE",
                           absl::StrCat("ping ", sequence, " after ", last_sequence_, ": it must grow"));
    }
    missed = sequence - last_sequence_ - 1;
  }
  last_sequence_ = sequence;
  if (!Touch(now)) return Next{};
  session_->CountPing(sequence, missed);
  common::Duration due = timeout_;
  if (arrivals_ != nullptr) {
    const registry::Arrivals::Arrival arrival =
        arrivals_->Arrived(now, sequence, service_.registry_.stall_count());
    if (arrival.sooner) service_.registry_.Rearm(session_);
    due = arrival.due;
  }
  service_.pings_.fetch_add(1, std::memory_order_relaxed);

  return Next{.pong = PendingPong{.ping = ping,
                                  .receive_time = service_.clock_.Wall(),
                                  .vouched_for = service_.registry_.Vouch(due, timeout_, now)}};
}

void HeartbeatCall::TakeReport(PingReport report) {
  // A client that tells nothing of its work has no board.
  if (board_ == nullptr && report.progress.empty() && !report.load && !stalled_) return;
  if (board_ == nullptr) board_ = service_.registry_.BoardOf(session_);
  const bool stalled =
      board_->Put(std::move(report.progress), report.load, session_->rtt(), service_.clock_.Wall());
  if (std::exchange(stalled_, stalled) != stalled) {
    service_.registry_.SetStalled(session_, attachment_, stalled);
  }
}

// False if the stream has been replaced or its session is over: its end is on
// the way, and nothing it says counts.
bool HeartbeatCall::Touch(common::MonoTime now) {
  switch (session_->Touch(attachment_, now)) {
    case registry::TouchResult::kHeard: return true;
    case registry::TouchResult::kRefutes: return service_.registry_.Refute(session_, attachment_);
    case registry::TouchResult::kStale:
      return service_.registry_.TakeOver(session_, attachment_) &&
             session_->Touch(attachment_, now) != registry::TouchResult::kStale;
  }
  return false;
}

// --- Ends --------------------------------------------------------------------

void HeartbeatCall::Fail(const absl::Status& why) {
  bool tell = false;
  {
    common::MutexLock lock(handle_->mu_);
    if (!PutEnd(why)) return;
    tell = session_ != nullptr && !std::exchange(session_over_, true);
  }
  Log(why);
  if (!tell) return;
  service_.OnStreamEnded({.session = session_,
                          .attachment = attachment_,
                          .ended_at = service_.clock_.Mono(),
                          .how = core::StreamEnd::kByServer,
                          .look = false});
}

core::StreamEnd HeartbeatCall::HowItEnded() const {
  if (!context_.IsCancelled()) return core::StreamEnd::kHalfClosed;
  // The client's own timer runs a little before ours, and gRPC sends deadlines rounded up.
  constexpr auto kSlack = std::chrono::milliseconds(250);
  const auto deadline = context_.deadline();
  const bool has_deadline = deadline != std::chrono::system_clock::time_point::max();
  if (has_deadline && service_.clock_.Wall() + kSlack >= deadline) return core::StreamEnd::kCallDeadline;
  return core::StreamEnd::kNone;
}

void HeartbeatCall::Log(const absl::Status& why) const {
  service_.log_.Write(common::ReasonOf(why), client_id_, net::ToText(connection_.peer),
                      {why.message().data(), why.message().size()});
}

}  // namespace liveness::rpc
