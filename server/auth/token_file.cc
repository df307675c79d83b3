#include "server/auth/token_file.h"

#include <algorithm>
#include <set>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "absl/strings/escaping.h"
#include "common/strings.h"
#include "common/toml/table_reader.h"
#include "common/toml/toml_file.h"

namespace liveness::auth {
namespace {

constexpr std::size_t kMaxName = 63;

bool IsName(std::string_view text) {
  return !text.empty() && text.size() <= kMaxName && std::all_of(text.begin(), text.end(), [](char c) {
    return absl::ascii_isalnum(c) || c == '-' || c == '_' || c == '.';
  });
}

// In the tables so far.
struct Seen {
  std::set<std::string> names;
  std::set<std::array<std::uint8_t, 32>> hashes;
};

class Reader {
 public:
  Reader(const toml::table& table, std::vector<common::TomlError>& errors)
      : table_(table), reader_(table, errors) {}

  Token Read(Seen& seen) {
    ReadName(seen.names);
    ReadHash(seen.hashes);
    ReadRoles();
    token_.expires = reader_.TimeOf("expires");
    reader_.RefuseOthers();
    return std::move(token_);
  }

 private:
  bool IsMissing(std::string_view key) {
    if (table_.contains(key)) return false;
    reader_.Refuse(key, "is missing");
    return true;
  }

  void ReadName(std::set<std::string>& names) {
    const auto name = reader_.Text("name");
    if (IsMissing("name") || !name) return;
    token_.name = *name;
    if (!IsName(*name)) {
      reader_.Refuse("name", common::StrCat("must be 1 to ", kMaxName, " letters, digits, -, _ and ."));
    } else if (!names.insert(*name).second) {
      reader_.Refuse("name", "is that of another token as well");
    }
  }

  void ReadHash(std::set<std::array<std::uint8_t, 32>>& hashes) {
    const auto text = reader_.Text("sha256");
    if (IsMissing("sha256") || !text) return;
    const bool is_hex =
        std::all_of(text->begin(), text->end(), [](char c) { return absl::ascii_isxdigit(c); });
    if (!is_hex || text->size() != 2 * token_.sha256.size()) {
      return reader_.Refuse("sha256", "must be 64 hexadecimal digits");
    }
    const std::string bytes = absl::HexStringToBytes(*text);
    std::copy(bytes.begin(), bytes.end(), token_.sha256.begin());
    // Whose would the token be, with whose roles? And who takes one table out means to revoke it.
    if (!hashes.insert(token_.sha256).second) reader_.Refuse("sha256", "is that of another token as well");
  }

  void ReadRoles() {
    const auto words = reader_.Texts("roles");
    if (IsMissing("roles") || !words) return;
    for (const std::string& word : *words) {
      const auto actions = ActionsOf(word);
      if (!actions) {
        reader_.Refuse("roles",
                       common::StrCat("has \"", common::Escape(word), "\", which is none of ", kActionWords));
        return;
      }
      token_.roles = token_.roles.Plus(*actions);
    }
  }

  const toml::table& table_;
  common::TableReader reader_;
  Token token_;
};

}  // namespace

absl::StatusOr<Tokens> Tokens::Parse(std::string_view toml, std::string_view file) {
  common::TomlFile parsed = common::ParseToml(toml);
  std::vector<common::TomlError> errors = std::move(parsed.errors);
  Tokens tokens;
  if (errors.empty()) {
    common::TableReader reader(parsed.table, errors);
    Seen seen;
    for (const toml::table* const each : reader.Tables("token", kMaxTokens)) {
      tokens.tokens_.push_back(Reader(*each, errors).Read(seen));
    }
    reader.RefuseOthers();
  }
  if (errors.empty()) return tokens;
  return common::TomlErrorsOf(file, std::move(errors));
}

const Token* Tokens::Find(std::string_view token) const {
  if (token.size() < kLeastBytes) return nullptr;
  std::array<std::uint8_t, 32> hash{};
  SHA256(reinterpret_cast<const unsigned char*>(token.data()), token.size(), hash.data());
  const Token* found = nullptr;
  for (const Token& each : tokens_) {
    if (CRYPTO_memcmp(each.sha256.data(), hash.data(), hash.size()) == 0) found = &each;
  }
  return found;
}

const Token* Tokens::Named(std::string_view name) const {
  const auto at =
      std::find_if(tokens_.begin(), tokens_.end(), [&](const Token& each) { return each.name == name; });
  return at == tokens_.end() ? nullptr : &*at;
}

std::optional<common::WallTime> Tokens::NextExpiry(common::WallTime now) const {
  std::optional<common::WallTime> next;
  for (const Token& each : tokens_) {
    if (each.expires && *each.expires > now && (!next || *each.expires < *next)) next = each.expires;
  }
  return next;
}

}  // namespace liveness::auth
