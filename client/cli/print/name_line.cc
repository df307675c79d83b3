#include "client/cli/print/name_line.h"

#include "client/cli/print/display_text.h"

namespace liveness::cli {

void PrintName(std::string_view name, const GlobalSettings& global, Terminal& terminal) {
  if (global.null_after_names) {
    terminal.out << name << '\0';
  } else {
    terminal.out << NameText(name) << '\n';
  }
}

}  // namespace liveness::cli
