#include "common/target.h"

#include <cstdint>

namespace liveness::common {
namespace {

bool MeansItselfInAPath(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-._~/").find(c) != std::string_view::npos;
}

}  // namespace

std::string TargetProblem(std::string_view target) {
  if (target.starts_with(kUnixTarget)) {
    const std::string_view path = target.substr(kUnixTarget.size());
    if (path.empty()) return "names no path";
    if (path.size() > kMaxUnixPathBytes) return "has a path of more than 107 bytes";
    if (path.find('\0') != std::string_view::npos) return "has a NUL in its path";
    return {};
  }
  const std::size_t colon = target.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == target.size())
    return "is neither HOST:PORT nor unix:PATH";
  return {};
}

std::string GrpcTarget(std::string_view target) {
  if (!target.starts_with(kUnixTarget)) return std::string(target);
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string uri(kUnixTarget);
  for (const char c : target.substr(kUnixTarget.size())) {
    if (MeansItselfInAPath(c)) {
      uri.push_back(c);
    } else {
      const auto byte = static_cast<std::uint8_t>(c);
      uri.append({'%', kHex[byte >> 4U], kHex[byte & 15U]});
    }
  }
  return uri;
}

}  // namespace liveness::common
