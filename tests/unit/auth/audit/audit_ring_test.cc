#include "server/auth/audit/audit_ring.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <random>
#include <set>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/utf8.h"

namespace liveness::auth {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using ::testing::ElementsAre;

constexpr common::WallTime kStart{std::chrono::hours(400'000)};

AuditEvent Act(const std::string& principal, const std::string& target = "web-1") {
  return {.principal = principal,
          .address = "10.0.0.1",
          .action = "evict",
          .target = target,
          .outcome = AuditOutcome::kAllowed};
}
AuditEvent Refusal(const std::string& principal, const std::string& address, const std::string& target = {}) {
  return {.principal = principal,
          .address = address,
          .action = "beat",
          .target = target,
          .outcome = AuditOutcome::kRefused,
          .reason = "NOT_ALLOWED"};
}

class AuditRingTest : public ::testing::Test {
 protected:
  static constexpr std::size_t kRoom = 400;  // 200 acts, 100 refusals of principals, 100 of strangers

  std::vector<AuditEventPtr> All() const {
    std::vector<AuditEventPtr> all = ring_.All();
    std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a->number < b->number; });
    return all;
  }
  // Those of `author`, their targets, by number.
  std::vector<std::string> TargetsOf(const std::string& author) const {
    std::vector<std::string> targets;
    for (const AuditEventPtr& event : All()) {
      if (event->principal == author || (event->principal.empty() && event->address == author))
        targets.push_back(event->target);
    }
    return targets;
  }

  AuditRing ring_{kRoom};
};

TEST_F(AuditRingTest, EntriesHaveNumbersAndTimes) {
  ring_.Add(Act("token:ops"), kStart);
  ring_.Add(Refusal("token:b", "10.0.0.2"), kStart + seconds(1));
  const auto all = All();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0]->number, 1U);
  EXPECT_EQ(all[0]->time, kStart);
  EXPECT_EQ(all[0]->count, 1U);
  EXPECT_EQ(all[1]->number, 2U);
  EXPECT_EQ(all[1]->began, kStart + seconds(1));
}

TEST_F(AuditRingTest, EqualRefusalsAreOneEntry) {
  for (int i = 0; i < 50; ++i) ring_.Add(Refusal("", "10.0.0.2"), kStart + seconds(i));
  const auto all = All();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0]->count, 50U);
  EXPECT_EQ(all[0]->began, kStart);
  EXPECT_EQ(all[0]->time, kStart + seconds(49));
  EXPECT_EQ(all[0]->number, 1U);
}

TEST_F(AuditRingTest, OneEntryEndsAfterAWhile) {
  ring_.Add(Refusal("", "10.0.0.2"), kStart);
  ring_.Add(Refusal("", "10.0.0.2"), kStart + AuditRing::kFoldWithin - seconds(1));
  ring_.Add(Refusal("", "10.0.0.2"), kStart + AuditRing::kFoldWithin);
  ring_.Add(Refusal("", "10.0.0.2"), kStart + AuditRing::kFoldWithin + seconds(1));
  const auto all = All();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0]->count, 2U);
  EXPECT_EQ(all[1]->count, 2U);
}

TEST_F(AuditRingTest, WhatDiffersIsAnEntryOfItsOwn) {
  ring_.Add(Refusal("", "10.0.0.2", "a"), kStart);
  ring_.Add(Refusal("", "10.0.0.2", "b"), kStart);
  ring_.Add(Refusal("", "10.0.0.3", "a"), kStart);
  ring_.Add(Refusal("token:x", "10.0.0.2", "a"), kStart);
  AuditEvent other = Refusal("", "10.0.0.2", "a");
  other.reason = "BAD_TOKEN";
  ring_.Add(other, kStart);
  EXPECT_EQ(ring_.size(), 5U);
}

TEST_F(AuditRingTest, ActsAreNeverFolded) {
  for (int i = 0; i < 3; ++i) ring_.Add(Act("token:ops"), kStart);
  EXPECT_EQ(ring_.size(), 3U);
}

