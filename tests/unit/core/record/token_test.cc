#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "common/signer.h"
#include "common/status.h"
#include "server/core/filter/page_token.h"
#include "server/core/record/resume_token.h"
#include "server/core/record/seal.h"

namespace liveness::core {
namespace {

MacFunction MacWith(std::string key) {
  return [signer = common::Signer(key)](std::string_view message) { return signer.Sign(message); };
}

const MacFunction kMac = MacWith("a key");

std::string Hex(const Mac& mac) {
  std::string hex;
  for (const std::uint8_t byte : mac) {
    hex += "0123456789abcdef"[byte >> 4];
    hex += "0123456789abcdef"[byte & 15];
  }
  return hex;
}

// Every text that differs from `token` in one character, and every shorter one.
std::set<std::string> Edits(const std::string& token) {
  std::set<std::string> edits;
  for (std::size_t i = 0; i < token.size(); ++i) {
    for (const char c : std::string("Aa0_-+/= \n")) {
      std::string edit = token;
      edit[i] = c;
      if (edit != token) edits.insert(edit);
    }
    if (i > 0) edits.insert(token.substr(0, i));
  }
  edits.insert(token + "=");
  edits.insert(token + " ");
  edits.insert(token + "A");
  return edits;
}

TEST(SignerTest, IsHmacSha256CutTo128Bits) {
  // RFC 4231, test case 2 and, for a long key, 6.
  EXPECT_EQ(Hex(common::Signer("Jefe").Sign("what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c7");
  EXPECT_EQ(Hex(common::Signer(std::string(131, '\xaa'))
                    .Sign("Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f");
}

TEST(SignerTest, VerifiesWhatItSigned) {
  const common::Signer signer("k");
  common::Signer::Mac mac = signer.Sign("message");
  EXPECT_TRUE(signer.Verify("message", mac));
  EXPECT_FALSE(signer.Verify("massage", mac));
  EXPECT_FALSE(common::Signer("l").Verify("message", mac));
  mac.back() ^= 1;
  EXPECT_FALSE(signer.Verify("message", mac));
}

TEST(SealTest, OnePurposeIsNotAnother) {
  const std::string text = Seal("page", "payload", kMac);
  EXPECT_TRUE(Unseal("page", text, kMac)->authentic);
  EXPECT_EQ(Unseal("page", text, kMac)->payload, "payload");
  EXPECT_FALSE(Unseal("resume", text, kMac)->authentic);
}

std::string ReasonOfToken(const PageQuery& query, std::string_view token, const MacFunction& mac = kMac) {
  const absl::Status status = DecodePageToken(query, token, mac).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return common::ReasonOf(status);
}

TEST(PageTokenTest, GoesRound) {
  const PageQuery query{"ListClients", "state = ALIVE", false};
  for (const std::string& position : {std::string("db-1"), std::string("ключ/☃"), std::string(128, 'x')}) {
    EXPECT_EQ(*DecodePageToken(query, EncodePageToken(query, position, kMac), kMac), position);
  }
  EXPECT_EQ(*DecodePageToken(query, "", kMac), "");
}

TEST(PageTokenTest, RefusesEveryEdit) {
  const PageQuery query{"ListClients", "", false};
  for (const std::string& edit : Edits(EncodePageToken(query, "db-1", kMac))) {
    EXPECT_EQ(ReasonOfToken(query, edit), "BAD_PAGE_TOKEN") << edit;
  }
  EXPECT_EQ(ReasonOfToken(query, std::string(100'000, 'A')), "BAD_PAGE_TOKEN");
  EXPECT_EQ(ReasonOfToken(query, EncodePageToken(query, "db-1", MacWith("another key"))), "BAD_PAGE_TOKEN");
}

TEST(PageTokenTest, IsBoundToWhatWasAsked) {
  const PageQuery query{"ListClients", "state = ALIVE", false};
  const std::string token = EncodePageToken(query, "db-1", kMac);
  EXPECT_EQ(ReasonOfToken({"ListClients", "state = DEAD", false}, token), "PAGE_TOKEN_MISMATCH");
  EXPECT_EQ(ReasonOfToken({"ListClients", "", false}, token), "PAGE_TOKEN_MISMATCH");
  EXPECT_EQ(ReasonOfToken({"ListClients", "state = ALIVE", true}, token), "PAGE_TOKEN_MISMATCH");
  EXPECT_EQ(ReasonOfToken({"ListTransitions", "state = ALIVE", false}, token), "PAGE_TOKEN_MISMATCH");
  EXPECT_EQ(ReasonOfToken({"ListClients", "state = ALIVE", false, "rtt"}, token), "PAGE_TOKEN_MISMATCH");
}

constexpr common::WallTime kNow{};

ResumeTokens TokensOf(std::uint64_t key_id, MacFunction mac) {
  return ResumeTokens(KeyRing({{.id = key_id, .mac = std::move(mac)}}));
}
const ResumeTokens kTokens = TokensOf(7, kMac);

TEST(ResumeTokenTest, NamesTheSession) {
  const std::string token = kTokens.Issue("db-1", "i-1", 1'769'860'800'000'001, kNow);
  EXPECT_EQ(token.size(), 86u);
  const ResumeOutcome outcome = kTokens.Verify(token, "db-1", "i-1", kNow);
  EXPECT_EQ(outcome.verdict, ResumeVerdict::kValid);
  EXPECT_EQ(outcome.claim.incarnation, 1'769'860'800'000'001u);
  EXPECT_TRUE(outcome.claim.instance_matches);
}

TEST(ResumeTokenTest, TellsAnotherInstanceOfTheSameClient) {
  const ResumeOutcome outcome = kTokens.Verify(kTokens.Issue("db-1", "i-1", 5, kNow), "db-1", "i-2", kNow);
  EXPECT_EQ(outcome.verdict, ResumeVerdict::kValid);
  EXPECT_EQ(outcome.claim.incarnation, 5u);
  EXPECT_FALSE(outcome.claim.instance_matches);
}

TEST(ResumeTokenTest, TellsAnotherClient) {
  EXPECT_EQ(kTokens.Verify(kTokens.Issue("db-1", "i-1", 5, kNow), "db-2", "i-1", kNow).verdict,
            ResumeVerdict::kOtherClient);
}

TEST(ResumeTokenTest, AnotherStoresTokenIsForeign) {
  const ResumeTokens other = TokensOf(8, MacWith("another key"));
  EXPECT_EQ(kTokens.Verify(other.Issue("db-1", "i-1", 5, kNow), "db-1", "i-1", kNow).verdict,
            ResumeVerdict::kForeignKey);
}

TEST(ResumeTokenTest, TheSameKeyIdWithAnotherKeyIsForged) {
  const ResumeTokens other = TokensOf(7, MacWith("another key"));
  EXPECT_EQ(kTokens.Verify(other.Issue("db-1", "i-1", 5, kNow), "db-1", "i-1", kNow).verdict,
            ResumeVerdict::kForged);
}

TEST(ResumeTokenTest, NoEditIsValid) {
  const std::string token = kTokens.Issue("db-1", "i-1", 5, kNow);
  std::size_t forged = 0;
  for (const std::string& edit : Edits(token)) {
    const ResumeVerdict verdict = kTokens.Verify(edit, "db-1", "i-1", kNow).verdict;
    // An edited key id names another key: no token at all.
    EXPECT_TRUE(verdict == ResumeVerdict::kForged || verdict == ResumeVerdict::kForeignKey) << edit;
    forged += verdict == ResumeVerdict::kForged;
  }
  EXPECT_GT(forged, 500u);
  EXPECT_EQ(kTokens.Verify("", "db-1", "i-1", kNow).verdict, ResumeVerdict::kForged);
  EXPECT_EQ(kTokens.Verify("not a token", "db-1", "i-1", kNow).verdict, ResumeVerdict::kForged);
}

TEST(ResumeTokenTest, APageTokenIsNoResumeToken) {
  const PageQuery query{"ListClients", "", false};
  EXPECT_EQ(kTokens.Verify(EncodePageToken(query, std::string(32, 'x'), kMac), "db-1", "i-1", kNow).verdict,
            ResumeVerdict::kForeignKey);
}

}  // namespace
}  // namespace liveness::core
