// Looks after who is let in: takes the files of rules, tokens and revoked certificates when they change, all
// or none, and has what was let in before asked about again. Not thread-safe: main's.
#pragma once

#include <functional>
#include <string>
#include <utility>

#include "common/clock.h"
#include "server/app/config/config.h"
#include "server/app/log/incident_log.h"
#include "server/auth/access.h"
#include "server/auth/audit/audit_log.h"

namespace liveness::app {

class AccessWatch {
 public:
  // `changed` is called when `access` answers something else than before. `audit` takes each change. All
  // outlive this.
  AccessWatch(const Config& config, auth::Access& access, const common::Clock& clock, IncidentLog& incidents,
              auth::AuditLog& audit, std::function<void()> changed);

  // The policy of `access` was read from the files of which this is the PolicyPrint(): the first look takes
  // what has changed since. Without it, what changed before this was made goes unseen.
  void ReadFrom(std::string print) { print_ = std::move(print); }

  // To be called four times a second or so. What is wrong with changed files is said once, and leaves what
  // was.
  void Look();
  // Because somebody asks for it: reads the files in any case, and returns what came of it as a part of a
  // sentence; empty if there are none.
  std::string Reload();

 private:
  // OK: they were taken.
  absl::Status Take();
  void Note(auth::AuditOutcome outcome, std::string reason, std::string message);

  const Config& config_;
  auth::Access& access_;
  const common::Clock& clock_;
  IncidentLog& incidents_;
  auth::AuditLog& audit_;
  const std::function<void()> changed_;
  std::string print_;  // of what was read last
};

}  // namespace liveness::app
