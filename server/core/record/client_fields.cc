#include "server/core/record/client_fields.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include "common/saturating.h"

namespace liveness::core {
namespace {

enum Id : FieldId {
  kClientId,
  kInstanceId,
  kPeerAddress,
  kHost,
  kVersion,
  kServerId,
  kPrincipal,
  kLabelMap,
  kPid,
  kIncarnation,
  kAttachment,
  kRevision,
  kState,
  kHealth,
  kCause,
  kFlapping,
  kRegisterTime,
  kStateTime,
  kInterval,
  kTimeout,
  kResumeGrace,
  // What moves without a transition.
  kRegisterAge,
  kStateAge,
  kLastHeartbeatTime,
  kLastHeartbeatAge,
  kDeadlineTime,
  kRtt,
  // What only a transition has.
  kFromState,
  kToState,
  kFromHealth,
  kToHealth,
  kTime,
  kAge,
};

template <typename Enum>
std::vector<std::string_view> NamesUpTo(Enum last) {
  std::vector<std::string_view> names;
  for (int value = 0; value <= static_cast<int>(last); ++value) {
    names.push_back(Name(static_cast<Enum>(value)));
  }
  return names;
}

const EnumNames& StateNames() {
  static const auto& names = *new std::vector<std::string_view>(NamesUpTo(kLastState));
  static const EnumNames states{"STATE_", names};
  return states;
}

const EnumNames& HealthNames() {
  static const auto& names = *new std::vector<std::string_view>(NamesUpTo(kLastHealth));
  static const EnumNames healths{"HEALTH_", names};
  return healths;
}

const EnumNames& CauseNames() {
  static const auto& names = *new std::vector<std::string_view>(NamesUpTo(kLastCause));
  static const EnumNames causes{"CAUSE_", names};
  return causes;
}

const EnumNames& BoolNames() {
  static constexpr std::array<std::string_view, 2> kNames = {"false", "true"};
  static const EnumNames bools{"", kNames};
  return bools;
}

std::vector<FilterField> RecordFields() {
  return {{"client_id", kClientId},
          {"instance_id", kInstanceId},
          {"incarnation", kIncarnation, FieldType::kNumber},
          {"attachment", kAttachment, FieldType::kNumber},
          {"state", kState, FieldType::kEnum, &StateNames()},
          {"health", kHealth, FieldType::kEnum, &HealthNames()},
          {"cause", kCause, FieldType::kEnum, &CauseNames()},
          {"flapping", kFlapping, FieldType::kEnum, &BoolNames()},
          {"labels", kLabelMap, FieldType::kLabels},
          {"peer_address", kPeerAddress},
          {"host", kHost},
          {"pid", kPid, FieldType::kNumber},
          {"version", kVersion},
          {"server_id", kServerId},
          {"principal", kPrincipal},
          {"register_time", kRegisterTime, FieldType::kTime},
          {"state_time", kStateTime, FieldType::kTime},
          {"interval", kInterval, FieldType::kDuration},
          {"timeout", kTimeout, FieldType::kDuration},
          {"resume_grace", kResumeGrace, FieldType::kDuration},
          {"revision", kRevision, FieldType::kNumber}};
}

std::vector<FilterField> MovingFields() {
  return {{"register_age", kRegisterAge, FieldType::kDuration},
          {"state_age", kStateAge, FieldType::kDuration},
          {"last_heartbeat_time", kLastHeartbeatTime, FieldType::kTime},
          {"last_heartbeat_age", kLastHeartbeatAge, FieldType::kDuration},
          {"deadline_time", kDeadlineTime, FieldType::kTime},
          {"rtt", kRtt, FieldType::kDuration}};
}

std::vector<FilterField> ChangeFields() {
  return {{"from_state", kFromState, FieldType::kEnum, &StateNames()},
          {"to_state", kToState, FieldType::kEnum, &StateNames()},
          {"from_health", kFromHealth, FieldType::kEnum, &HealthNames()},
          {"to_health", kToHealth, FieldType::kEnum, &HealthNames()},
          {"time", kTime, FieldType::kTime},
          {"age", kAge, FieldType::kDuration}};
}

std::vector<FilterField> Both(std::vector<FilterField> fields, const std::vector<FilterField>& more) {
  fields.insert(fields.end(), more.begin(), more.end());
  return fields;
}

std::int64_t Nanos(Duration span) { return span.count(); }
std::int64_t Nanos(WallTime time) { return time.time_since_epoch().count(); }

// The wall clock may have stepped back since.
std::int64_t Age(WallTime since, WallTime now) {
  return Nanos(std::max(Duration::zero(), common::SaturatingSub(now, since)));
}

template <typename Enum>
std::int64_t Value(Enum value) {
  return static_cast<std::int64_t>(value);
}

}  // namespace

// The lists live for ever: a schema is used until the last stream ends.
const FilterSchema& ClientSchema() {
  static const auto& fields = *new std::vector<FilterField>(Both(RecordFields(), MovingFields()));
  static const FilterSchema schema{fields};
  return schema;
}

const FilterSchema& WatchSchema() {
  static const auto& fields = *new std::vector<FilterField>(RecordFields());
  static const FilterSchema schema{fields};
  return schema;
}

const FilterSchema& TransitionSchema() {
  static const auto& fields = *new std::vector<FilterField>(Both(RecordFields(), ChangeFields()));
  static const FilterSchema schema{fields};
  return schema;
}

std::optional<WallTime> LastHeartbeat(const ClientRecord& record, const Vitals& vitals, const Moment& now) {
  if (vitals.last_heard != MonoTime()) return now.wall - (now.mono - vitals.last_heard);
  const bool told = record.state != State::kAlive && record.evidence != nullptr && WasHeard(*record.evidence);
  return told ? std::optional(LastHeard(*record.evidence)) : std::nullopt;
}

std::string_view ClientFields::Text(FieldId field) const {
  switch (field) {
    case kClientId: return record_.info.client_id();
    case kInstanceId: return record_.info.instance_id();
    case kPeerAddress: return record_.info.peer_address();
    case kHost: return record_.info.host();
    case kVersion: return record_.info.version();
    case kPrincipal: return record_.info.principal();
    case kServerId: return record_.server_id ? std::string_view(*record_.server_id) : std::string_view();
    default: return {};
  }
}

std::optional<std::int64_t> ClientFields::Number(FieldId field) const {
  switch (field) {
    case kState: return Value(record_.state);
    case kHealth: return Value(record_.health);
    case kCause: return Value(record_.cause);
    case kFlapping: return record_.flapping ? 1 : 0;
    case kPid: return record_.info.pid();
    case kIncarnation: return static_cast<std::int64_t>(record_.incarnation);
    case kAttachment: return static_cast<std::int64_t>(record_.attachment);
    case kRevision: return static_cast<std::int64_t>(record_.revision);
    case kRegisterTime: return Nanos(record_.register_time);
    case kStateTime: return Nanos(record_.state_time);
    case kInterval: return Nanos(record_.interval);
    case kTimeout: return Nanos(record_.timeout);
    case kResumeGrace: return Nanos(record_.resume_grace);
    default: break;
  }
  if (vitals_ == nullptr) return std::nullopt;
  switch (field) {
    case kRegisterAge: return Age(record_.register_time, now_.wall);
    case kStateAge: return Age(record_.state_time, now_.wall);
    case kLastHeartbeatAge:
      if (const auto heard = LastHeartbeat(record_, *vitals_, now_)) return Age(*heard, now_.wall);
      return std::nullopt;
    case kLastHeartbeatTime:
      if (const auto heard = LastHeartbeat(record_, *vitals_, now_)) return Nanos(*heard);
      return std::nullopt;
    case kDeadlineTime:
      if (record_.state != State::kAlive) return std::nullopt;
      return Nanos(common::SaturatingAdd(now_.wall, vitals_->until_deadline));
    case kRtt:
      if (vitals_->rtt == Duration::zero()) return std::nullopt;
      return Nanos(vitals_->rtt);
    default: return std::nullopt;
  }
}

std::optional<std::string_view> ClientFields::Label(std::string_view key) const {
  return record_.info.FindLabel(key);
}

std::optional<std::int64_t> TransitionFields::Number(FieldId field) const {
  const ClientRecord* before = transition_.before.get();
  switch (field) {
    case kFromState: return before == nullptr ? 0 : Value(before->state);
    case kFromHealth: return before == nullptr ? 0 : Value(before->health);
    case kToState: return Value(transition_.after->state);
    case kToHealth: return Value(transition_.after->health);
    case kTime: return Nanos(transition_.time);
    case kAge: return Age(transition_.time, now_);
    default: return after_.Number(field);
  }
}

}  // namespace liveness::core
