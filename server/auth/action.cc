#include "server/auth/action.h"

#include <algorithm>

namespace liveness::auth {

std::optional<Action> ActionOf(std::string_view word) {
  const auto* const at =
      std::find_if(kActions.begin(), kActions.end(), [&](Action action) { return Name(action) == word; });
  return at == kActions.end() ? std::nullopt : std::optional(*at);
}

std::optional<Actions> ActionsOf(std::string_view word) {
  if (word == "admin") return Actions::Admin();
  const std::optional<Action> one = ActionOf(word);
  return one ? std::optional(Actions{*one}) : std::nullopt;
}

}  // namespace liveness::auth
