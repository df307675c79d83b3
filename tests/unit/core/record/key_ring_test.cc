#include "server/core/record/key_ring.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include "common/signer.h"
#include "server/core/record/resume_token.h"

namespace liveness::core {
namespace {

using common::WallTime;
using std::chrono::hours;

WallTime At(int hour) { return WallTime(std::chrono::seconds(1'767'225'600)) + hours(hour); }

RingKey Key(std::uint64_t id, WallTime from, std::optional<WallTime> until = {}) {
  return {id,
          [signer = common::Signer("key " + std::to_string(id))](std::string_view message) {
            return signer.Sign(message);
          },
          from, until};
}
RingKey StoreKey(std::optional<WallTime> until = {}) { return Key(1, WallTime::min(), until); }

ResumeVerdict Verdict(const ResumeTokens& tokens, const std::string& token, WallTime now) {
  return tokens.Verify(token, "db-1", "i-1", now).verdict;
}
std::string Issue(const ResumeTokens& tokens, WallTime now) { return tokens.Issue("db-1", "i-1", 5, now); }

TEST(KeyRing, OneKeyIsUsedForEver) {
  const KeyRing ring({StoreKey()});
  for (const WallTime now : {WallTime::min(), At(0), WallTime::max()}) {
    EXPECT_EQ(ring.Signing(now).id, 1u);
    EXPECT_NE(ring.Find(1, now), nullptr);
    EXPECT_EQ(ring.Find(2, now), nullptr);
  }
}

TEST(KeyRing, ANewKeySignsFromItsDateOnAndTheOldOneIsAcceptedUntilItsOwn) {
  // Newest first, as a file has them.
  const KeyRing ring({Key(3, At(10)), Key(2, At(0), At(34))});
  const auto before = At(10) - common::Duration(1), last = At(34) - common::Duration(1);
  EXPECT_EQ(ring.Signing(before).id, 2u);
  EXPECT_NE(ring.Find(3, before), nullptr) << "another server's clock is ahead";
  EXPECT_EQ(ring.Signing(At(10)).id, 3u);
  EXPECT_NE(ring.Find(2, At(10)), nullptr);
  EXPECT_NE(ring.Find(2, last), nullptr);
  EXPECT_EQ(ring.Find(2, At(34)), nullptr);
  EXPECT_EQ(ring.Signing(At(34)).id, 3u);
  EXPECT_NE(ring.Find(3, At(34)), nullptr);
}

TEST(KeyRing, AClockThatStepsBackHasTheKeyOfThenSign) {
  const KeyRing ring({Key(2, At(0), At(34)), Key(3, At(10))});
  const ResumeTokens tokens(ring);
  const std::string ahead = Issue(tokens, At(11));
  EXPECT_EQ(ring.Signing(At(9)).id, 2u);
  EXPECT_EQ(Verdict(tokens, ahead, At(9)), ResumeVerdict::kValid);
  // Before all that the file knows.
  EXPECT_EQ(ring.Signing(At(-1'000)).id, 2u);
  EXPECT_EQ(Verdict(tokens, Issue(tokens, At(-1'000)), At(11)), ResumeVerdict::kValid);
}

TEST(KeyRing, WhereNothingHasComeYetTheFirstThatIsAcceptedSigns) {
  const KeyRing ring({StoreKey(At(-5)), Key(2, At(0), At(34)), Key(3, At(10))});
  EXPECT_EQ(ring.Signing(At(-6)).id, 1u);
  EXPECT_EQ(ring.Signing(At(-5)).id, 2u) << "the store's has run out, and no other has come";
}

TEST(KeyRing, SomeKeySignsWhateverTheDates) {
  const KeyRing ring({StoreKey(At(-5)), Key(2, At(0), At(34))});
  EXPECT_EQ(ring.Signing(At(40)).id, 2u);
  EXPECT_EQ(ring.Find(2, At(40)), nullptr);
}

TEST(KeyRing, TheStoresKeySignsUntilAnotherDoesAndEndsAtItsOwnDate) {
  const ResumeTokens alone(KeyRing({StoreKey()}));
  const ResumeTokens both(KeyRing({StoreKey(At(34)), Key(2, At(10))}));
  const std::string old = Issue(alone, At(0));
  EXPECT_EQ(Issue(both, At(9)), old);
  EXPECT_NE(Issue(both, At(10)), old);
  EXPECT_EQ(Verdict(both, old, At(33)), ResumeVerdict::kValid);
  EXPECT_EQ(Verdict(both, old, At(34)), ResumeVerdict::kForeignKey) << "as none at all: nobody is refused";
}

// One server is given the file when it is written, the other later, but before `from`: tokens of either hold
// at both, whoever issued them and whenever.
TEST(KeyRing, TwoServersOfWhichOneHasTheFileLaterTakeEachOthersTokens) {
  const ResumeTokens before(KeyRing({Key(2, At(0))}));
  const ResumeTokens after(KeyRing({Key(2, At(0), At(34)), Key(3, At(10))}));
  const int late_has_it_at = 8;
  for (int issued = 1; issued < 30; ++issued) {
    const ResumeTokens& late = issued < late_has_it_at ? before : after;
    const std::string of_early = Issue(after, At(issued)), of_late = Issue(late, At(issued));
    for (int shown = issued; shown < 34; ++shown) {
      const ResumeTokens& late_then = shown < late_has_it_at ? before : after;
      EXPECT_EQ(Verdict(late_then, of_early, At(shown)), ResumeVerdict::kValid) << issued << " " << shown;
      EXPECT_EQ(Verdict(after, of_late, At(shown)), ResumeVerdict::kValid) << issued << " " << shown;
    }
  }
  // Had it come after `from`, a token of the new key would be as none there, and nobody refused for it.
  EXPECT_EQ(Verdict(before, Issue(after, At(10)), At(10)), ResumeVerdict::kForeignKey);
}

TEST(KeyRing, AKeyThatRanOutIsOfNoUseToWhoeverHasIt) {
  const ResumeTokens server(KeyRing({Key(2, At(0), At(34)), Key(3, At(10))}));
  const ResumeTokens thief(KeyRing({Key(2, At(0))}));
  EXPECT_EQ(Verdict(server, Issue(thief, At(33)), At(33)), ResumeVerdict::kValid) << "until then it is";
  EXPECT_EQ(Verdict(server, Issue(thief, At(34)), At(34)), ResumeVerdict::kForeignKey);
  // Nor does it help to name the new key and sign with the old one.
  RingKey mixed = Key(2, At(0));
  mixed.id = 3;
  EXPECT_EQ(Verdict(server, Issue(ResumeTokens(KeyRing({mixed})), At(34)), At(34)), ResumeVerdict::kForged);
}

TEST(KeyRing, AnEditedTokenOfAnOlderKeyIsForged) {
  const ResumeTokens tokens(KeyRing({Key(2, At(0), At(34)), Key(3, At(10))}));
  std::string token = Issue(tokens, At(5));
  ASSERT_EQ(Verdict(tokens, token, At(11)), ResumeVerdict::kValid);
  EXPECT_EQ(tokens.Verify(token, "db-2", "i-1", At(11)).verdict, ResumeVerdict::kOtherClient);
  token[40] = token[40] == 'A' ? 'B' : 'A';
  EXPECT_EQ(Verdict(tokens, token, At(11)), ResumeVerdict::kForged);
}

}  // namespace
}  // namespace liveness::core
