#include "server/app/resume_key_watch.h"

#include <utility>

#include <spdlog/spdlog.h>

#include "absl/strings/str_cat.h"
#include "common/files/file.h"
#include "common/strings.h"

namespace liveness::app {

absl::StatusOr<common::ResumeKeys> LoadResumeKeys(const std::string& path) {
  if (path.empty()) return common::ResumeKeys();
  const auto wrong = [&path](absl::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat("--resume-key-file=", path, ": ", what));
  };
  const absl::StatusOr<std::string> text = common::ReadSecretFile(path, common::ResumeKeys::kMaxFileBytes);
  if (!text.ok()) return wrong(text.status().message());
  absl::StatusOr<common::ResumeKeys> keys = common::ParseResumeKeys(*text, path);
  if (!keys.ok()) return wrong(keys.status().message());
  return keys;
}

ResumeKeyWatch::ResumeKeyWatch(std::string path, common::ResumeKeys keys, const common::Clock& clock,
                               IncidentLog& incidents, auth::AuditLog& audit,
                               std::function<void(const common::ResumeKeys&)> use)
    : path_(std::move(path)),
      keys_(std::move(keys)),
      clock_(clock),
      incidents_(incidents),
      audit_(audit),
      use_(std::move(use)),
      signing_(Signing()) {
  use_(keys_);
  if (!path_.empty()) spdlog::info("resume tokens are signed with {}", signing_);
}

void ResumeKeyWatch::Look() {
  if (path_.empty()) return;
  if (common::FilePrint(path_) != print_) (void)Take();
  if (std::string now = Signing(); now != signing_) {
    signing_ = std::move(now);
    spdlog::info("resume tokens are signed with {} from now on", signing_);
  }
}

std::string ResumeKeyWatch::Reload() {
  if (path_.empty()) return {};
  return Take().ok() ? "the keys of resume tokens were read" : "the file of resume keys was refused";
}

absl::Status ResumeKeyWatch::Take() {
  print_ = common::FilePrint(path_);
  absl::StatusOr<common::ResumeKeys> keys = LoadResumeKeys(path_);
  if (!keys.ok()) {
    const std::string why = common::Escape(common::ToStd(keys.status().message()));
    spdlog::error("resume keys: the changed file is not taken, what was holds: {}", why);
    incidents_.Add(core::IncidentKind::kAccess, {}, absl::StrCat("a changed file was refused: ", why));
    Note(auth::AuditOutcome::kFailed, "BAD_FILE", absl::StrCat("what was holds: ", why));
    return keys.status();
  }
  if (*keys == keys_) return absl::OkStatus();
  keys_ = *std::move(keys);
  use_(keys_);
  const std::string what = absl::StrCat(keys_.keys.size(), " resume keys hold from now on");
  spdlog::info("resume keys: {}", what);
  Note(auth::AuditOutcome::kAllowed, {}, what);
  return absl::OkStatus();
}

std::string ResumeKeyWatch::Signing() const {
  const common::WallTime now = clock_.Wall();
  for (const common::ResumeKey& each : keys_.keys) {
    if (each.from <= now) return absl::StrCat("the key ", common::NameOf(each.secret));
  }
  // The clock stepped back, or the first key is still to come.
  if (keys_.keys.empty() || !keys_.store_until || now < *keys_.store_until) return "the store's own key";
  return absl::StrCat("the key ", common::NameOf(keys_.keys.back().secret));
}

void ResumeKeyWatch::Note(auth::AuditOutcome outcome, std::string reason, std::string message) {
  audit_.Note({.principal = auth::kHostPrincipal,
               .action = auth::kReloadAction,
               .target = path_,
               .outcome = outcome,
               .reason = std::move(reason),
               .message = std::move(message)});
}

}  // namespace liveness::app
