#include "server/hooks/hook_config.h"

namespace liveness::hooks {

std::string ShownUrl(const HookConfig& hook) {
  const std::size_t authority = hook.url.find("://");
  if (authority == std::string::npos) return "";
  const std::size_t begin = authority + 3;
  const std::size_t end = std::min(hook.url.find_first_of("/?#", begin), hook.url.size());
  std::string_view host(hook.url.data() + begin, end - begin);
  std::string shown = hook.url.substr(0, begin);
  if (const std::size_t at = host.rfind('@'); at != std::string_view::npos) {
    shown += "***@";
    host.remove_prefix(at + 1);
  }
  shown += host;
  // Many receivers know who calls by the path alone: it is a key as good as a password.
  if (end + 1 < hook.url.size()) shown += "/***";
  return shown;
}

}  // namespace liveness::hooks