TEST_F(AuditRingTest, NoRefusalPushesOutAnAct) {
  ring_.Add(Act("token:ops", "first"), kStart);
  for (int i = 0; i < 100'000; ++i) {
    ring_.Add(Refusal("", "10.0.0.2", std::to_string(i)), kStart);
    ring_.Add(Refusal("token:ops", "10.0.0.2", std::to_string(i)), kStart);
  }
  const auto all = All();
  EXPECT_EQ(all.front()->target, "first");
  EXPECT_LE(all.size(), kRoom);
  EXPECT_EQ(all.size() + ring_.dropped(), 200'001U);
}

TEST_F(AuditRingTest, NoStrangersNoisePushesOutAnotherStranger) {
  ring_.Add(Refusal("", "10.0.0.9", "quiet"), kStart);
  for (int i = 0; i < 10'000; ++i) ring_.Add(Refusal("", "10.0.0.2", std::to_string(i)), kStart);
  EXPECT_THAT(TargetsOf("10.0.0.9"), ElementsAre("quiet"));
  const auto own = TargetsOf("10.0.0.2");
  EXPECT_EQ(own.size(), kRoom / 4 / 4);
  EXPECT_EQ(own.back(), "9999") << "of its own the newest stay";
}

TEST_F(AuditRingTest, NorDoesANetworkWithAsManyAddressesAsItLikes) {
  ring_.Add(Refusal("", "2001:db8:0:1::1", "quiet"), kStart);
  for (int i = 0; i < 10'000; ++i) {
    ring_.Add(Refusal("", "2001:db8:0:2::" + std::to_string(i), "noise"), kStart);
  }
  EXPECT_THAT(TargetsOf("2001:db8:0:1::1"), ElementsAre("quiet"));
  EXPECT_EQ(ring_.size(), 1 + kRoom / 4 / 4);
}

TEST_F(AuditRingTest, ThousandsOfStrangersPushOutNoPrincipal) {
  ring_.Add(Refusal("dns:a", "10.0.0.9", "quiet"), kStart);
  for (int i = 0; i < 50'000; ++i) {
    ring_.Add(Refusal("", "10." + std::to_string(i >> 16) + "." + std::to_string(i >> 8 & 255) + "." +
                              std::to_string(i & 255)),
              kStart);
  }
  EXPECT_THAT(TargetsOf("dns:a"), ElementsAre("quiet"));
  EXPECT_EQ(ring_.size(), 1 + kRoom / 4);
}

// Five noisy ones need more than there is: each keeps the same, and the quiet one all that it has.
TEST_F(AuditRingTest, WhoHasLessThanAnEvenShareLosesNothing) {
  for (int i = 0; i < 5; ++i) ring_.Add(Refusal("dns:quiet", "10.0.0.9", std::to_string(i)), kStart);
  for (int i = 0; i < 1000; ++i) {
    for (const char* noisy : {"dns:a", "dns:b", "dns:c", "dns:d", "dns:e"}) {
      ring_.Add(Refusal(noisy, "10.0.0.1", std::to_string(i)), kStart);
    }
  }
  EXPECT_THAT(TargetsOf("dns:quiet"), ElementsAre("0", "1", "2", "3", "4"));
  for (const char* noisy : {"dns:a", "dns:b", "dns:c", "dns:d", "dns:e"}) {
    EXPECT_EQ(TargetsOf(noisy).size(), 19U) << noisy;
  }
}

// Who guessed tokens does not bury it under ids that it asks for.
TEST_F(AuditRingTest, NoneOfItsOwnNoiseBuriesWhatIsOfAnotherKind) {
  AuditEvent guess = Refusal("", "10.0.0.2");
  guess.reason = "BAD_TOKEN";
  for (int i = 0; i < 500; ++i) ring_.Add(guess, kStart);
  for (int i = 0; i < 10'000; ++i) ring_.Add(Refusal("", "10.0.0.2", std::to_string(i)), kStart);
  const auto all = All();
  EXPECT_EQ(all.size(), kRoom / 4 / 4);
  EXPECT_EQ(all.front()->reason, "BAD_TOKEN");
  EXPECT_EQ(all.front()->count, 500U);
}

TEST_F(AuditRingTest, AnEntryThatIsGoneIsNotFoldedInto) {
  for (int i = 0; i < 100; ++i) ring_.Add(Refusal("", "10.0.0.2", std::to_string(i)), kStart);
  const AuditEventPtr again = ring_.Add(Refusal("", "10.0.0.2", "0"), kStart);
  EXPECT_EQ(again->count, 1U);
  EXPECT_EQ(again->number, 101U);
}

// Whatever comes in whatever order: the bounds hold, nothing is there twice, and what is gone was counted.
TEST_F(AuditRingTest, TheBoundsHoldOfAnything) {
  std::mt19937 random(7);
  std::uint64_t entries = 0;
  for (int i = 0; i < 50'000; ++i) {
    const std::uint32_t author = random() % 12, kind = random() % 4;
    AuditEvent event = Refusal(author < 6 ? "dns:" + std::to_string(author) : "",
                               "10.0.0." + std::to_string(author), std::to_string(random() % 100));
    if (kind == 0) event.outcome = AuditOutcome::kAllowed;
    event.reason = "R" + std::to_string(kind);
    entries += ring_.Add(event, kStart + seconds(i / 10))->count == 1 ? 1 : 0;
    if (i % 500 != 0) continue;
    std::map<std::string, std::size_t> of_author;
    std::set<std::uint64_t> numbers;
    for (const AuditEventPtr& each : All()) {
      EXPECT_TRUE(numbers.insert(each->number).second);
      if (each->outcome == AuditOutcome::kRefused) ++of_author[AuthorOf(*each)];
    }
    EXPECT_EQ(numbers.size(), ring_.size());
    EXPECT_LE(ring_.size(), kRoom);
    EXPECT_EQ(ring_.size() + ring_.dropped(), entries);
    for (const auto& [name, count] : of_author) EXPECT_LE(count, kRoom / 4 / 4) << name;
  }
  EXPECT_EQ(ring_.size(), kRoom);
}

TEST_F(AuditRingTest, NoNetworkPassesForAPrincipal) {
  EXPECT_NE(AuthorOf(Refusal("", "unix:socket")), AuthorOf(Refusal("unix:socket", "")));
  EXPECT_EQ(AuthorOf(Refusal("", "2001:db8::1")), AuthorOf(Refusal("", "2001:db8::2")));
  EXPECT_NE(AuthorOf(Refusal("", "10.0.0.1")), AuthorOf(Refusal("", "10.0.0.2")));
}

TEST_F(AuditRingTest, LongTextsAreCutBetweenCharacters) {
  std::string target;
  for (int i = 0; i < 1000; ++i) target += "\xE2\x82\xAC";  // the euro sign
  const AuditEventPtr event = ring_.Add(Act("token:ops", target), kStart);
  EXPECT_GT(event->target.size(), AuditRing::kMostText - 3);
  EXPECT_LE(event->target.size(), AuditRing::kMostText);
  EXPECT_TRUE(common::IsValidUtf8(event->target));
}

}  // namespace
}  // namespace liveness::auth
