// One act of an operator's on its way into the audit log: what came of it is noted once, whatever becomes of
// the call and of the store. An act of which nobody told anything is noted too, when this goes.
//
//   const auto act = std::make_shared<AuditedAct>(log, caller, Action::kEvict, id);
//   registry.Evict(id, reason, [act](const auto& evicted) {
//     if (!evicted.ok()) return act->Failed(evicted.status());
//     act->Done("evicted", evicted->record->revision);
//   });
//
// Thread-safe.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "common/mutex.h"
#include "server/auth/action.h"
#include "server/auth/audit/audit_log.h"
#include "server/auth/caller.h"

namespace liveness::auth {

class AuditedAct {
 public:
  AuditedAct(std::shared_ptr<AuditLog> log, const Caller& caller, Action action, std::string target);
  // Noted as FAILED (NO_OUTCOME) with what was told SoFar(), if neither of the next two was called.
  ~AuditedAct();
  AuditedAct(const AuditedAct&) = delete;
  AuditedAct& operator=(const AuditedAct&) = delete;

  // `what`: all of it, also what was told SoFar(). `revision`: the last that it made; 0: none. The first of
  // these that is called counts.
  void Done(std::string what, std::uint64_t revision = 0);
  void Failed(const absl::Status& why);

  // A part of it is done: this is noted with a failure that comes later.
  void SoFar(std::string what, std::uint64_t revision = 0);

 private:
  void Note(AuditOutcome outcome, std::string reason, std::string message);

  const std::shared_ptr<AuditLog> log_;
  common::Mutex mu_;
  std::optional<AuditEvent> event_ ABSL_GUARDED_BY(mu_);  // nothing once it is noted
  std::string so_far_ ABSL_GUARDED_BY(mu_);
};

}  // namespace liveness::auth
