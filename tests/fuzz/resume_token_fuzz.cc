// Resume tokens: nothing passes but what was issued, for the client that it was issued to. The input: the ids
// of a client and of an instance, a line each, and a token.
#include <string>
#include <string_view>
#include <vector>

#include "common/signer.h"
#include "server/core/record/resume_token.h"
#include "tests/fuzz/fuzz.h"

namespace liveness::fuzz {
namespace {

constexpr common::WallTime kNow{};

core::ResumeTokens TokensOf(std::uint64_t key_id, const std::string& key) {
  return core::ResumeTokens(
      core::KeyRing({{.id = key_id, .mac = [signer = common::Signer(key)](std::string_view text) {
                        return signer.Sign(text);
                      }}}));
}
core::ResumeTokens Tokens() { return TokensOf(7, "a key"); }

}  // namespace

std::vector<std::string> Seeds() {
  const core::ResumeTokens tokens = Tokens();
  const std::string token = tokens.Issue("a", "a-1", 42, kNow);
  const core::ResumeTokens foreign = TokensOf(8, "b");
  return {"a\na-1\n" + token, "a\na-2\n" + token, "b\na-1\n" + token, "a\na-1\n",
          "a\na-1\n" + foreign.Issue("a", "a-1", 42, kNow)};
}

void Try(std::string_view input) {
  static const core::ResumeTokens tokens = Tokens();
  const std::string_view client = TakeLine(input), instance = TakeLine(input);
  const core::ResumeOutcome outcome = tokens.Verify(input, client, instance, kNow);
  if (outcome.verdict == core::ResumeVerdict::kValid && outcome.claim.instance_matches) {
    Require(tokens.Issue(client, instance, outcome.claim.incarnation, kNow) == input,
            "one claim has one token");
  }

  const std::uint64_t incarnation = input.size() * 0x9e3779b97f4a7c15;
  std::string token = tokens.Issue(client, instance, incarnation, kNow);
  Require(token.size() == 86, "a token has 86 characters, whatever the ids");
  const core::ResumeOutcome own = tokens.Verify(token, client, instance, kNow);
  Require(own.verdict == core::ResumeVerdict::kValid && own.claim.instance_matches &&
              own.claim.incarnation == incarnation,
          "an issued token is valid");
  Require(tokens.Verify(token, std::string(client) + "x", instance, kNow).verdict ==
              core::ResumeVerdict::kOtherClient,
          "a token is its client's alone");
  Require(!tokens.Verify(token, client, std::string(instance) + "x", kNow).claim.instance_matches,
          "a token tells its instance");
  const std::size_t at = input.empty() ? 0 : static_cast<unsigned char>(input.front()) % token.size();
  token[at] = token[at] == 'A' ? 'B' : 'A';
  Require(tokens.Verify(token, client, instance, kNow).verdict != core::ResumeVerdict::kValid,
          "an edited token is refused");
}

}  // namespace liveness::fuzz
