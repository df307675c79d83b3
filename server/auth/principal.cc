#include "server/auth/principal.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"
#include "common/strings.h"
#include "server/core/record/principal_types.h"

namespace liveness::auth {
namespace {

constexpr std::size_t kMaxSpiffeId = 2048;
constexpr std::size_t kMaxTrustDomain = 255;

bool IsOfDomain(char c) {
  return absl::ascii_islower(c) || absl::ascii_isdigit(c) || c == '.' || c == '-' || c == '_';
}
bool IsOfPath(char c) { return IsOfDomain(c) || absl::ascii_isupper(c); }

bool IsSegment(std::string_view text) {
  return !text.empty() && text != "." && text != ".." && std::all_of(text.begin(), text.end(), IsOfPath);
}

}  // namespace

std::string DnsPrincipal(std::string_view name) {
  return common::StrCat(core::kDnsType, absl::AsciiStrToLower({name.data(), name.size()}));
}
std::string CommonNamePrincipal(std::string_view name) { return common::StrCat(core::kCommonNameType, name); }
std::string TokenPrincipal(std::string_view name) { return common::StrCat(core::kTokenType, name); }

bool IsSpiffeId(std::string_view text) {
  if (text.size() > kMaxSpiffeId || !text.starts_with(core::kSpiffeType)) return false;
  const std::string_view domain = TrustDomainOf(text);
  if (domain.empty() || domain.size() > kMaxTrustDomain ||
      !std::all_of(domain.begin(), domain.end(), IsOfDomain))
    return false;
  std::string_view path = text.substr(core::kSpiffeType.size() + domain.size());
  if (path.empty()) return false;
  while (!path.empty()) {
    path.remove_prefix(1);  // its `/`
    const std::size_t end = std::min(path.find('/'), path.size());
    if (!IsSegment(path.substr(0, end))) return false;
    path.remove_prefix(end);
  }
  return true;
}

std::string_view TrustDomainOf(std::string_view id) {
  const std::string_view rest = id.substr(core::kSpiffeType.size());
  return rest.substr(0, std::min(rest.find('/'), rest.size()));
}

bool IsPrincipal(std::string_view text) {
  if (text.starts_with(core::kSpiffeType)) return IsSpiffeId(text);
  if (text == kUnixPrincipal) return true;
  constexpr std::array kNamed = {core::kDnsType, core::kCommonNameType, core::kTokenType};
  return std::any_of(kNamed.begin(), kNamed.end(), [&](std::string_view type) {
    return text.starts_with(type) && text.size() > type.size();
  });
}

}  // namespace liveness::auth
