#include "server/auth/action.h"

namespace liveness::auth {

std::optional<Actions> ActionsOf(std::string_view word) {
  if (word == "admin") return Actions::Admin();
  for (const Action action :
       {Action::kBeat, Action::kView, Action::kEvict, Action::kMaintenance, Action::kDrain, Action::kAudit}) {
    if (Name(action) == word) return Actions{action};
  }
  return std::nullopt;
}

}  // namespace liveness::auth
