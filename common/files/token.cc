#include "common/files/token.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "common/files/file.h"
#include "common/strings.h"
#include "common/target.h"

namespace liveness::common {
namespace {

constexpr std::size_t kMaxBytes = 4096;
constexpr std::string_view kBearer = "Bearer ";

bool IsThisHost(std::string_view target) {
  if (target.starts_with(kUnixTarget)) return true;
  const std::string_view host = target.substr(0, target.rfind(':'));
  if (host == "localhost" || host == "[::1]") return true;
  return host.starts_with("127.") &&
         std::all_of(host.begin(), host.end(), [](char c) { return c == '.' || (c >= '0' && c <= '9'); });
}

}  // namespace

std::string BearerOf(std::string_view token) { return StrCat(kBearer, token); }

std::optional<std::string_view> TokenOf(std::string_view authorization) {
  const std::string_view scheme = authorization.substr(0, kBearer.size());
  if (!absl::EqualsIgnoreCase(ToAbsl(scheme), ToAbsl(kBearer))) return std::nullopt;
  return authorization.substr(kBearer.size());
}

absl::StatusOr<std::string> ReadTokenFile(std::string_view name, const std::string& path) {
  const auto wrong = [&](std::string_view what) {
    return absl::InvalidArgumentError(StrCat(name, "=", path, ": ", what));
  };
  absl::StatusOr<std::string> text = ReadFile(path, kMaxBytes);
  if (!text.ok()) return wrong(ToStd(text.status().message()));
  while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
  const bool is_plain = std::all_of(text->begin(), text->end(), [](char c) { return c > ' ' && c < 0x7F; });
  if (text->empty() || !is_plain) return wrong("holds no token: one line of printable characters");
  return text;
}

absl::Status CheckTokenIsSafe(std::string_view name, std::string_view target, bool tls) {
  if (tls || IsThisHost(target)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      StrCat(name, ": a token goes to ", target, " over TLS alone: whoever reads along would have it"));
}

}  // namespace liveness::common
