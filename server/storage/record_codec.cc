#include "server/storage/record_codec.h"

#include <optional>
#include <utility>

#include "liveness/storage/v1/record.pb.h"
#include "server/storage/stored_evidence.h"

namespace liveness::storage {
namespace {

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

using core::Duration;
using core::WallTime;

void StoreInfo(const core::PackedInfo& info, v1::ClientInfo& stored) {
  const auto set = [](std::string& field, std::string_view text) { field.assign(text); };
  set(*stored.mutable_client_id(), info.client_id());
  set(*stored.mutable_instance_id(), info.instance_id());
  for (std::size_t n = 0; n < info.label_count(); ++n) {
    const auto [key, value] = info.label(n);
    v1::Label& label = *stored.add_labels();
    set(*label.mutable_key(), key);
    set(*label.mutable_value(), value);
  }
  set(*stored.mutable_peer_address(), info.peer_address());
  set(*stored.mutable_local_address(), info.local_address());
  set(*stored.mutable_host(), info.host());
  set(*stored.mutable_version(), info.version());
  set(*stored.mutable_principal(), info.principal());
  set(*stored.mutable_last_will(), info.last_will());
  stored.set_pid(info.pid());
  stored.set_attempt(info.attempt());
}

// Takes the texts out of `stored`.
core::PackedInfo RestoreInfo(v1::ClientInfo& stored) {
  core::ClientInfo info;
  info.client_id = std::move(*stored.mutable_client_id());
  info.instance_id = std::move(*stored.mutable_instance_id());
  info.labels.reserve(static_cast<std::size_t>(stored.labels_size()));
  for (v1::Label& label : *stored.mutable_labels()) {
    info.labels.emplace_back(std::move(*label.mutable_key()), std::move(*label.mutable_value()));
  }
  info.peer_address = std::move(*stored.mutable_peer_address());
  info.local_address = std::move(*stored.mutable_local_address());
  info.host = std::move(*stored.mutable_host());
  info.version = std::move(*stored.mutable_version());
  info.principal = std::move(*stored.mutable_principal());
  info.last_will = std::move(*stored.mutable_last_will());
  info.pid = stored.pid();
  info.attempt = stored.attempt();
  return core::PackedInfo(info);
}

void StoreAnnex(const core::Annex& annex, v1::Annex& stored) {
  const auto& [banned, maintenance_until, maintenance_origin] = annex;
  for (const auto& [instance_id, incarnation, cause, reclaims] : banned) {
    v1::Banned& each = *stored.add_banned();
    each.set_instance_id(instance_id);
    each.set_incarnation(incarnation);
    each.set_cause(static_cast<v1::Cause>(cause));
    each.set_reclaims(reclaims);
  }
  if (maintenance_until) stored.set_maintenance_until_ns(maintenance_until->time_since_epoch().count());
  if (maintenance_origin == nullptr) return;
  const auto& [reason, author] = *maintenance_origin;
  stored.mutable_maintenance_origin()->set_reason(reason);
  stored.mutable_maintenance_origin()->set_author(author);
}

std::shared_ptr<const core::Annex> RestoreAnnex(const v1::Annex& stored) {
  auto annex = std::make_shared<core::Annex>();
  for (const v1::Banned& each : stored.banned()) {
    annex->banned.push_back({each.instance_id(), each.incarnation(),
                             Known(each.cause(), v1::Cause_MAX, core::Cause::kUnknown),
                             static_cast<std::uint8_t>(std::min(each.reclaims(), 0xFFU))});
  }
  if (stored.has_maintenance_until_ns()) {
    annex->maintenance_until = WallTime(Duration(stored.maintenance_until_ns()));
  }
  if (stored.has_maintenance_origin()) {
    annex->maintenance_origin = std::make_shared<const core::MaintenanceOrigin>(
        core::MaintenanceOrigin{stored.maintenance_origin().reason(), stored.maintenance_origin().author()});
  }
  return annex;
}

// All but what `before` of a transition leaves out: info and evidence.
void StoreRest(const core::ClientRecord& record, v1::Record& stored) {
  const auto& [info, evidence, annex, server_id, incarnation, attachment, revision, register_time, state_time,
               interval, timeout, resume_grace, state, health, cause, flapping, accrual_threshold] = record;
  if (annex != nullptr) StoreAnnex(*annex, *stored.mutable_annex());
  if (server_id != nullptr) stored.set_server_id(*server_id);
  stored.set_incarnation(incarnation);
  stored.set_attachment(attachment);
  stored.set_revision(revision);
  stored.set_register_time_ns(register_time.time_since_epoch().count());
  stored.set_state_time_ns(state_time.time_since_epoch().count());
  stored.set_interval_ns(interval.count());
  stored.set_timeout_ns(timeout.count());
  stored.set_resume_grace_ns(resume_grace.count());
  stored.set_state(static_cast<v1::State>(state));
  stored.set_health(static_cast<v1::Health>(health));
  stored.set_cause(static_cast<v1::Cause>(cause));
  stored.set_accrual_threshold(accrual_threshold);
  stored.set_flapping(flapping);
}

void StoreWhole(const core::ClientRecord& record, v1::Record& stored) {
  StoreInfo(record.info, *stored.mutable_info());
  if (record.evidence != nullptr) Store(*record.evidence, *stored.mutable_evidence());
  StoreRest(record, stored);
}

absl::Status Damaged(const char* what) { return absl::DataLossError(what); }

// All but info.
absl::StatusOr<std::shared_ptr<core::ClientRecord>> RestoreRest(const v1::Record& stored, ServerIdPool& ids) {
  const auto state = Known(stored.state(), v1::State_MAX, core::State::kUnspecified);
  if (state == core::State::kUnspecified) return Damaged("the record's state is not known");
  auto record = std::make_shared<core::ClientRecord>();
  if (stored.has_evidence()) record->evidence = Restore(stored.evidence());
  if (stored.has_annex()) record->annex = RestoreAnnex(stored.annex());
  if (stored.has_server_id()) record->server_id = ids.Share(stored.server_id());
  record->incarnation = stored.incarnation();
  record->attachment = stored.attachment();
  record->revision = stored.revision();
  record->register_time = WallTime(Duration(stored.register_time_ns()));
  record->state_time = WallTime(Duration(stored.state_time_ns()));
  record->interval = Duration(stored.interval_ns());
  record->timeout = Duration(stored.timeout_ns());
  record->resume_grace = Duration(stored.resume_grace_ns());
  record->state = state;
  record->health = Known(stored.health(), v1::Health_MAX, core::Health::kOk);
  record->cause = Known(stored.cause(), v1::Cause_MAX, core::Cause::kUnknown);
  record->accrual_threshold = stored.accrual_threshold();
  record->flapping = stored.flapping();
  return record;
}

absl::StatusOr<std::shared_ptr<core::ClientRecord>> RestoreWhole(v1::Record& stored, ServerIdPool& ids) {
  if (stored.info().client_id().empty()) return Damaged("the record names no client");
  auto record = RestoreRest(stored, ids);
  if (record.ok()) (*record)->info = RestoreInfo(*stored.mutable_info());
  return record;
}

void StoreGroups(const core::GroupEvents& groups, v1::Transition& stored) {
  for (const auto& [scope, affected, members, revision, time] : groups) {
    (void)revision, (void)time;  // the transition's
    v1::GroupEvent& group = *stored.add_groups();
    group.set_scope(scope);
    group.set_affected(affected);
    group.set_members(members);
  }
}

core::GroupEventsPtr RestoreGroups(const v1::Transition& stored, const core::Transition& transition) {
  if (stored.groups().empty()) return nullptr;
  auto groups = std::make_shared<core::GroupEvents>();
  for (const v1::GroupEvent& group : stored.groups()) {
    groups->push_back(
        {group.scope(), group.affected(), group.members(), transition.revision(), transition.time});
  }
  return groups;
}

template <typename Message>
bool Parse(std::string_view bytes, Message& message) {
  return message.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
}

}  // namespace

std::shared_ptr<const std::string> ServerIdPool::Share(std::string_view server_id) {
  if (last_ != nullptr && *last_ == server_id) return last_;
  auto& known = known_[std::string(server_id)];
  if (known == nullptr) known = std::make_shared<const std::string>(server_id);
  last_ = known;
  return known;
}

std::string EncodeRecord(const core::ClientRecord& record) {
  v1::Record stored;
  StoreWhole(record, stored);
  return stored.SerializeAsString();
}

absl::StatusOr<std::shared_ptr<core::ClientRecord>> DecodeRecord(std::string_view bytes, ServerIdPool& ids) {
  v1::Record stored;
  if (!Parse(bytes, stored)) return Damaged("the bytes are no record");
  return RestoreWhole(stored, ids);
}

std::string EncodeTransition(const core::Transition& transition) {
  const auto& [before, after, time, groups] = transition;
  v1::Transition stored;
  if (before != nullptr) {
    StoreRest(*before, *stored.mutable_before());
    if (!(before->info == after->info)) StoreInfo(before->info, *stored.mutable_before()->mutable_info());
  }
  StoreWhole(*after, *stored.mutable_after());
  stored.set_time_ns(time.time_since_epoch().count());
  if (groups != nullptr) StoreGroups(*groups, stored);
  return stored.SerializeAsString();
}

absl::StatusOr<std::shared_ptr<core::Transition>> DecodeTransition(std::string_view bytes,
                                                                   ServerIdPool& ids) {
  v1::Transition stored;
  if (!Parse(bytes, stored)) return Damaged("the bytes are no transition");
  auto transition = std::make_shared<core::Transition>();
  auto after = RestoreWhole(*stored.mutable_after(), ids);
  if (!after.ok()) return after.status();
  if (stored.has_before()) {
    auto before = RestoreRest(stored.before(), ids);
    if (!before.ok()) return before.status();
    (*before)->info =
        stored.before().has_info() ? RestoreInfo(*stored.mutable_before()->mutable_info()) : (*after)->info;
    transition->before = *std::move(before);
  }
  transition->after = *std::move(after);
  transition->time = WallTime(Duration(stored.time_ns()));
  transition->groups = RestoreGroups(stored, *transition);
  return transition;
}

}  // namespace liveness::storage
