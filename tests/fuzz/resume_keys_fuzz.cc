// Files of resume keys: no refusal tells a secret, and what is written of one that is read is read again.
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "common/keys/resume_keys.h"
#include "tests/fuzz/fuzz.h"

namespace liveness::fuzz {
namespace {

constexpr common::WallTime kNow(std::chrono::hours(500'000));  // 2027

std::string Secret(char digit) { return std::string(64, digit); }
std::string Entry(char digit, const std::string& more) {
  return "[[key]]\nsecret = \"" + Secret(digit) + "\"\n" + more;
}

}  // namespace

std::vector<std::string> Seeds() {
  return {"", "[store]\nuntil = 2026-01-01T00:00:00Z\n" + Entry('a', "from = 2026-01-01T00:00:00Z\n"),
          Entry('a', "from = 2026-01-01T00:00:00.5Z\nuntil = 2030-01-01T00:00:00+01:00\n") +
              Entry('b', "from = 2027-01-01T00:00:00Z\n"),
          "[store]\nuntil = 1\n" + Entry('a', "from = 2026-01-01\nuntil = 0001-01-01T00:00:00Z\nfrum = 1\n"),
          "[[key]]\nsecret = " + Secret('a')};
}

void Try(std::string_view input) {
  const auto keys = common::ParseResumeKeys(input, "keys.toml");
  if (!keys.ok()) {
    Require(keys.status().code() == absl::StatusCode::kInvalidArgument &&
                keys.status().message().find("aaaaaaaa") == std::string_view::npos,
            "a refusal says why, and no secret");
    return;
  }
  Require(!keys->keys.empty() && !keys->keys.front().until, "one key is for good");
  const std::string text = common::FormatResumeKeys(*keys);
  const auto again = common::ParseResumeKeys(text, "keys.toml");
  Require(again.ok() && *again == *keys, "what is written is read");
  common::ResumeSecret secret;
  secret.fill(7);
  const auto rotated =
      common::RotateResumeKeys(*keys, secret, kNow, common::Duration(0), common::Duration(0));
  if (!rotated.ok()) return;
  const auto read = common::ParseResumeKeys(common::FormatResumeKeys(*rotated), "keys.toml");
  Require(read.ok() && *read == *rotated, "what a rotation wrote is read");
}

}  // namespace liveness::fuzz
