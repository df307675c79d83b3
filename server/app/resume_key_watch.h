// Looks after the file of keys that resume tokens are signed with: takes it when it changes, all or nothing.
// Not thread-safe: main's.
#pragma once

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/clock.h"
#include "common/keys/resume_keys.h"
#include "server/app/log/incident_log.h"
#include "server/auth/audit/audit_log.h"

namespace liveness::app {

// Of the file that --resume-key-file names; an empty path: the store's key alone. INVALID_ARGUMENT, naming
// the flag and the file: what is wrong; also that others may read it. Blocks for as long as a disk does.
absl::StatusOr<common::ResumeKeys> LoadResumeKeys(const std::string& path);

class ResumeKeyWatch {
 public:
  // Hands `keys`, what was loaded from `path`, to `use`, and each that replaces them. All outlive this.
  ResumeKeyWatch(std::string path, common::ResumeKeys keys, const common::Clock& clock,
                 IncidentLog& incidents, auth::AuditLog& audit,
                 std::function<void(const common::ResumeKeys&)> use);

  // To be called four times a second or so. What is wrong with a changed file is said once, and leaves what
  // was. Says when another key begins to sign.
  void Look();
  // Because somebody asks for it: reads the file in any case, and returns what came of it as a part of a
  // sentence; empty if there is none.
  std::string Reload();

 private:
  // OK: it was taken.
  absl::Status Take();
  // The name of the key that signs; of the store's own: that it is.
  std::string Signing() const;
  void Note(auth::AuditOutcome outcome, std::string reason, std::string message);

  const std::string path_;
  common::ResumeKeys keys_;
  const common::Clock& clock_;
  IncidentLog& incidents_;
  auth::AuditLog& audit_;
  const std::function<void(const common::ResumeKeys&)> use_;
  std::string print_;  // of what was read last; at first of nothing: it may have changed before this was made
  std::string signing_;  // as was told last
};

}  // namespace liveness::app
