#include "server/core/record/ownership.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "common/strings.h"
#include "server/core/record/principal_types.h"

namespace liveness::core {
namespace {

bool HasType(std::string_view principal) {
  return std::any_of(kPrincipalTypes.begin(), kPrincipalTypes.end(),
                     [&](std::string_view type) { return principal.starts_with(type); });
}

}  // namespace

bool MayOwn(std::string_view owner, std::string_view caller) {
  if (owner.empty() || owner == caller) return true;
  if (HasType(owner)) return false;
  if (caller.starts_with(kCommonNameType)) return caller.substr(kCommonNameType.size()) == owner;
  // The bare name is as its certificate spelled it; the principal is in lower case.
  return caller.starts_with(kDnsType) &&
         absl::EqualsIgnoreCase(common::ToAbsl(caller.substr(kDnsType.size())), common::ToAbsl(owner));
}

}  // namespace liveness::core
