#include "client/cli/print/beat_report.h"

#include "absl/strings/str_cat.h"
#include "client/cli/print/display_text.h"
#include "client/cli/print/figures.h"

namespace liveness::cli {

ExitCode ExitCodeOfStop(const std::string& reason) {
  if (reason == "SUPERSEDED") return ExitCode::kSuperseded;
  if (reason == "EVICTED") return ExitCode::kEvicted;
  if (reason.rfind("BAD_", 0) == 0 || reason == "QUALITY_UNREACHABLE") return ExitCode::kUsage;
  if (reason == "PERMISSION_DENIED" || reason == "UNAUTHENTICATED") return ExitCode::kDenied;
  return ExitCode::kError;
}

bool BeatReport::Take(const StateChange& change) {
  std::string line = absl::StrCat(TimeText(clock_.Wall()), "  ", NameText(id_), "  ", ToString(change.state));
  if (change.incarnation != 0) absl::StrAppend(&line, "  incarnation ", change.incarnation);
  if (!change.reason.empty()) absl::StrAppend(&line, "  ", Printable(change.reason));
  if (!change.message.empty()) absl::StrAppend(&line, ": ", Printable(change.message));
  const bool final = change.state == State::kStopped && change.reason != "SAID_GOODBYE";

  common::MutexLock lock(mu_);
  if (!quiet_) out_ << line << std::endl;
  if (!final) return false;
  final_ = ExitCodeOfStop(change.reason);
  std::string why = absl::StrCat(NameText(id_), " was refused: ", Printable(change.message), " (",
                                 Printable(change.reason), ")");
  if (*final_ == ExitCode::kSuperseded) {
    why = absl::StrCat(NameText(id_),
                       " was superseded: another process beats under this id; give each its own --id");
  } else if (*final_ == ExitCode::kEvicted) {
    why = absl::StrCat(NameText(id_), " was evicted by an operator; a new start is welcome");
  }
  err_ << "livenessctl: " << why << std::endl;
  return true;
}

std::optional<ExitCode> BeatReport::Final() {
  common::MutexLock lock(mu_);
  return final_;
}

void BeatReport::GoodbyeUnheard(bool registered) {
  common::MutexLock lock(mu_);
  err_ << "livenessctl: "
       << (registered ? "no server has heard the goodbye of " + NameText(id_) + "; it will be taken for dead"
                      : "no server has ever heard of " + NameText(id_))
       << std::endl;
}

void BeatReport::Fenced(bool command_is_stopped) {
  common::MutexLock lock(mu_);
  err_ << "livenessctl: the command "
       << (command_is_stopped ? "is being stopped"
                              : "runs on, and nobody is told of it (see --stop-when-fenced)")
       << std::endl;
}

}  // namespace liveness::cli
