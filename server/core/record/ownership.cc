#include "server/core/record/ownership.h"

#include <algorithm>
#include <array>

#include "absl/strings/match.h"
#include "common/strings.h"

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
  if (caller.starts_with(kCommonName)) return caller.substr(kCommonName.size()) == owner;
  // The bare name is as its certificate spelled it; the principal is in lower case.
  return caller.starts_with(kDns) &&
         absl::EqualsIgnoreCase(common::ToAbsl(caller.substr(kDns.size())), common::ToAbsl(owner));
}

}  // namespace liveness::core
