#include "common/flags/completion.h"

#include <algorithm>
#include <string_view>

namespace liveness::common {
namespace {

bool Has(const FlagDoc& flag, std::string_view name) {
  return std::find(flag.names.begin(), flag.names.end(), name) != flag.names.end();
}

const FlagDoc* FindFlag(const CommandDoc& command, std::string_view name) {
  const auto found = std::find_if(command.flags.begin(), command.flags.end(), [&](const FlagDoc& flag) {
    return !flag.is_positional && Has(flag, name);
  });
  return found == command.flags.end() ? nullptr : &*found;
}

std::string FirstLine(const std::string& text) { return text.substr(0, text.find('\n')); }

// The values of `flag` that begin with `part`.
void OfferValues(const FlagDoc& flag, const std::string& prefix, const std::string& part,
                 Completion& completion) {
  completion.prefix = prefix;
  completion.part = part;
  completion.argument = flag.is_positional ? flag.names[0] : flag.value;
  if (flag.is_positional) completion.rest = Completion::Rest::kNames;
  if (flag.value == "FILE" || flag.value == "DIR") completion.rest = Completion::Rest::kFile;
  for (const std::string& choice : flag.choices) {
    if (choice.starts_with(part)) completion.words.push_back({prefix + choice, ""});
  }
}

void OfferFlags(const CommandDoc& command, const std::string& part, Completion& completion) {
  for (const FlagDoc& flag : command.flags) {
    for (const std::string& name : flag.names) {
      if (flag.is_positional || !name.starts_with("--") || !name.starts_with(part)) continue;
      const std::string text = flag.value.empty() ? name : name + "=";
      const bool known = std::any_of(completion.words.begin(), completion.words.end(),
                                     [&](const Completion::Word& word) { return word.text == text; });
      if (!known) completion.words.push_back({text, FirstLine(flag.help)});
    }
  }
}

// Where the words before have led.
struct Walk {
  std::vector<const CommandDoc*> path;  // the program, and each command below it
  const FlagDoc* open = nullptr;        // a flag whose value is the next word
  bool own = false;                     // `open` is the program's own
  bool dashes = false;                  // after a `--`

  const FlagDoc* Find(std::string_view name) {
    for (auto at = path.rbegin(); at != path.rend(); ++at) {
      const FlagDoc* const flag = FindFlag(**at, name);
      own = *at == path.front();
      if (flag != nullptr) return flag;
    }
    return nullptr;
  }

  void Take(const std::string& word, Completion& completion) {
    if (open != nullptr) {
      if (own) completion.flags.push_back(open->names.back() + "=" + word);
      open = nullptr;
    } else if (dashes) {
      return;
    } else if (word == "--") {
      dashes = true;
    } else if (word.starts_with("-")) {
      const std::size_t equals = word.find('=');
      const FlagDoc* const flag = Find(word.substr(0, equals));
      if (flag == nullptr) return;
      const bool waits = equals == std::string::npos && !flag->value.empty();
      if (waits) open = flag;
      if (!waits && own) {
        completion.flags.push_back(flag->names.back() +
                                   (equals == std::string::npos ? "" : word.substr(equals)));
      }
    } else {
      for (const CommandDoc& command : path.back()->commands) {
        if (command.name != word) continue;
        path.push_back(&command);
        completion.commands.push_back(word);
        return;
      }
    }
  }
};

}  // namespace

Completion Complete(const CommandDoc& program, const std::vector<std::string>& words) {
  Completion completion;
  if (words.empty()) return completion;
  Walk walk{.path = {&program}};
  for (std::size_t i = 0; i + 1 < words.size(); ++i) walk.Take(words[i], completion);

  const std::string& part = words.back();
  if (walk.open != nullptr) {
    OfferValues(*walk.open, "", part, completion);
    return completion;
  }
  const CommandDoc& command = *walk.path.back();
  const std::size_t equals = part.find('=');
  if (!walk.dashes && part.starts_with("-") && equals != std::string::npos) {
    if (const FlagDoc* const flag = walk.Find(part.substr(0, equals));
        flag != nullptr && !flag->value.empty()) {
      OfferValues(*flag, part.substr(0, equals + 1), part.substr(equals + 1), completion);
    }
    return completion;
  }
  if (!walk.dashes && part.starts_with("-")) {
    for (auto at = walk.path.rbegin(); at != walk.path.rend(); ++at) OfferFlags(**at, part, completion);
    return completion;
  }
  if (!walk.dashes) {
    for (const CommandDoc& each : command.commands) {
      if (each.name.starts_with(part)) completion.words.push_back({each.name, FirstLine(each.help)});
    }
  }
  for (const FlagDoc& flag : command.flags) {
    if (flag.is_positional) OfferValues(flag, "", part, completion);
  }
  return completion;
}

}  // namespace liveness::common
