#include "common/flags/command_line.h"

#include <CLI/CLI.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace liveness::common {
namespace {

// Put before a value that CLI11 would not take as it is, and taken off before anybody reads it.
constexpr char kGuard = '\x01';

bool NeedsGuard(const std::string& value) {
  return value.empty() || value == "++" || value.front() == '[' || value.front() == kGuard;
}

const CLI::Option* Find(const CLI::App& app, const std::string& name) {
  if (const CLI::Option* option = app.get_option_no_throw(name)) return option;
  for (const CLI::App* verb : app.get_subcommands([](const CLI::App*) { return true; })) {
    if (const CLI::Option* option = Find(*verb, name)) return option;
  }
  return nullptr;
}

std::string Guarded(const CLI::App& app, std::string word) {
  if (!word.starts_with("--")) return NeedsGuard(word) ? kGuard + word : word;
  const std::size_t equals = word.find('=');
  if (equals == std::string::npos || !NeedsGuard(word.substr(equals + 1))) return word;
  const CLI::Option* option = Find(app, word.substr(0, equals));
  // A flag that takes no value has no use for one that is guarded.
  if (option != nullptr && option->get_items_expected_max() > 0) word.insert(equals + 1, 1, kGuard);
  return word;
}

// Has each option take the guards off its values before its own checks see them.
void Unguard(CLI::App& app, const std::set<std::string>& may_be_empty) {
  for (CLI::Option* option : app.get_options([](CLI::Option*) { return true; })) {
    if (option->get_items_expected_max() == 0) continue;
    const bool empty_is_a_value = may_be_empty.contains(option->get_name());
    option->transform(CLI::Validator(
        [empty_is_a_value](std::string& value) {
          if (value.starts_with(kGuard)) value.erase(0, 1);
          return value.empty() && !empty_is_a_value ? std::string("the value is empty") : std::string();
        },
        ""));
  }
  for (CLI::App* verb : app.get_subcommands([](CLI::App*) { return true; })) Unguard(*verb, may_be_empty);
}

}  // namespace

void ParseWords(CLI::App& app, std::vector<std::string> words, const std::set<std::string>& may_be_empty) {
  for (std::string& word : words) word = Guarded(app, std::move(word));
  Unguard(app, may_be_empty);
  std::reverse(words.begin(), words.end());  // CLI11's order for vectors
  app.parse(std::move(words));
}

void GiveValues(CLI::Option& option, const std::vector<std::string>& values) {
  for (const std::string& value : values) option.add_result(NeedsGuard(value) ? kGuard + value : value);
  option.run_callback();
}

std::string PlainText(std::string message) {
  message.erase(std::remove(message.begin(), message.end(), kGuard), message.end());
  return message;
}

}  // namespace liveness::common
