#include "server/app/config/config_explain.h"

#include <utility>

#include "common/clock.h"
#include "common/strings.h"
#include "server/app/access_policy.h"
#include "server/auth/access.h"
#include "server/auth/principal.h"

namespace liveness::app {
namespace {

ParsedConfig Wrong(std::string_view what) {
  ParsedConfig answer;
  answer.exit_code = 2;
  answer.err = common::StrCat("livenessd: config explain: ", what, "\n");
  return answer;
}

}  // namespace

void AddQuestion(CLI::App& verb, Question& question) {
  verb.add_option("--principal", question.principal,
                  "Who: spiffe://..., dns:NAME, cn:NAME, token:NAME, unix:socket; "
                  "not given: anonymous")
      ->type_name("WHO")
      ->configurable(false);
  verb.add_option("--action", question.action, "beat, view, evict, maintenance, drain or audit")
      ->type_name("WHAT")
      ->required()
      ->configurable(false);
  verb.add_option("--id", question.id, "Under which id to beat")->type_name("ID")->configurable(false);
}

ParsedConfig Explain(const Config& config, const Question& question) {
  const auto action = auth::ActionOf(question.action);
  if (!action) return Wrong("--action is beat, view, evict, maintenance, drain or audit");
  if (!question.principal.empty() && !auth::IsPrincipal(question.principal)) {
    return Wrong("--principal is none: it begins with spiffe://, dns:, cn:, token: or is unix:socket");
  }
  if (*action == auth::Action::kBeat && question.id.empty()) return Wrong("to beat under which --id?");
  absl::StatusOr<auth::AccessPolicy> policy = LoadPolicy(config);
  if (!policy.ok()) return Wrong(common::ToStd(policy.status().message()));
  const auth::Access access(common::SystemClock(), *std::move(policy));
  const auth::CallerPtr caller = access.CallerOf(question.principal, {});
  const auth::Decision decision = access.Explain(*caller, *action, question.id);
  ParsedConfig answer;
  answer.exit_code = decision.allowed ? 0 : 1;
  answer.out = decision.allowed ? "allowed" : "refused";
  if (!decision.rule.empty())
    answer.out += common::StrCat(" by the rule \"", common::Escape(decision.rule), "\"");
  if (decision.rule.empty()) {
    answer.out +=
        decision.allowed ? ": anybody may" : ": no rule is about it, or the token's roles do not go so far";
  }
  if (decision.allowed && *action == auth::Action::kView) {
    answer.out += caller->sees_all() ? "; sees every client"
                                     : common::StrCat("; sees clients with ", caller->view.text());
  }
  answer.out += "\n";
  return answer;
}

}  // namespace liveness::app
