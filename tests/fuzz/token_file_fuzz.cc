// Files of bearer tokens: the file itself lets nobody in, and a token is found under its name alone.
#include <string>
#include <string_view>
#include <vector>

#include "common/strings.h"
#include "server/auth/token_file.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/plain_text.h"

namespace liveness::fuzz {
namespace {

// printf %s lvt_0123456789012345678901234567890123456789 | sha256sum
constexpr char kToken[] = "lvt_0123456789012345678901234567890123456789";
constexpr char kHash[] = "8f7fb9f3fa970fdc3eb6b2af45356df1229347b771fcf3116413c960fa2f232e";

std::string Entry(const std::string& name, const std::string& more) {
  return "[[token]]\nname = \"" + name + "\"\nsha256 = \"" + kHash + "\"\n" + more;
}

// The hash stands nowhere but as the value of its key: elsewhere, as a key itself, it may be quoted.
bool IsInItsPlace(std::string_view input) {
  constexpr std::string_view kKey = "\nsha256 = \"";
  for (auto at = input.find(kHash); at != std::string_view::npos; at = input.find(kHash, at + 1)) {
    if (!input.substr(0, at).ends_with(kKey)) return false;
  }
  return true;
}

}  // namespace

std::vector<std::string> Seeds() {
  return {
      "", Entry("grafana", "roles = [\"view\"]\n"),
      Entry("ops-anna", "roles = [\"beat\", \"admin\", \"audit\"]\nexpires = 2030-01-31T01:00:00+01:00\n"),
      "[[token]]\nname = \"a b\"\nsha256 = \"12\"\nroles = [\"root\"]\nexpires = 2030-01-31\nrole = 1\n"};
}

void Try(std::string_view input) {
  const auto tokens = auth::Tokens::Parse(input, "tokens.toml");
  if (!tokens.ok()) {
    Require(
        tokens.status().code() == absl::StatusCode::kInvalidArgument && !tokens.status().message().empty(),
        "a refusal says why");
    Require(!IsInItsPlace(input) || tokens.status().message().find(kHash) == std::string_view::npos,
            "a refusal tells no hash");
    RequirePlainLines(common::ToStd(tokens.status().message()), "a refusal is plain text");
    return;
  }
  Require(tokens->size() <= auth::Tokens::kMaxTokens, "there are no more tokens than are allowed");
  Require(tokens->Find("") == nullptr && tokens->Find(kHash) == nullptr && tokens->Find(input) == nullptr,
          "the file alone lets nobody in");
  if (const auth::Token* const found = tokens->Find(kToken)) {
    Require(tokens->Named(found->name) == found, "a token is found by its name as well");
    Require(tokens->Find(std::string(kToken) + "x") == nullptr, "a longer token is another one");
  }
  const auto expiry = tokens->NextExpiry(common::WallTime());
  Require(!expiry || *expiry > common::WallTime(), "the next expiry is to come");
}

}  // namespace liveness::fuzz
