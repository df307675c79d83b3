// The scripts that have a shell complete a program's words. Pure, thread-safe.
//
// A script knows nothing of commands and flags: at each TAB it asks the very program, by `PROGRAM __complete
// WORD...`, which answers with CompletionLines().
#pragma once

#include <string>
#include <string_view>

#include "common/flags/completion.h"

namespace liveness::common {

// What there is a script for.
inline constexpr const char* kCompletionShells[] = {"bash", "zsh", "fish"};

// For `shell`, one of kCompletionShells. `program`: letters alone.
std::string CompletionScript(std::string_view program, std::string_view shell);

// What the scripts read: a word a line, a tab and its help where there is some; `:file` for any file.
std::string CompletionLines(const Completion& completion);

}  // namespace liveness::common
