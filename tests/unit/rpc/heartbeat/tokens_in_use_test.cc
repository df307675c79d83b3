#include "server/rpc/heartbeat/tokens_in_use.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "common/signer.h"

namespace liveness::rpc {
namespace {

using common::WallTime;
using core::ResumeTokens;
using core::ResumeVerdict;

constexpr WallTime kNow(std::chrono::hours(500'000));
constexpr storage::TokenKey kStore = {1, 2, 3}, kOtherStore = {1, 2, 4};

common::ResumeKeys File(std::uint8_t secret = 9) { return {{{.secret = {secret}, .from = kNow}}, {}}; }
std::string Issue(const ResumeTokens& tokens, WallTime now = kNow) {
  return tokens.Issue("a", "a-1", 5, now);
}
ResumeVerdict Verdict(const ResumeTokens& tokens, const std::string& token, WallTime now = kNow) {
  return tokens.Verify(token, "a", "a-1", now).verdict;
}

TEST(TokensInUse, WithoutAFileTheStoresKeySigns) {
  const ResumeTokens tokens(MakeKeyRing(kStore, {}));
  EXPECT_EQ(Verdict(tokens, Issue(tokens)), ResumeVerdict::kValid);
  EXPECT_EQ(Verdict(ResumeTokens(MakeKeyRing(kOtherStore, {})), Issue(tokens)), ResumeVerdict::kForeignKey);
}

// By its text: a server of this version resumes what one of before has welcomed.
TEST(TokensInUse, TheStoresKeySignsAsItEverDid) {
  EXPECT_EQ(Issue(ResumeTokens(MakeKeyRing(kStore, {}))),
            "QoNacVSkMX4AAAAAAAAABXd8I8I3PRpfxX3PeP9GYjYw4RgZ2-TDiikfoSvkNRF7AjYjKr6bSEEz1jgHBW8CGA");
}

TEST(TokensInUse, AKeyOfTheFileIsOneStores) {
  const ResumeTokens one(MakeKeyRing(kStore, File())), other(MakeKeyRing(kOtherStore, File()));
  EXPECT_EQ(Verdict(one, Issue(one)), ResumeVerdict::kValid);
  EXPECT_EQ(Verdict(other, Issue(one)), ResumeVerdict::kForeignKey)
      << "its incarnation would say something of a store that never gave it out";
}

TEST(TokensInUse, TheFileTakesOverAtItsDateAndTheStoresKeyEndsAtItsOwn) {
  common::ResumeKeys keys = File();
  keys.store_until = kNow + std::chrono::hours(1);
  const ResumeTokens store(MakeKeyRing(kStore, {})), both(MakeKeyRing(kStore, keys));
  EXPECT_EQ(Issue(both, kNow - common::Duration(1)), Issue(store));
  EXPECT_NE(Issue(both), Issue(store));
  EXPECT_EQ(Verdict(both, Issue(store)), ResumeVerdict::kValid);
  EXPECT_EQ(Verdict(both, Issue(store), *keys.store_until), ResumeVerdict::kForeignKey);
  EXPECT_EQ(Verdict(store, Issue(both)), ResumeVerdict::kForeignKey) << "a server that has no file yet";
}

TEST(TokensInUse, AreReplaced) {
  TokensInUse tokens(MakeKeyRing(kStore, {}));
  const auto before = tokens.Now();
  tokens.Replace(MakeKeyRing(kStore, File()));
  EXPECT_EQ(Verdict(*tokens.Now(), Issue(*before)), ResumeVerdict::kValid);
  EXPECT_NE(Issue(*tokens.Now()), Issue(*before));
}

}  // namespace
}  // namespace liveness::rpc
