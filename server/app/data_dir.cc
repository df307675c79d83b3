#include "server/app/data_dir.h"

#include <algorithm>
#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace liveness::app {

absl::StatusOr<std::string> DefaultDataDir(const net::ListenAddress& listen) {
  if (!listen.is_unix() && listen.port == 0) return std::string(kNoDataDir);
  std::string state;
  if (const char* xdg = std::getenv("XDG_STATE_HOME"); xdg != nullptr && *xdg == '/') {
    state = xdg;
  } else if (const char* home = std::getenv("HOME"); home != nullptr && *home == '/') {
    state = absl::StrCat(home, "/.local/state");
  } else {
    return absl::FailedPreconditionError(
        "--data-dir: neither XDG_STATE_HOME nor HOME is set; say where to keep what is known, or "
        "--data-dir=:memory: to keep nothing");
  }
  std::string name = listen.text;
  std::replace(name.begin(), name.end(), '/', '_');
  return absl::StrCat(state, "/liveness/", name);
}

}  // namespace liveness::app
