#include "server/auth/token_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace liveness::auth {
namespace {

using ::testing::HasSubstr;

// printf %s lvt_0123456789012345678901234567890123456789 | sha256sum
constexpr char kToken[] = "lvt_0123456789012345678901234567890123456789";
constexpr char kHash[] = "8f7fb9f3fa970fdc3eb6b2af45356df1229347b771fcf3116413c960fa2f232e";

std::string Entry(const std::string& name, const std::string& more = "roles = [\"view\"]\n",
                  const std::string& hash = kHash) {
  return "[[token]]\nname = \"" + name + "\"\nsha256 = \"" + hash + "\"\n" + more;
}
// Some token's.
std::string Hash(char digit) { return std::string(64, digit); }

TEST(TokenFile, ATokenIsFoundByItsHash) {
  const Tokens tokens =
      Tokens::Parse(Entry("grafana", "roles = [\"view\", \"admin\"]\nexpires = 2030-01-31T01:00:00+01:00\n"),
                    "f")
          .value();
  const Token* const token = tokens.Find(kToken);
  ASSERT_NE(token, nullptr);
  EXPECT_EQ(token->name, "grafana");
  EXPECT_TRUE(token->roles.Has(Action::kView));
  EXPECT_TRUE(token->roles.Has(Action::kDrain));
  EXPECT_FALSE(token->roles.Has(Action::kBeat));
  EXPECT_EQ(token->expires, common::WallTime(std::chrono::seconds(1'896'048'000)));
  EXPECT_EQ(tokens.Find(std::string(kToken) + "x"), nullptr);
  EXPECT_EQ(tokens.Find(kHash), nullptr) << "the file alone lets nobody in";
  EXPECT_EQ(tokens.Find(""), nullptr);
  EXPECT_EQ(tokens.Named("grafana"), token);
}

TEST(TokenFile, TheNextExpiryIsTold) {
  const Tokens tokens =
      Tokens::Parse(Entry("a", "roles = []\nexpires = 2030-01-02T00:00:00Z\n", Hash('a')) +
                        Entry("b", "roles = []\nexpires = 2030-01-01T00:00:00Z\n", Hash('b')) + Entry("c"),
                    "f")
          .value();
  const common::WallTime second(std::chrono::seconds(1'893'542'400)), first = second - std::chrono::hours(24);
  EXPECT_EQ(tokens.NextExpiry(first - std::chrono::seconds(1)), first);
  EXPECT_EQ(tokens.NextExpiry(first), second);
  EXPECT_EQ(tokens.NextExpiry(second), std::nullopt);
}

TEST(TokenFile, AllThatIsWrongIsToldWithItsPlace) {
  const auto tokens = Tokens::Parse(R"([[token]]
name = "a b"
sha256 = "12"
roles = ["root"]
expires = 2030-01-31
role = 1
[[token]]
)",
                                    "tokens.toml");
  ASSERT_FALSE(tokens.ok());
  const std::string text(tokens.status().message());
  for (const char* part :
       {"tokens.toml:2:", "tokens.toml:3:", "64 hexadecimal digits", "tokens.toml:4:", "\"root\"",
        "tokens.toml:5:", "with its zone", "tokens.toml:6:", "'roles'", "tokens.toml:7:", "is missing"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  EXPECT_THAT(text, Not(HasSubstr(kHash)));
}

TEST(TokenFile, ANameIsOneTokens) {
  EXPECT_FALSE(Tokens::Parse(Entry("a") + Entry("a", "roles = []\n", Hash('a')), "f").ok());
  EXPECT_TRUE(Tokens::Parse("", "f").ok());
}

TEST(TokenFile, ATokenHasOneName) {
  const auto tokens = Tokens::Parse(Entry("a") + Entry("b", "roles = [\"admin\"]\n"), "f");
  ASSERT_FALSE(tokens.ok());
  EXPECT_THAT(std::string(tokens.status().message()), HasSubstr("f:7:"));
  EXPECT_THAT(std::string(tokens.status().message()), Not(HasSubstr(kHash)));
  std::string upper = Hash('a');
  upper.front() = 'A';
  EXPECT_FALSE(
      Tokens::Parse(Entry("a", "roles = []\n", Hash('a')) + Entry("b", "roles = []\n", upper), "f").ok())
      << "however it is spelled";
}

TEST(TokenFile, AnExpiryBeyondTheClockIsFarAway) {
  const Tokens tokens =
      Tokens::Parse(Entry("a", "roles = []\nexpires = 2318-01-01T00:00:00Z\n"), "f").value();
  const common::WallTime in_2200(std::chrono::seconds(7'258'118'400));
  EXPECT_GT(tokens.Named("a")->expires, in_2200);
}

}  // namespace
}  // namespace liveness::auth
