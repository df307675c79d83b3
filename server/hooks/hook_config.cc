#include "server/hooks/hook_config.h"

#include <algorithm>
#include <string_view>

namespace liveness::hooks {

std::string ShownUrl(const std::string& url) {
  const std::size_t authority = url.find("://");
  if (authority == std::string::npos) return "";
  const std::size_t begin = authority + 3;
  const std::size_t end = std::min(url.find_first_of("/?#", begin), url.size());
  std::string_view host(url.data() + begin, end - begin);
  std::string shown = url.substr(0, begin);
  if (const std::size_t at = host.rfind('@'); at != std::string_view::npos) {
    shown += "***@";
    host.remove_prefix(at + 1);
  }
  shown += host;
  if (end + 1 < url.size()) shown += "/***";
  return shown;
}

}  // namespace liveness::hooks
