// Bearer tokens: a file of names, what each may do at most, and the hash of each token. The file tells nobody
// a token: it is 32 random bytes, so that its SHA-256 alone is enough.
//
//   [[token]]
//   name    = "grafana"
//   sha256  = "5e88...42d8"            of the token's text, as `livenessctl token new` writes it
//   roles   = ["view"]                 beat, view, evict, maintenance, drain, audit; admin: the last four
//   expires = 2027-01-31T00:00:00Z     may be left out
//
// No two have one name or one hash.
//
// Immutable; thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "common/clock.h"
#include "server/auth/action.h"

namespace liveness::auth {

struct Token {
  std::string name;
  std::array<std::uint8_t, 32> sha256{};
  Actions roles;  // at most, whatever rules allow
  std::optional<common::WallTime> expires;
};

class Tokens {
 public:
  static constexpr std::size_t kMaxTokens = 10'000;
  // Shorter ones are nobody's: they could be guessed.
  static constexpr std::size_t kLeastBytes = 32;

  Tokens() = default;
  // Of the text of a file; `file` is its name, for messages. INVALID_ARGUMENT: all that is wrong, a line
  // each, with line and column.
  static absl::StatusOr<Tokens> Parse(std::string_view toml, std::string_view file);

  // Whose `token` is, expired or not; null: nobody's. How long it takes tells nothing of the tokens.
  const Token* Find(std::string_view token) const;
  // By its name.
  const Token* Named(std::string_view name) const;
  // The next moment at which one expires; nothing if none does.
  std::optional<common::WallTime> NextExpiry(common::WallTime now) const;
  std::size_t size() const { return tokens_.size(); }

 private:
  std::vector<Token> tokens_;
};

}  // namespace liveness::auth
