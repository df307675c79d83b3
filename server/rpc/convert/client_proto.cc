#include "server/rpc/convert/client_proto.h"

#include <string_view>

#include "common/resource_name.h"
#include "common/saturating.h"
#include "server/rpc/convert/convert.h"
#include "server/rpc/convert/evidence_proto.h"

namespace liveness::rpc {
namespace {

// The wire's values are core's, so that a cast converts them. A new value on
// one side only does not compile.
template <typename Wire, typename Core>
constexpr bool Same(Wire wire, Core core) {
  return static_cast<int>(wire) == static_cast<int>(core);
}
static_assert(Same(v1::STATE_ALIVE, core::State::kAlive) && Same(v1::STATE_SUSPECT, core::State::kSuspect) &&
              Same(v1::STATE_DEAD, core::State::kDead) && Same(v1::STATE_LEFT, core::State::kLeft) &&
              Same(v1::State_MAX, core::State::kForgotten));
static_assert(Same(v1::HEALTH_OK, core::Health::kOk) && Same(v1::HEALTH_STALLED, core::Health::kStalled) &&
              Same(v1::Health_MAX, core::Health::kMaintenance));
static_assert(Same(v1::CAUSE_PROCESS_EXITED, core::Cause::kProcessExited) &&
              Same(v1::CAUSE_STREAM_CLOSED, core::Cause::kStreamClosed) &&
              Same(v1::CAUSE_PROCESS_STOPPED, core::Cause::kProcessStopped) &&
              Same(v1::CAUSE_HOST_UNREACHABLE, core::Cause::kHostUnreachable) &&
              Same(v1::CAUSE_APPLICATION_STALLED, core::Cause::kApplicationStalled) &&
              Same(v1::CAUSE_SAID_GOODBYE, core::Cause::kSaidGoodbye) &&
              Same(v1::CAUSE_EVICTED, core::Cause::kEvicted) &&
              Same(v1::CAUSE_SUPERSEDED, core::Cause::kSuperseded) &&
              Same(v1::CAUSE_SERVER_LOST, core::Cause::kServerLost) &&
              Same(v1::CAUSE_NOT_RETURNED, core::Cause::kNotReturned) &&
              Same(v1::CAUSE_UNKNOWN, core::Cause::kUnknown) && Same(v1::Cause_MAX, core::Cause::kRevoked));

// REQUIRES: there is one.
void SetMaintenance(const core::Annex& annex, v1::Maintenance& proto) {
  if (annex.maintenance_until != core::WallTime::max())
    ToProto(*annex.maintenance_until, *proto.mutable_end_time());
  if (annex.maintenance_origin == nullptr) return;
  proto.set_reason(annex.maintenance_origin->reason);
  proto.set_author(annex.maintenance_origin->author);
}

void SetRecord(const core::ClientRecord& record, Detail detail, v1::Client& proto) {
  const core::PackedInfo& info = record.info;
  proto.set_name(common::ClientName(info.client_id()));
  proto.set_client_id(std::string(info.client_id()));
  proto.set_instance_id(std::string(info.instance_id()));
  proto.set_incarnation(record.incarnation);
  proto.set_attachment(record.attachment);
  proto.set_state(ToProto(record.state));
  proto.set_health(ToProto(record.health));
  proto.set_cause(ToProto(record.cause));
  if (detail == Detail::kFull && record.evidence) {
    ToProto(record.cause, *record.evidence, *proto.mutable_evidence());
  }
  for (std::size_t i = 0; i < info.label_count(); ++i) {
    const auto [key, value] = info.label(i);
    (*proto.mutable_labels())[std::string(key)] = std::string(value);
  }
  proto.set_peer_address(std::string(info.peer_address()));
  proto.set_host(std::string(info.host()));
  proto.set_pid(info.pid());
  proto.set_version(std::string(info.version()));
  if (record.server_id) proto.set_server_id(*record.server_id);
  proto.set_principal(std::string(info.principal()));
  ToProto(record.register_time, *proto.mutable_register_time());
  ToProto(record.state_time, *proto.mutable_state_time());
  ToProto(record.interval, *proto.mutable_interval());
  ToProto(record.timeout, *proto.mutable_timeout());
  ToProto(record.resume_grace, *proto.mutable_resume_grace());
  proto.mutable_detection()->set_method(record.accrual_threshold != 0 ? v1::DETECTION_METHOD_ACCRUAL
                                                                      : v1::DETECTION_METHOD_FIXED);
  proto.mutable_detection()->set_threshold(record.accrual_threshold);
  proto.set_revision(record.revision);
  proto.set_flapping(record.flapping);
  if (record.annex != nullptr && record.annex->maintenance_until)
    SetMaintenance(*record.annex, *proto.mutable_maintenance());
}

void SetVitals(const core::ClientView& client, Detail detail, Moment now, v1::Client& proto) {
  const core::Vitals& vitals = client.vitals;
  if (const auto heard = core::LastHeartbeat(*client.record, vitals, now))
    ToProto(*heard, *proto.mutable_last_heartbeat_time());
  if (client.record->state == core::State::kAlive) {
    ToProto(common::SaturatingAdd(now.wall, vitals.until_deadline), *proto.mutable_deadline_time());
  }
  if (vitals.rtt.count() > 0) ToProto(vitals.rtt, *proto.mutable_rtt());
  if (client.record->accrual_threshold != 0) proto.set_suspicion_level(vitals.suspicion);
  if (detail == Detail::kBasic) return;
  if (vitals.keepalive) ToProto(*vitals.keepalive, *proto.mutable_keepalive());
  if (!vitals.progress) return;
  for (const core::Progress& token : *vitals.progress) {
    ToProto(token, *proto.add_progress());
  }
}

}  // namespace

v1::State ToProto(core::State state) { return static_cast<v1::State>(state); }
v1::Health ToProto(core::Health health) { return static_cast<v1::Health>(health); }
v1::Cause ToProto(core::Cause cause) { return static_cast<v1::Cause>(cause); }

void ToProto(const core::ClientView& client, Detail detail, Moment now, v1::Client& proto) {
  SetRecord(*client.record, detail, proto);
  SetVitals(client, detail, now, proto);
}

void ToProto(const core::Transition& transition, v1::Transition& proto) {
  const core::ClientRecord& after = *transition.after;
  proto.set_revision(after.revision);
  proto.set_client_id(std::string(after.client_id()));
  proto.set_incarnation(after.incarnation);
  if (transition.before) {
    proto.set_from_state(ToProto(transition.before->state));
    proto.set_from_health(ToProto(transition.before->health));
  }
  proto.set_to_state(ToProto(after.state));
  proto.set_to_health(ToProto(after.health));
  proto.set_cause(ToProto(after.cause));
  if (after.evidence) ToProto(after.cause, *after.evidence, *proto.mutable_evidence());
  ToProto(transition.time, *proto.mutable_time());
  // A forgotten client has no state of its own: what was dropped is shown.
  const bool dropped = after.state == core::State::kForgotten && transition.before;
  SetRecord(dropped ? *transition.before : after, Detail::kFull, *proto.mutable_client());
}

void ToProto(const core::GroupEvent& event, v1::GroupEvent& proto) {
  proto.set_revision(event.revision);
  proto.set_scope(event.scope);
  proto.set_affected_count(event.affected);
  proto.set_member_count(event.members);
  ToProto(event.time, *proto.mutable_time());
}

}  // namespace liveness::rpc
