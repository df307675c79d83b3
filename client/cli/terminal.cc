#include "client/cli/terminal.h"

#include <unistd.h>

#include <cstdlib>
#include <string_view>

namespace liveness::cli {

bool StdoutTakesColor() {
  const char* no_color = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  if (no_color != nullptr && *no_color != '\0') return false;
  if (term != nullptr && std::string_view(term) == "dumb") return false;
  return isatty(STDOUT_FILENO) == 1;
}

}  // namespace liveness::cli
