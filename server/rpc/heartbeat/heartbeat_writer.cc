#include "server/rpc/heartbeat/heartbeat_writer.h"

#include <utility>

#include "common/status.h"
#include "server/rpc/convert/error_details.h"
#include "server/rpc/engine/call_errors.h"
#include "server/rpc/heartbeat/heartbeat_bytes.h"

namespace liveness::rpc {
namespace {

// As auth::Caller has it.
std::string AddressOf(const net::Endpoint& remote) {
  return remote == net::Endpoint() ? "unix:" : net::AddressText(remote);
}

}  // namespace

HeartbeatWriter::HeartbeatWriter(const HeartbeatDeps& deps, HeartbeatWire& wire, const net::Endpoint& peer)
    : deps_(deps), wire_(&wire) {
  link_.socket.remote = peer;
}

// --- The registry and the service --------------------------------------------

void HeartbeatWriter::Probe(std::uint64_t sequence) {
  common::MutexLock lock(mu_);
  outbox_.PutProbe(sequence);
  StartNext();
}

void HeartbeatWriter::End(const absl::Status& why) {
  common::MutexLock lock(mu_);
  if (!done_ && PutEnd(why)) end_told_ = true;
}

core::LinkEvidence HeartbeatWriter::Look() {
  StreamLink link;
  {
    common::MutexLock lock(mu_);
    if (wire_ == nullptr) return {};
    link = link_;
  }
  core::LinkEvidence evidence = EvidenceOf(link, deps_.clock.Mono());
  if (!link.proxied) evidence.tcp = deps_.diag.Ask(link.socket);
  return evidence;
}

void HeartbeatWriter::AskGate() {
  auth::Refusal refusal{.action = auth::Action::kBeat};
  {
    common::MutexLock lock(mu_);
    if (wire_ == nullptr || done_ || client_id_.empty()) return;
    const absl::StatusOr<auth::CallerPtr> caller = wire_->Identify();
    const absl::Status may = caller.ok() ? deps_.gate.MayBeat(**caller, client_id_) : caller.status();
    if (may.ok()) return;
    refusal.why = RevokedError(may);
    refusal.target = client_id_;
    refusal.address = AddressOf(link_.socket.remote);
  }
  // Who it was, the record knows: what the client shows may prove nothing any more.
  if (const auto client = deps_.registry.Get(refusal.target)) {
    refusal.principal = client->record->info.principal();
  }
  Fail(deps_.gate.Refuse(std::move(refusal)), core::StreamEnd::kRevoked);
}

void HeartbeatWriter::Drain(common::Duration reconnect_within) {
  common::MutexLock lock(mu_);
  if (joined_.session == nullptr) return;
  outbox_.PutDrain(reconnect_within);
  StartNext();
}

// --- The protocol ------------------------------------------------------------

absl::StatusOr<HeartbeatPeer> HeartbeatWriter::Identify(const std::string& client_id,
                                                        const std::string& own_address) {
  common::MutexLock lock(mu_);
  client_id_ = client_id;
  if (wire_ == nullptr) return absl::CancelledError("the stream is over");
  absl::StatusOr<auth::CallerPtr> caller = wire_->Identify();
  if (!caller.ok()) {
    return deps_.gate.Refuse({.address = AddressOf(link_.socket.remote),
                              .action = auth::Action::kBeat,
                              .target = client_id,
                              .why = caller.status()});
  }
  HeartbeatPeer peer{.address = net::ToText(link_.socket.remote), .caller = *std::move(caller)};
  if (const auto socket = deps_.sockets.Find(link_.socket.remote)) {
    peer.keepalive = socket->keepalive;
    link_.socket.local = socket->local;
    link_.socket.cookie = socket->cookie;
    const auto own = net::FromText(own_address);
    link_.proxied = own && *own != link_.socket.remote;
    link_.maybe_proxied = !own;
  }
  return peer;
}

bool HeartbeatWriter::AwaitWelcome() {
  common::MutexLock lock(mu_);
  if (done_ || outbox_.ending()) return false;
  reading_ = false;
  awaits_hello_ = false;
  if (alarm_ != nullptr) alarm_->Cancel();
  return true;
}

JoinedSession HeartbeatWriter::Joined() {
  common::MutexLock lock(mu_);
  return joined_;
}

bool HeartbeatWriter::Welcome(JoinedSession joined, const v1::HeartbeatResponse& welcome) {
  common::MutexLock lock(mu_);
  if (done_ || outbox_.ending()) return false;
  joined_ = std::move(joined);
  outbox_.PutWelcome(std::make_unique<grpc::ByteBuffer>(Serialize(welcome)));
  StartRead();
  StartNext();
  return true;
}

std::optional<common::Duration> HeartbeatWriter::TakeProbeAnswer(std::uint64_t sequence,
                                                                 common::MonoTime now) {
  common::MutexLock lock(mu_);
  if (link_.probe_time == common::MonoTime{} || sequence != probe_sequence_) return std::nullopt;
  link_.pong_time = now;
  return now - std::exchange(link_.probe_time, {});
}

bool HeartbeatWriter::BeginGoodbye() {
  common::MutexLock lock(mu_);
  if (std::exchange(leaving_, true)) return false;
  end_told_ = true;
  return true;
}

// --- The call ----------------------------------------------------------------

void HeartbeatWriter::Start(const absl::Status& refused) {
  common::MutexLock lock(mu_);
  if (!refused.ok()) {
    PutEnd(refused);
    return;
  }
  SetAlarm(deps_.options.hello_timeout);
  StartRead();
}

void HeartbeatWriter::Fail(const absl::Status& why, core::StreamEnd how) {
  EndedStream ended;
  {
    common::MutexLock lock(mu_);
    if (!PutEnd(why) || joined_.session == nullptr || std::exchange(end_told_, true)) return;
    ended = {.session = joined_.session,
             .attachment = joined_.attachment,
             .ended_at = deps_.clock.Mono(),
             .how = how,
             .look = false};
  }
  deps_.listener.OnStreamEnded(std::move(ended));
}

bool HeartbeatWriter::Taken(const std::optional<PendingPong>& pong) {
  common::MutexLock lock(mu_);
  reading_ = false;
  if (pong) outbox_.PutPong(*pong);
  // The pong before the read: what the read sends, a window update, then leaves with the pong and not in a
  // system call of its own.
  StartNext();
  if (!outbox_.ending()) StartRead();
  return IsOver();
}

bool HeartbeatWriter::ReadsEnded() {
  common::MutexLock lock(mu_);
  reading_ = false;
  if (!leaving_) PutEnd(absl::OkStatus());
  return IsOver();
}

bool HeartbeatWriter::Written() {
  common::MutexLock lock(mu_);
  writing_ = false;
  // A write that failed is followed by the end of the reads.
  StartNext();
  return IsOver();
}

bool HeartbeatWriter::Finished() {
  common::MutexLock lock(mu_);
  finishing_ = false;
  return IsOver();
}

bool HeartbeatWriter::Done(core::StreamEnd how) {
  EndedStream ended;
  bool over = false;
  {
    common::MutexLock lock(mu_);
    done_ = true;
    if (alarm_ != nullptr) alarm_->Cancel();
    if (joined_.session != nullptr && !std::exchange(end_told_, true)) {
      ended = {.session = joined_.session,
               .attachment = joined_.attachment,
               .stream = shared_from_this(),
               .client_id = client_id_,
               .ended_at = deps_.clock.Mono(),
               .how = how,
               .link = link_};
    }
    over = IsOver();
  }
  if (ended.session != nullptr) deps_.listener.OnStreamEnded(std::move(ended));
  return over;
}

bool HeartbeatWriter::AlarmFired(bool ok) {
  common::MutexLock lock(mu_);
  alarm_pending_ = false;
  alarm_.reset();
  if (done_) return IsOver();
  if (outbox_.ending()) {
    if (ok && writing_) {
      wire_->Cancel();
    } else if (writing_) {
      SetAlarm(kFinishPatience);  // the alarm that was cancelled was that of the hello
    }
  } else if (ok && awaits_hello_) {
    PutEnd(common::Error(absl::StatusCode::kDeadlineExceeded, "HELLO_TIMEOUT", "no hello came in time"));
  }
  return IsOver();
}

// --- With the lock -----------------------------------------------------------

void HeartbeatWriter::StartRead() {
  if (done_) return;
  reading_ = true;
  wire_->Read();
}

void HeartbeatWriter::StartNext() {
  if (writing_ || finishing_ || done_) return;
  switch (outbox_.Take()) {
    case Outbox::Kind::kNothing: return;
    case Outbox::Kind::kWelcome: return Write(*outbox_.welcome());
    case Outbox::Kind::kDrain: return Write(SerializeDrain(outbox_.drain()));
    case Outbox::Kind::kProbe:
      probe_sequence_ = outbox_.probe();
      link_.probe_time = deps_.clock.Mono();
      return Write(SerializeProbe(probe_sequence_, deps_.clock.Wall()));
    case Outbox::Kind::kPong: return Write(SerializePong(outbox_.pong()));
    case Outbox::Kind::kEnd:
      finishing_ = true;
      wire_->Finish(end_status_ ? *end_status_ : grpc::Status::OK);
      return;
  }
}

void HeartbeatWriter::Write(const grpc::ByteBuffer& message) {
  writing_ = true;
  wire_->Write(message);
}

void HeartbeatWriter::SetAlarm(common::Duration span) {
  if (alarm_pending_ || done_) return;
  alarm_pending_ = true;
  alarm_ = std::make_unique<grpc::Alarm>();
  wire_->SetAlarm(*alarm_, span);
}

bool HeartbeatWriter::PutEnd(const absl::Status& why) {
  if (!outbox_.PutEnd()) return false;
  if (!why.ok()) end_status_ = std::make_unique<grpc::Status>(ToGrpcStatus(why));
  if (alarm_ != nullptr) alarm_->Cancel();
  if (writing_) SetAlarm(kFinishPatience);
  StartNext();
  if (!why.ok()) {
    deps_.log.Write(common::ReasonOf(why), client_id_, net::ToText(link_.socket.remote),
                    {why.message().data(), why.message().size()});
  }
  return true;
}

bool HeartbeatWriter::IsOver() {
  if (!done_ || reading_ || writing_ || finishing_ || alarm_pending_) return false;
  wire_ = nullptr;
  // Not before the last message was taken, which may be a goodbye. And not later: as long as the session is
  // bound to this stream it holds this writer.
  joined_ = {};
  return true;
}

}  // namespace liveness::rpc
