#include "server/auth/audit/audited_act.h"

#include <utility>

#include "common/status.h"
#include "common/strings.h"

namespace liveness::auth {

AuditedAct::AuditedAct(std::shared_ptr<AuditLog> log, const Caller& caller, Action action, std::string target)
    : log_(std::move(log)),
      event_(AuditEvent{.principal = caller.principal,
                        .address = caller.address,
                        .action = std::string(Name(action)),
                        .target = std::move(target)}) {}

AuditedAct::~AuditedAct() {
  Note(AuditOutcome::kFailed, "NO_OUTCOME", "the call was over before its outcome was known: it may be done");
}

void AuditedAct::Done(std::string what, std::uint64_t revision) {
  SoFar({}, revision);
  Note(AuditOutcome::kAllowed, {}, std::move(what));
}

void AuditedAct::Failed(const absl::Status& why) {
  const std::string reason = common::ReasonOf(why);
  Note(AuditOutcome::kFailed, reason.empty() ? absl::StatusCodeToString(why.code()) : reason,
       std::string(why.message()));
}

void AuditedAct::SoFar(std::string what, std::uint64_t revision) {
  common::MutexLock lock(mu_);
  so_far_ = std::move(what);
  if (event_ && revision != 0) event_->revision = revision;
}

void AuditedAct::Note(AuditOutcome outcome, std::string reason, std::string message) {
  std::optional<AuditEvent> event;
  {
    common::MutexLock lock(mu_);
    event = std::exchange(event_, std::nullopt);
    if (!event) return;
    event->message = so_far_.empty() ? std::move(message) : common::StrCat(so_far_, "; ", message);
  }
  event->outcome = outcome;
  event->reason = std::move(reason);
  log_->Note(*std::move(event));
}

}  // namespace liveness::auth
