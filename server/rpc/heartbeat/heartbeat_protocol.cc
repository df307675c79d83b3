#include "server/rpc/heartbeat/heartbeat_protocol.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/limits.h"
#include "common/status.h"
#include "server/core/detection/flood_guard.h"
#include "server/core/fleet/scopes.h"
#include "server/rpc/convert/convert.h"
#include "server/rpc/engine/call_errors.h"
#include "server/rpc/heartbeat/heartbeat_codec.h"
#include "server/rpc/heartbeat/heartbeat_welcome.h"
#include "server/rpc/heartbeat/ping_wire.h"

namespace liveness::rpc {
namespace {

constexpr auto kRetryWhenTooMany = std::chrono::seconds(10);

constexpr int kIntervalsOfLabelsAtOnce = 25;

PlainPing ToPlainPing(const v1::Ping& ping) {
  return {.sequence = ping.sequence(),
          .has_send_time = ping.has_send_time(),
          .send_seconds = ping.send_time().seconds(),
          .send_nanos = ping.send_time().nanos()};
}

absl::Status Refuse(const auth::Gate& gate, const auth::Caller& caller, const std::string& client_id,
                    absl::Status why) {
  return gate.Refuse({.principal = caller.principal,
                      .address = caller.address,
                      .action = auth::Action::kBeat,
                      .target = client_id,
                      .why = std::move(why)});
}

}  // namespace

HeartbeatProtocol::HeartbeatProtocol(const HeartbeatDeps& deps, registry::QueuePulses::Queue& pulse,
                                     std::shared_ptr<HeartbeatTransport> transport)
    : deps_(deps), pulse_(pulse), transport_(std::move(transport)) {}

absl::Status HeartbeatProtocol::CheckSize(std::size_t bytes) {
  if (bytes <= common::kMaxHeartbeatMessageBytes) return absl::OkStatus();
  return MessageTooLargeError(bytes, common::kMaxHeartbeatMessageBytes);
}

absl::Status HeartbeatProtocol::Take(std::span<const std::uint8_t> message, Next& next) {
  const common::MonoTime now = deps_.clock.Mono();
  pulse_.HeardSomebody(now);
  if (said_hello_) {
    if (joining_) Join();
    if (absl::Status counted = CountMessage(now); !counted.ok()) return counted;
    if (const std::optional<PlainPing> ping = ReadPlainPing(message)) {
      absl::Status taken = TakePing(*ping, now, next);
      // No progress token at all: none is stale any more.
      if (stalled_ && next.pong) TakeReport({});
      return taken;
    }
  }
  StackArena arena;
  const v1::HeartbeatRequest* request = ParseRequest(message, arena);
  if (request == nullptr) {
    if (!said_hello_) {
      const auto violations = TextsThatAreNoUtf8(message);
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
    return absl::OkStatus();
  }
  if (request->has_hello()) return TakeHello(request->hello(), next);
  if (!said_hello_) {
    return common::Error(absl::StatusCode::kFailedPrecondition, "HELLO_MISSING",
                         "the first message must be a hello");
  }
  return TakeMessage(*request, now, next);
}

// --- Joining -----------------------------------------------------------------

absl::Status HeartbeatProtocol::TakeHello(const v1::Hello& hello, Next& next) {
  if (std::exchange(said_hello_, true)) {
    return common::Error(absl::StatusCode::kFailedPrecondition, "HELLO_REPEATED", "a stream takes one hello");
  }
  if (deps_.draining.load(std::memory_order_relaxed)) return DrainingError();
  auto request = ParseHello(hello, deps_.options.preset, deps_.options.bounds);
  if (!request.ok()) return request.status();

  absl::StatusOr<HeartbeatPeer> peer =
      transport_->Identify(request->info.client_id, request->info.local_address);
  if (!peer.ok()) return peer.status();
  const auth::CallerPtr caller = peer->caller;
  if (absl::Status may = deps_.gate.MayBeat(*caller, hello.client_id()); !may.ok())
    return Refuse(deps_.gate, *caller, hello.client_id(), std::move(may));
  if (absl::Status claimed = ClaimSession(hello, *deps_.resume_tokens.Now(), deps_.clock.Wall(), *request);
      !claimed.ok())
    return Refuse(deps_.gate, *caller, hello.client_id(), std::move(claimed));
  request->info.principal = peer->caller->principal;
  if (absl::Status may = MayJoin(*request, *peer); !may.ok()) return may;
  if (hello.has_quality()) {
    const auto measured = deps_.registry.PathOf(hello.client_id(), request->info.principal);
    absl::Status chosen =
        ChooseTiming(hello.quality(), measured ? measured->Estimate() : core::PathEstimate{},
                     deps_.options.bounds, *request);
    if (!chosen.ok()) return chosen;
  }
  interval_ = request->interval;
  timeout_ = request->timeout;
  hello_time_ = deps_.clock.Mono();
  request->info.peer_address = std::move(peer->address);
  request->keepalive = std::move(peer->keepalive);
  request->stream = transport_;
  if (!transport_->AwaitWelcome()) return absl::OkStatus();
  joining_ = true;
  WelcomeTerms terms = TermsOf(*request);
  deps_.registry.Attach(*std::move(request),
                        [&deps = deps_, transport = transport_, terms = std::move(terms), caller,
                         id = hello.client_id()](absl::StatusOr<registry::Attached> attached) {
                          // Of all that the registry refuses this alone is for who it is.
                          if (absl::IsPermissionDenied(attached.status()))
                            attached = Refuse(deps.gate, *caller, id, attached.status());
                          OnAttached(deps, *transport, terms, std::move(attached));
                        });
  next.await_welcome = true;
  return absl::OkStatus();
}

absl::Status HeartbeatProtocol::MayJoin(const registry::HelloRequest& request, const HeartbeatPeer& peer) {
  const std::string& principal = peer.caller->principal;
  if (!place_.Take(deps_.sessions, {std::nullopt, principal})) {
    return common::WithRetryDelay(common::Error(absl::StatusCode::kResourceExhausted, "TOO_MANY_STREAMS",
                                                "too many streams of this principal"),
                                  kRetryWhenTooMany);
  }
  if (request.resume_incarnation) return absl::OkStatus();
  const common::Duration wait = deps_.pace.Wait(core::VoiceOf(principal, peer.address), deps_.clock.Mono());
  if (wait == common::Duration::zero()) return absl::OkStatus();
  return common::WithRetryDelay(common::Error(absl::StatusCode::kResourceExhausted, "HELLO_RATE",
                                              "this principal or address begins sessions faster than it may"),
                                wait);
}

void HeartbeatProtocol::OnAttached(const HeartbeatDeps& deps, HeartbeatTransport& transport,
                                   const WelcomeTerms& terms, absl::StatusOr<registry::Attached> attached) {
  if (!attached.ok()) return transport.End(attached.status());
  const v1::HeartbeatResponse welcome =
      MakeWelcome(terms, *attached, deps.options.server_id, *deps.resume_tokens.Now(), deps.clock.Wall());
  const JoinedSession joined{attached->session, attached->attachment, attached->arrivals, attached->stalled};
  if (transport.Welcome(joined, welcome)) return;
  // The stream ended before its session began.
  deps.listener.OnStreamEnded({.session = attached->session,
                               .attachment = attached->attachment,
                               .ended_at = deps.clock.Mono(),
                               .how = core::StreamEnd::kConnectionClosed,
                               .look = false});
}

void HeartbeatProtocol::Join() {
  JoinedSession joined = transport_->Joined();
  session_ = std::move(joined.session);
  arrivals_ = std::move(joined.arrivals);
  attachment_ = joined.attachment;
  stalled_ = joined.stalled;
  joining_ = false;
}

// --- Messages ----------------------------------------------------------------

// Whatever a client sends costs us the same or more than a ping: all of it counts.
absl::Status HeartbeatProtocol::CountMessage(common::MonoTime now) {
  ++messages_;
  if (!core::IsPingFlood(messages_, now - hello_time_, interval_, deps_.options.max_ping_rate)) {
    return absl::OkStatus();
  }
  return common::Error(absl::StatusCode::kResourceExhausted, "PING_FLOOD",
                       absl::StrCat(messages_, " messages are more than ", deps_.options.max_ping_rate,
                                    " times what the interval asks for"));
}

absl::Status HeartbeatProtocol::TakeMessage(const v1::HeartbeatRequest& request, common::MonoTime now,
                                            Next& next) {
  if (request.has_ping()) {
    auto report = ParseReport(request.ping());
    if (!report.ok()) return report.status();
    absl::Status taken = TakePing(ToPlainPing(request.ping()), now, next);
    if (next.pong) TakeReport(*std::move(report));
    return taken;
  }
  if (request.has_update()) {
    auto labels = ParseUpdate(request.update());
    if (!labels.ok()) return labels.status();
    if (!Touch(now)) return absl::OkStatus();
    if (new_labels_ != nullptr) deps_.merged_label_changes.fetch_add(1, std::memory_order_relaxed);
    new_labels_ = std::make_unique<core::Labels>(*std::move(labels));
    TellLabels(now);
  } else if (request.has_pong()) {
    TakePong(request.pong(), now);
  } else if (request.has_goodbye()) {
    TakeGoodbye(request.goodbye());
  }
  return absl::OkStatus();
}

void HeartbeatProtocol::TellLabels(common::MonoTime now) {
  if (const std::uint32_t rate = deps_.options.max_label_rate; rate != 0) {
    const common::MonoTime rest_at = std::max(labels_rest_at_, now) + interval_ / rate;
    if (rest_at - now > kIntervalsOfLabelsAtOnce * interval_) return;
    labels_rest_at_ = rest_at;
  }
  deps_.registry.UpdateLabels(session_, attachment_, std::move(*new_labels_));
  new_labels_ = nullptr;
}

absl::Status HeartbeatProtocol::TakePing(const PlainPing& ping, common::MonoTime now, Next& next) {
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
  if (!Touch(now)) return absl::OkStatus();
  session_->CountPing(sequence, missed);
  common::Duration due = timeout_;
  if (arrivals_ != nullptr) {
    const registry::Arrivals::Arrival arrival =
        arrivals_->Arrived(now, sequence, deps_.registry.stall_count());
    if (arrival.sooner) deps_.registry.Rearm(session_);
    due = arrival.due;
  }
  deps_.pings.fetch_add(1, std::memory_order_relaxed);
  if (new_labels_ != nullptr) TellLabels(now);

  next.pong = PendingPong{.ping = ping,
                          .receive_time = deps_.clock.Wall(),
                          .vouched_for = deps_.registry.Vouch(due, timeout_, now)};
  return absl::OkStatus();
}

void HeartbeatProtocol::TakeReport(PingReport report) {
  // A client that tells nothing of its work has no board.
  if (board_ == nullptr && report.progress.empty() && !report.load && !stalled_) return;
  if (board_ == nullptr) board_ = deps_.registry.BoardOf(session_);
  const std::size_t left_out = core::KeepMostBehind(report.progress, deps_.options.max_progress_tokens);
  if (left_out != 0)
    deps_.progress_left_out.fetch_add(static_cast<std::int64_t>(left_out), std::memory_order_relaxed);
  const bool stalled =
      board_->Put(std::move(report.progress), report.load, session_->rtt(), deps_.clock.Wall());
  if (std::exchange(stalled_, stalled) != stalled) {
    deps_.registry.SetStalled(session_, attachment_, stalled);
  }
}

void HeartbeatProtocol::TakePong(const v1::Pong& pong, common::MonoTime now) {
  if (!Touch(now)) return;
  const std::optional<common::Duration> rtt = transport_->TakeProbeAnswer(pong.sequence(), now);
  if (!rtt) return;
  session_->SetRtt(*rtt);
  deps_.rtts.Add(*rtt);
  if (arrivals_ != nullptr) arrivals_->RoundTrip(*rtt);
}

void HeartbeatProtocol::TakeGoodbye(const v1::Goodbye& goodbye) {
  if (!transport_->BeginGoodbye()) return;
  if (new_labels_ != nullptr) deps_.registry.UpdateLabels(session_, attachment_, std::move(*new_labels_));
  // The goodbye is answered once it is committed: a client that was told so is not found to be missing after
  // a crash of this server.
  deps_.registry.SayGoodbye(session_, attachment_, ToGoodbye(goodbye),
                            [transport = transport_] { transport->End(absl::OkStatus()); });
}

bool HeartbeatProtocol::Touch(common::MonoTime now) {
  switch (session_->Touch(attachment_, now)) {
    case registry::TouchResult::kHeard: return true;
    case registry::TouchResult::kRefutes: return deps_.registry.Refute(session_, attachment_);
    case registry::TouchResult::kStale:
      return deps_.registry.TakeOver(session_, attachment_) &&
             session_->Touch(attachment_, now) != registry::TouchResult::kStale;
  }
  return false;
}

}  // namespace liveness::rpc
