#include "common/keys/resume_keys.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>

namespace liveness::common {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

const WallTime kNow(std::chrono::seconds(1'767'225'600));  // 2026-01-01

ResumeSecret Secret(char digit) {
  ResumeSecret secret;
  secret.fill(static_cast<std::uint8_t>(digit));
  return secret;
}
std::string Hex(char digit) { return std::string(64, digit); }
std::string Entry(char digit, const std::string& more) {
  return "[[key]]\nsecret = \"" + Hex(digit) + "\"\n" + more;
}
ResumeKeys Rotated(ResumeKeys keys, char digit, WallTime now, Duration from = minutes(1),
                   Duration overlap = hours(24)) {
  return RotateResumeKeys(std::move(keys), Secret(digit), now, from, overlap).value();
}
std::string Wrong(const std::string& text) {
  const auto keys = ParseResumeKeys(text, "F");
  EXPECT_FALSE(keys.ok()) << text;
  return std::string(keys.status().message());
}

TEST(ResumeKeys, AreReadInAnyOrder) {
  const auto keys =
      ParseResumeKeys("store.until = 2026-01-02T00:00:00Z\n" +
                          Entry('a', "from = 2026-01-01T00:00:00Z\nuntil = 2026-01-03T01:00:00+01:00\n") +
                          Entry('b', "from = 2026-01-02T00:00:00.5Z\n"),
                      "F");
  ASSERT_TRUE(keys.ok()) << keys.status();
  EXPECT_EQ(keys->store_until, kNow + hours(24));
  ASSERT_EQ(keys->keys.size(), 2u);
  EXPECT_EQ(keys->keys[0].from, kNow + hours(24) + milliseconds(500));
  EXPECT_EQ(keys->keys[0].until, std::nullopt);
  EXPECT_EQ(keys->keys[1], (ResumeKey{Secret('\xaa'), kNow, kNow + hours(48)}));
}

TEST(ResumeKeys, WhatIsWrittenIsRead) {
  ResumeKeys keys = Rotated({}, 'a', kNow);
  EXPECT_EQ(ParseResumeKeys(FormatResumeKeys(keys), "F").value(), keys);
  keys = Rotated(Rotated(keys, 'b', kNow + hours(1) + milliseconds(7)), 'c', kNow + hours(2) + Duration(1));
  EXPECT_EQ(keys.keys.size(), 3u);
  EXPECT_EQ(ParseResumeKeys(FormatResumeKeys(keys), "F").value(), keys);
}

TEST(ResumeKeys, DatesAreToTheMillisecond) {
  EXPECT_THAT(Wrong(Entry('a', "from = 2026-01-01T00:00:00.0001Z\n") +
                    Entry('b', "from = 2026-01-01T00:00:00.0009Z\n")),
              HasSubstr("'from' is that of another key as well"))
      << "else what is written of them would be refused";
}

TEST(ResumeKeys, AllThatIsWrongIsToldWithItsPlaceAndNoSecret) {
  const std::string text = Wrong(R"([store]
until = "tomorrow"
[[key]]
secret = "cafe"
from = 2026-01-01
[[key]]
secret = 17
from = 2026-01-01T00:00:00Z
until = 2026-01-01T00:00:00Z
frum = 1
[[key]]
)");
  for (const char* part :
       {"F:2:", "takes a time with its zone", "F:4:10: key 'secret' must be 64 hexadecimal digits",
        "F:5:", "F:7:10: key 'secret' takes a string, not an integer",
        "F:9:9: key 'until' must be after from", "F:10:1: key 'frum' is not known; did you mean 'from'?",
        "F:11:1: key 'secret' is missing", "key 'from' is missing"}) {
    EXPECT_THAT(text, HasSubstr(part));
  }
  EXPECT_THAT(text, Not(HasSubstr("cafe")));
}

TEST(ResumeKeys, NoMistakeShowsASecret) {
  const std::string from = "from = 2026-01-01T00:00:00Z\n";
  for (const std::string& text :
       {"[[key]]\nsecret = " + Hex('a') + "\n" + from, "[[key]]\nsecret = " + Hex('1') + "\n" + from,
        "[[key]]\nsecret = '" + Hex('a') + "\n" + from, "[[key]]\n" + Hex('a') + "\n" + from,
        "[[key]]\nsecret = \"" + Hex('a') + "0\"\n" + from, Entry('a', from) + Entry('a', from),
        Hex('a') + " = 1\n" + Entry('a', from), Entry('a', from) + Hex('a') + " = 1\n",
        "[[key]]\nsecret = [\"" + Hex('a') + "\"]\n" + from,
        Entry('a', from) + "secret = \"" + Hex('a') + "\""}) {
    EXPECT_THAT(Wrong(text), AllOf(Not(HasSubstr("aaaa")), Not(HasSubstr("1111")), HasSubstr("F:"))) << text;
  }
}

TEST(ResumeKeys, NoTwoAreAlike) {
  EXPECT_THAT(
      Wrong(Entry('a', "from = 2026-01-01T00:00:00Z\n") + Entry('a', "from = 2026-01-02T00:00:00Z\n")),
      HasSubstr("'secret' is that of another key as well"));
  EXPECT_THAT(
      Wrong(Entry('a', "from = 2026-01-01T00:00:00Z\n") + Entry('b', "from = 2026-01-01T01:00:00+01:00\n")),
      HasSubstr("'from' is that of another key as well"));
}

TEST(ResumeKeys, AtNoTimeIsThereNone) {
  EXPECT_THAT(Wrong(""), HasSubstr("key 'key' is missing"));
  EXPECT_THAT(Wrong("key = []"), HasSubstr("key 'key'"));
  EXPECT_THAT(Wrong("key = 1"), HasSubstr("key 'key' takes tables"));
  EXPECT_THAT(Wrong("[store]\n" + Entry('a', "from = 2026-01-01T00:00:00Z\n")),
              HasSubstr("F:1:1: key 'until' is missing"));
  EXPECT_THAT(Wrong(Entry('a', "from = 2026-01-01T00:00:00Z\nuntil = 2027-01-01T00:00:00Z\n")),
              HasSubstr("no other key comes after"));
  EXPECT_THAT(Wrong(Entry('a', "from = 2026-01-01T00:00:00Z\nuntil = 2026-01-02T00:00:00Z\n") +
                    Entry('b', "from = 2026-01-03T00:00:00Z\n")),
              HasSubstr("F:4:9: key 'until' is before the next key's from"));
  EXPECT_TRUE(ParseResumeKeys(Entry('a', "from = 2026-01-01T00:00:00Z\nuntil = 2026-01-03T00:00:00Z\n") +
                                  Entry('b', "from = 2026-01-03T00:00:00Z\n"),
                              "F")
                  .ok());
  std::string many;
  for (int i = 0; i <= 100; ++i) many += "[[key]]\n";
  EXPECT_THAT(Wrong(many), HasSubstr("more than 100"));
}

TEST(ResumeKeys, TheFirstRotationEndsTheStoresKey) {
  const ResumeKeys keys = Rotated({}, 'a', kNow);
  EXPECT_EQ(keys.store_until, kNow + minutes(1) + hours(24));
  ASSERT_EQ(keys.keys.size(), 1u);
  EXPECT_EQ(keys.keys[0], (ResumeKey{Secret('a'), kNow + minutes(1), std::nullopt}));
}

TEST(ResumeKeys, ARotationEndsAllThatWereBefore) {
  const ResumeKeys first = Rotated({}, 'a', kNow), second = Rotated(first, 'b', kNow + hours(1));
  const WallTime b_signs = kNow + hours(1) + minutes(1);
  EXPECT_EQ(second.store_until, first.store_until) << "no later than it was";
  ASSERT_EQ(second.keys.size(), 2u);
  EXPECT_EQ(second.keys[0], (ResumeKey{Secret('b'), b_signs, std::nullopt}));
  EXPECT_EQ(second.keys[1], (ResumeKey{Secret('a'), kNow + minutes(1), b_signs + hours(24)}));

  // Because they leaked: at once, also those that had time left.
  const WallTime now = kNow + hours(2) + Duration(1), at = kNow + hours(2) + milliseconds(1);
  const ResumeKeys third = Rotated(second, 'c', now, Duration(0), Duration(0));
  EXPECT_EQ(third.store_until, at);
  ASSERT_EQ(third.keys.size(), 3u);
  EXPECT_EQ(third.keys[0].from, at);
  EXPECT_EQ(third.keys[1].until, at);
  EXPECT_EQ(third.keys[2].until, at);
}

TEST(ResumeKeys, WhatRanOutIsLeftOutButOfTheStore) {
  ResumeKeys keys = Rotated(Rotated({}, 'a', kNow), 'b', kNow + hours(1));
  keys = Rotated(keys, 'c', kNow + hours(26));
  ASSERT_EQ(keys.keys.size(), 2u);
  EXPECT_EQ(keys.keys[1].secret, Secret('b'));
  EXPECT_EQ(keys.store_until, kNow + minutes(1) + hours(24)) << "else it would be for good again";
}

TEST(ResumeKeys, AKeyThatWouldNeverSignIsRefused) {
  const ResumeKeys keys = Rotated({}, 'a', kNow, hours(2));
  for (const Duration from : {Duration(0), Duration(hours(1)), Duration(hours(2))}) {
    const auto refused = RotateResumeKeys(keys, Secret('b'), kNow, from, hours(1));
    EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(refused.status().message()), HasSubstr("2026-01-01T02:00:00.000Z"));
  }
  EXPECT_TRUE(RotateResumeKeys(keys, Secret('b'), kNow, hours(2) + milliseconds(1), hours(1)).ok());
}

TEST(ResumeKeys, AreNotWithoutEnd) {
  ResumeKeys keys;
  for (int i = 0; i < 100; ++i) keys = Rotated(keys, static_cast<char>(i), kNow + minutes(i));
  EXPECT_EQ(RotateResumeKeys(keys, Secret('z'), kNow + minutes(101), minutes(1), hours(1)).status().code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(RotateResumeKeys(keys, Secret('z'), kNow + hours(30), minutes(1), hours(1)).ok());
}

TEST(ResumeKeys, DatesThatNoClockReachesAreFarAway) {
  const ResumeKeys keys = Rotated({}, 'a', kNow, minutes(1), Duration::max());
  EXPECT_TRUE(ParseResumeKeys(FormatResumeKeys(keys), "F").ok());
  EXPECT_GT(keys.store_until, kNow + hours(24 * 365 * 200));
}

TEST(ResumeKeys, HaveNamesThatTellNothing) {
  EXPECT_THAT(NameOf(Secret('a')), ::testing::MatchesRegex("[0-9a-f]{16}"));
  EXPECT_NE(NameOf(Secret('a')), NameOf(Secret('b')));
  EXPECT_THAT(FormatResumeKeys(Rotated({}, '\x12', kNow)),
              AllOf(HasSubstr("1212"), Not(HasSubstr(NameOf(Secret('\x12'))))));
}

}  // namespace
}  // namespace liveness::common
