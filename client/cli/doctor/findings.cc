#include "client/cli/doctor/findings.h"

#include <algorithm>
#include <iterator>

namespace liveness::cli::doctor {

std::vector<Finding> FindingsOf(const Facts& facts) {
  std::vector<Finding> findings = ReachFindings(facts);
  std::vector<Finding> more = PathFindings(facts);
  std::move(more.begin(), more.end(), std::back_inserter(findings));
  if (facts.was_stopped) {
    findings.push_back({Level::kWarning, "stopped", "it was stopped before it had seen all", ""});
  }
  return findings;
}

ExitCode ExitCodeOf(const Facts& facts, const std::vector<Finding>& findings) {
  if (!facts.name.failure.empty() || facts.proxy.has_refused) return ExitCode::kUnavailable;
  // Nothing was tried if it was stopped at once.
  if (!facts.connects.empty() && !facts.IsConnected()) return ExitCode::kUnavailable;
  const bool has_problem = std::any_of(findings.begin(), findings.end(),
                                       [](const Finding& each) { return each.level == Level::kProblem; });
  return has_problem ? ExitCode::kError : ExitCode::kOk;
}

}  // namespace liveness::cli::doctor
