// The rules file as text -> rules, and all that is wrong with it.
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/toml/table_reader.h"
#include "server/auth/rules/rules.h"

namespace liveness::auth {

// Used once.
class RuleReader {
 public:
  explicit RuleReader(std::string_view file) : file_(file) {}
  absl::StatusOr<Rules> Read(std::string_view toml);

 private:
  void ReadRule(const toml::table& table);
  // The patterns that stand in `key`.
  template <typename Pattern>
  std::vector<Pattern> Patterns(common::TableReader& reader, std::string_view key);
  // Each name that `patterns` use is one that every `who` of the rule finds.
  template <typename Pattern>
  void CheckNames(common::TableReader& reader, std::string_view key, const Rules::Rule& rule,
                  const std::vector<Pattern>& patterns);
  void ReadActs(common::TableReader& reader, Rules::Rule& rule);
  void CheckFilters(common::TableReader& reader, const Rules::Rule& rule);

  const std::string file_;
  std::vector<common::TomlError> errors_;
  std::set<std::string> names_;
  Rules rules_;
};

}  // namespace liveness::auth
