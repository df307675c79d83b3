#include "server/core/record/ownership.h"

#include <algorithm>
#include <array>

namespace liveness::core {
namespace {

constexpr std::string_view kDns = "dns:";
constexpr std::string_view kCommonName = "cn:";
constexpr std::array<std::string_view, 5> kTypes = {"spiffe://", kDns, "token:", kCommonName, "unix:"};

bool HasType(std::string_view principal) {
  return std::any_of(kTypes.begin(), kTypes.end(),
                     [&](std::string_view type) { return principal.starts_with(type); });
}

}  // namespace

bool MayOwn(std::string_view owner, std::string_view caller) {
  if (owner.empty() || owner == caller) return true;
  if (HasType(owner)) return false;
  return std::any_of(kTypes.begin(), kTypes.end(), [&](std::string_view type) {
    const bool has_name = type == kDns || type == kCommonName;
    return has_name && caller.starts_with(type) && caller.substr(type.size()) == owner;
  });
}

}  // namespace liveness::core
