#include "server/auth/rules/rules.h"

#include <optional>
#include <set>
#include <utility>

#include "common/strings.h"
#include "server/auth/rules/rule_reader.h"
#include "server/core/record/client_fields.h"

namespace liveness::auth {

absl::StatusOr<Rules> Rules::Parse(std::string_view toml, std::string_view file) {
  return RuleReader(file).Read(toml);
}

std::string_view Rules::DefaultText() {
  return R"([[rule]]
name = "whoever proved who it is"
who = ["*"]
beat = ["*"]
view = ["*"]

[[rule]]
name = "operators"
who = ["token:*", "unix:*"]
admin = ["*"]
)";
}

core::Filter Rules::NoClient() {
  return *core::Filter::Parse("client_id = a AND client_id = b", core::WatchSchema());
}

template <typename Visit>
void Rules::ForEachThatFits(std::string_view principal, Visit visit) const {
  for (const Rule& rule : rules_) {
    for (const PrincipalPattern& who : rule.who) {
      const std::optional<Captures> captures = who.Match(principal);
      if (captures && visit(rule, *captures)) return;
    }
  }
}

Decision Rules::MayBeat(std::string_view principal, std::string_view client_id) const {
  Decision decision;
  ForEachThatFits(principal, [&](const Rule& rule, const Captures& captures) {
    if (decision.allowed && !rule.deny) return false;
    for (const IdPattern& id : rule.beat) {
      if (!id.Matches(client_id, captures)) continue;
      decision = {!rule.deny, rule.name};
      return rule.deny;
    }
    return false;
  });
  return decision;
}

Decision Rules::MayAct(std::string_view principal, Action act) const {
  Decision decision;
  ForEachThatFits(principal, [&](const Rule& rule, const Captures&) {
    if (!rule.admin.Has(act) || (decision.allowed && !rule.deny)) return false;
    decision = {!rule.deny, rule.name};
    return rule.deny;
  });
  return decision;
}

bool Rules::BeatsAtAll(std::string_view principal) const {
  bool beats = false;
  ForEachThatFits(principal, [&](const Rule& rule, const Captures&) {
    beats = !rule.deny && !rule.beat.empty();
    return beats;
  });
  return beats;
}

View Rules::ViewOf(std::string_view principal) const {
  View view{.decision = {}, .filter = NoClient()};
  std::string allowed, denied;
  bool everything = false;
  std::set<std::string> seen;  // two patterns of a rule may come to the same
  ForEachThatFits(principal, [&](const Rule& rule, const Captures& captures) {
    for (const FilterTemplate& each : rule.view) {
      if (each.is_everything() && rule.deny) {
        view.decision = {false, rule.name};
        return true;
      }
      if (!rule.deny && view.decision.rule.empty()) view.decision = {true, rule.name};
      if (each.is_everything()) {
        everything = true;
        continue;
      }
      std::string filter = each.Fill(captures);
      if (!seen.insert(common::StrCat(rule.deny ? "-" : "+", filter)).second) continue;
      std::string& to = rule.deny ? denied : allowed;
      to += common::StrCat(to.empty() ? "" : " OR ", "(", filter, ")");
    }
    return false;
  });
  if (!view.decision.allowed) return view;
  std::string text = everything ? std::string() : common::StrCat("(", allowed, ")");
  if (!denied.empty()) text += common::StrCat(text.empty() ? "" : " AND ", "NOT (", denied, ")");
  absl::StatusOr<core::Filter> filter = core::Filter::Parse(text, core::WatchSchema());
  // Too many rules fit: together they are longer or dearer than a filter may be.
  if (!filter.ok()) return {{false, view.decision.rule}, NoClient()};
  view.filter = *std::move(filter);
  return view;
}

}  // namespace liveness::auth
