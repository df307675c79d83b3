#include "common/flags/command_doc.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>
#include <string_view>

namespace liveness::common {
namespace {

// The words of `a|b|c`, or of `TEXT:{a,b,c}`, as CLI11 names what IsMember() checks; none if `type` is
// something else.
std::vector<std::string> Choices(const std::string& type) {
  std::vector<std::string> choices;
  if (const std::size_t begin = type.find(":{"); begin != std::string::npos && type.ends_with('}')) {
    std::istringstream words(type.substr(begin + 2, type.size() - begin - 3));
    for (std::string word; std::getline(words, word, ',');) choices.push_back(word);
    return choices;
  }
  const bool plain =
      type.find('|') != std::string::npos && std::all_of(type.begin(), type.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '|' || c == '_' || c == '-';
      });
  if (!plain) return choices;
  std::istringstream words(type);
  for (std::string word; std::getline(words, word, '|');) choices.push_back(word);
  return choices;
}

FlagDoc DocOf(const CLI::Option& option) {
  FlagDoc doc;
  doc.is_positional = option.get_positional();
  if (doc.is_positional) {
    doc.names = {option.get_name(true)};
  } else {
    for (const std::string& name : option.get_snames()) doc.names.push_back("-" + name);
    for (const std::string& name : option.get_lnames()) doc.names.push_back("--" + name);
  }
  if (option.get_items_expected_max() > 0) {
    doc.value = option.get_type_name();
    if (doc.value.empty()) doc.value = "VALUE";
    doc.choices = Choices(doc.value);
  }
  doc.help = option.get_description();
  doc.variable = option.get_envname();
  return doc;
}

}  // namespace

CommandDoc DocOf(const CLI::App& app) {
  CommandDoc doc{.name = app.get_name(),
                 .help = app.get_description(),
                 .footer = app.get_footer(),
                 .flags = {},
                 .commands = {}};
  for (const CLI::Option* option : app.get_options()) {
    if (!option->get_group().empty()) doc.flags.push_back(DocOf(*option));
  }
  for (const CLI::App* command : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!command->get_group().empty()) doc.commands.push_back(DocOf(*command));
  }
  return doc;
}

}  // namespace liveness::common
