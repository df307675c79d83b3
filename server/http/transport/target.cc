#include "server/http/transport/target.h"

#include <cstddef>
#include <optional>

#include "common/status.h"
#include "common/utf8.h"

namespace liveness::http {
namespace {

int HexDigit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> Decode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '+' && plus_is_space) {
      c = ' ';
    } else if (c == '%') {
      const int high = i + 2 < text.size() ? HexDigit(text[i + 1]) : -1;
      const int low = high >= 0 ? HexDigit(text[i + 2]) : -1;
      if (low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    }
    decoded.push_back(c);
  }
  if (!common::IsValidUtf8(decoded) || common::HasControlCharacter(decoded)) return std::nullopt;
  return decoded;
}

absl::Status BadTarget(std::string_view what) {
  return common::Error(absl::StatusCode::kInvalidArgument, "BAD_TARGET", what);
}

}  // namespace

absl::StatusOr<Target> ParseTarget(std::string_view target) {
  if (!target.starts_with('/')) return BadTarget("the target must be a path that begins with /");
  target = target.substr(0, target.find('#'));
  const std::size_t mark = target.find('?');
  Target result;
  auto path = Decode(target.substr(0, mark), false);
  if (!path) return BadTarget("the path has a bad escape, a control character or no UTF-8");
  result.path = *std::move(path);
  std::string_view rest = mark == std::string_view::npos ? std::string_view() : target.substr(mark + 1);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(pair.size() == rest.size() ? rest.size() : pair.size() + 1);
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    auto name = Decode(pair.substr(0, equals), true);
    auto value =
        Decode(equals == std::string_view::npos ? std::string_view() : pair.substr(equals + 1), true);
    if (!name || !value) return BadTarget("the query has a bad escape, a control character or no UTF-8");
    result.query.emplace_back(*std::move(name), *std::move(value));
  }
  return result;
}

}  // namespace liveness::http
