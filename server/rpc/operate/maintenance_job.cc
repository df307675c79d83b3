#include "server/rpc/operate/maintenance_job.h"

#include <string>
#include <utility>

#include "common/resource_name.h"
#include "common/status.h"
#include "common/strings.h"
#include "server/core/record/client_fields.h"
#include "server/rpc/convert/convert.h"
#include "server/rpc/engine/call_errors.h"

namespace liveness::rpc {

using common::MutexLock;

void MaintenanceJob::Start(registry::Registry& registry, const common::Clock& clock,
                           const v1::SetMaintenanceRequest& request, std::shared_ptr<Answer> answer,
                           std::shared_ptr<auth::AuditedAct> act, Done done) {
  const std::shared_ptr<GenericCall> call = answer->call();
  if (call == nullptr) return;  // the caller is gone already
  std::shared_ptr<MaintenanceJob>(new MaintenanceJob(registry, clock, request, call->caller(),
                                                     std::move(answer), std::move(act), std::move(done)))
      ->Next();
}

std::string MaintenanceJob::Summary(std::int64_t changed) const {
  const bool begins = marks_.until > clock_.Wall();
  const std::string whose = request_.target_case() == v1::SetMaintenanceRequest::kName ? marks_.client_id
                            : request_.filter().empty()
                                ? common::StrCat("all, ", changed, " changed")
                                : common::StrCat(changed, " that match ", request_.filter());
  return common::StrCat(begins ? "maintenance of " : "end of maintenance of ", whose);
}

void MaintenanceJob::Next() {
  bool go_on = false;
  absl::Status outcome;
  std::int64_t changed = 0;
  {
    MutexLock lock(mu_);
    if (working_) return;
    if (!seen_all_) {
      if (under_way_ >= kMostUnderWay) return;  // the next change that is committed calls this again
      go_on = working_ = true;
    } else if (under_way_ > 0) {
      return;
    }
    outcome = outcome_;
    changed = changed_;
  }
  if (go_on) {
    const std::shared_ptr<GenericCall> call = answer_->call();
    if (call == nullptr) return;  // the call is over: no more clients are marked
    if (call->engine().RunOnWorker([self = shared_from_this()] { self->Work(); })) return;
    return Fail(ServerBusyError(
        common::StrCat("too many queries wait; ", changed, " clients were marked, try again")));
  }
  if (!outcome.ok()) return Fail(outcome);
  // While the call is held the server is there.
  if (const std::shared_ptr<GenericCall> call = answer_->call()) {
    act_->Done(Summary(changed), changed == 0 ? 0 : registry_.revision());
    done_(Summary(changed));
  }
  v1::SetMaintenanceResponse response;
  response.set_changed_count(changed);
  answer_->Reply(response);
}

void MaintenanceJob::See(core::Filter filter) {
  if (filter.matches_all()) return;
  marks_.filter_cost = filter.cost();
  marks_.matches = [shared = std::make_shared<const core::Filter>(std::move(filter)), &clock = clock_](
                       const core::ClientRecord& record, const core::Vitals& vitals) {
    return shared->Matches(core::ClientFields(record, vitals, {clock.Mono(), clock.Wall()}));
  };
}

absl::Status MaintenanceJob::Prepare() {
  switch (request_.target_case()) {
    case v1::SetMaintenanceRequest::kName: {
      absl::StatusOr<std::string> client_id = common::ClientIdFromName(request_.name());
      if (!client_id.ok()) return client_id.status();
      marks_.client_id = *std::move(client_id);
      See(caller_->view);
      break;
    }
    case v1::SetMaintenanceRequest::kFilter: {
      const auto filter = core::Filter::Parse(request_.filter(), core::ClientSchema());
      if (!filter.ok()) return filter.status();
      See(core::Filter::And(caller_->view, *filter));
      break;
    }
    case v1::SetMaintenanceRequest::TARGET_NOT_SET:
      return common::BadFields("BAD_TARGET", {{"name", "name a client, or give a filter"}});
  }
  if (request_.has_until_time()) marks_.until = FromProto(request_.until_time());
  return absl::OkStatus();
}

void MaintenanceJob::Work() {
  // Held to the end of the slice, because the registry is there only as long as a call is.
  const std::shared_ptr<GenericCall> call = answer_->call();
  if (call == nullptr) return;
  if (!std::exchange(prepared_, true)) {
    if (const absl::Status valid = Prepare(); !valid.ok()) return Fail(valid);
  }
  const registry::MaintenanceResult part = registry_.SetMaintenance(marks_, [self = shared_from_this()] {
    self->OnProposed();
    return [self](const absl::Status& outcome) { self->OnCommitDone(outcome); };
  });
  marks_.cursor = part.cursor;
  bool unknown = false;
  std::int64_t changed = 0;
  {
    MutexLock lock(mu_);
    working_ = false;
    seen_all_ = part.done;
    matched_ += part.matched;
    changed_ += part.changed;
    unknown = seen_all_ && matched_ == 0 && !marks_.client_id.empty();
    changed = changed_;
  }
  if (changed > 0) act_->SoFar(common::StrCat(changed, " clients were marked"), registry_.revision());
  if (unknown) {
    return Fail(common::Error(absl::StatusCode::kNotFound, "CLIENT_NOT_FOUND",
                              common::StrCat("no client \"", marks_.client_id, "\" is known")));
  }
  answer_->Progress();
  Next();
}

void MaintenanceJob::Fail(const absl::Status& why) {
  act_->Failed(why);
  answer_->Fail(why);
}

void MaintenanceJob::OnProposed() {
  MutexLock lock(mu_);
  ++under_way_;
}

void MaintenanceJob::OnCommitDone(const absl::Status& outcome) {
  {
    MutexLock lock(mu_);
    --under_way_;
    if (!outcome.ok()) outcome_ = outcome;
  }
  answer_->Progress();
  Next();
}

}  // namespace liveness::rpc
