#include "server/auth/rules/rule_reader.h"

#include <algorithm>
#include <utility>

#include "common/status.h"
#include "common/strings.h"
#include "common/toml/toml_file.h"
#include "common/utf8.h"
#include "server/core/record/client_fields.h"

namespace liveness::auth {
namespace {

constexpr std::size_t kMaxName = 100;

std::string Quoted(std::string_view text) { return common::StrCat("\"", common::Escape(text), "\""); }

// Of an error with the fields that are wrong, what is said of the first.
std::string WhyNot(const absl::Status& status) {
  const auto violations = common::ViolationsOf(status);
  return violations.empty() ? std::string(status.message()) : violations.front().description;
}

}  // namespace

absl::StatusOr<Rules> RuleReader::Read(std::string_view toml) {
  common::TomlFile parsed = common::ParseToml(toml);
  errors_ = std::move(parsed.errors);
  if (errors_.empty()) {
    common::TableReader reader(parsed.table, errors_);
    for (const toml::table* const each : reader.Tables("rule", Rules::kMaxRules)) ReadRule(*each);
    reader.RefuseOthers();
  }
  if (errors_.empty()) return std::move(rules_);
  return common::TomlErrorsOf(file_, std::move(errors_));
}

void RuleReader::ReadRule(const toml::table& table) {
  common::TableReader reader(table, errors_);
  Rules::Rule rule;
  if (const auto name = reader.Text("name")) {
    rule.name = *name;
    if (name->empty() || name->size() > kMaxName || common::HasControlCharacter(*name)) {
      reader.Refuse("name", common::StrCat("must be 1 to ", kMaxName, " bytes of plain text"));
    } else if (!names_.insert(*name).second) {
      reader.Refuse("name", "is that of another rule as well");
    }
  } else if (!table.contains("name")) {
    reader.Refuse("name", "is missing");
  }
  rule.deny = reader.Boolean("deny").value_or(false);
  const std::size_t errors_before = errors_.size();
  rule.who = Patterns<PrincipalPattern>(reader, "who");
  if (!table.contains("who")) {
    reader.Refuse("who", "is missing");
  } else if (rule.who.empty() && errors_.size() == errors_before) {
    reader.Refuse("who", "names nobody");
  }
  rule.beat = Patterns<IdPattern>(reader, "beat");
  rule.view = Patterns<FilterTemplate>(reader, "view");
  ReadActs(reader, rule);
  if (!table.contains("beat") && !table.contains("view") && !table.contains("admin")) {
    reader.Refuse("name", "is that of a rule about nothing: it has neither 'beat' nor 'view' nor 'admin'");
  }
  reader.RefuseOthers();
  CheckNames(reader, "beat", rule, rule.beat);
  CheckNames(reader, "view", rule, rule.view);
  if (errors_.empty()) CheckFilters(reader, rule);
  rules_.rules_.push_back(std::move(rule));
}

template <typename Pattern>
std::vector<Pattern> RuleReader::Patterns(common::TableReader& reader, std::string_view key) {
  std::vector<Pattern> patterns;
  const auto texts = reader.Texts(key);
  if (!texts) return patterns;
  if (texts->size() > Rules::kMaxPatterns) {
    reader.Refuse(key, common::StrCat("has more than ", Rules::kMaxPatterns, " entries"));
    return patterns;
  }
  for (const std::string& text : *texts) {
    absl::StatusOr<Pattern> pattern = Pattern::Parse(text);
    if (pattern.ok()) {
      patterns.push_back(*std::move(pattern));
    } else {
      reader.Refuse(key, common::StrCat(Quoted(text), " ", std::string(pattern.status().message())));
    }
  }
  return patterns;
}

template <typename Pattern>
void RuleReader::CheckNames(common::TableReader& reader, std::string_view key, const Rules::Rule& rule,
                            const std::vector<Pattern>& patterns) {
  for (const Pattern& pattern : patterns) {
    for (const std::string& name : pattern.Names()) {
      for (const PrincipalPattern& who : rule.who) {
        const std::vector<std::string> found = who.Names();
        if (std::find(found.begin(), found.end(), name) != found.end()) continue;
        return reader.Refuse(key, common::StrCat(Quoted(pattern.text()), " uses {", name, "}, which ",
                                                 Quoted(who.text()), " in 'who' does not have"));
      }
    }
  }
}

void RuleReader::ReadActs(common::TableReader& reader, Rules::Rule& rule) {
  const auto words = reader.Texts("admin");
  if (!words) return;
  for (const std::string& word : *words) {
    const auto acts = word == "*" ? std::optional(Actions::Admin()) : ActionsOf(word);
    const bool is_admin = acts && Actions::Admin().Plus(*acts) == Actions::Admin();
    if (is_admin) {
      rule.admin = rule.admin.Plus(*acts);
    } else {
      reader.Refuse("admin",
                    common::StrCat(Quoted(word), " is none of evict, maintenance, drain, audit and *"));
    }
  }
}

void RuleReader::CheckFilters(common::TableReader& reader, const Rules::Rule& rule) {
  Captures samples;
  for (const PrincipalPattern& who : rule.who) {
    for (const std::string& name : who.Names()) samples.emplace(name, "x");
  }
  for (const FilterTemplate& each : rule.view) {
    if (each.is_everything()) continue;
    const auto filter = core::Filter::Parse(each.Fill(samples), core::WatchSchema());
    if (filter.ok() && !filter->matches_all()) continue;
    reader.Refuse("view", common::StrCat(
                              Quoted(each.text()), " is no filter: ",
                              filter.ok() ? "it is empty; write * for everything" : WhyNot(filter.status())));
  }
}

}  // namespace liveness::auth
