#include "server/app/access_watch.h"

#include <utility>

#include <spdlog/spdlog.h>

#include "absl/strings/str_cat.h"
#include "common/strings.h"
#include "server/app/access_policy.h"

namespace liveness::app {

AccessWatch::AccessWatch(const Config& config, auth::Access& access, const common::Clock& clock,
                         IncidentLog& incidents, auth::AuditLog& audit, std::function<void()> changed)
    : config_(config),
      access_(access),
      clock_(clock),
      incidents_(incidents),
      audit_(audit),
      changed_(std::move(changed)),
      print_(PolicyPrint(config)) {}

void AccessWatch::Look() {
  if (PolicyPrint(config_) != print_) {
    (void)Take();
  } else if (access_.HasExpired()) {
    spdlog::info("access: a token has expired");
    changed_();
  }
}

std::string AccessWatch::Reload() {
  const AuthSettings& auth = config_.auth;
  if (auth.rules_file.empty() && auth.token_file.empty() && auth.crl_file.empty()) return {};
  return Take().ok() ? "rules, tokens and revocations were read" : "the files of who is let in were refused";
}

absl::Status AccessWatch::Take() {
  print_ = PolicyPrint(config_);
  absl::StatusOr<auth::AccessPolicy> policy = LoadPolicy(config_);
  if (!policy.ok()) {
    const std::string why = common::Escape(common::ToStd(policy.status().message()));
    spdlog::error("access: the changed files are not taken, what was holds: {}", why);
    incidents_.Add(core::IncidentKind::kAccess, {}, absl::StrCat("changed files were refused: ", why));
    Note(auth::AuditOutcome::kFailed, "BAD_FILE", absl::StrCat("what was holds: ", why));
    return policy.status();
  }
  const std::size_t tokens = policy->tokens.size(), revoked = policy->revoked.size();
  if (const auto next = policy->revoked.next_update(); next && *next < clock_.Wall()) {
    spdlog::warn("access: {} is out of date: it lacks what was revoked since", config_.auth.crl_file);
  }
  access_.Replace(*std::move(policy));
  const std::string what =
      absl::StrCat("rules, ", tokens, " tokens and ", revoked, " revoked certificates hold from now on");
  spdlog::info("access: {}", what);
  Note(auth::AuditOutcome::kAllowed, {}, what);
  changed_();
  return absl::OkStatus();
}

void AccessWatch::Note(auth::AuditOutcome outcome, std::string reason, std::string message) {
  std::string files;
  for (const std::string& file : {config_.auth.rules_file, config_.auth.token_file, config_.auth.crl_file}) {
    if (!file.empty()) files += (files.empty() ? "" : " ") + file;
  }
  audit_.Note({.principal = auth::kHostPrincipal,
               .action = auth::kReloadAction,
               .target = std::move(files),
               .outcome = outcome,
               .reason = std::move(reason),
               .message = std::move(message)});
}

}  // namespace liveness::app
