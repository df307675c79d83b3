#include "server/core/record/hello_judgement.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace liveness::core {
namespace {

class HelloJudgementTest : public testing::Test {
 protected:
  static ClientInfo From(const std::string& instance, std::uint32_t attempt = 0) {
    ClientInfo info;
    info.client_id = "a";
    info.instance_id = instance;
    info.attempt = attempt;
    return info;
  }
  static ClientRecord Known(const ClientInfo& info, std::vector<Banned> banned = {}) {
    ClientRecord record;
    record.info = PackedInfo(info);
    record.state = State::kAlive;
    auto annex = std::make_shared<Annex>();
    annex->banned = std::move(banned);
    record.annex = std::move(annex);
    return record;
  }
};

TEST_F(HelloJudgementTest, OneBelowTheLastThatWasTakenIsLate) {
  const ClientRecord known = Known(From("i", 5));
  EXPECT_EQ(JudgeHello(From("i", 4), 7, known, true).verdict, HelloVerdict::kStale);
  EXPECT_EQ(JudgeHello(From("i", 5), 7, known, true).verdict, HelloVerdict::kTaken);
  EXPECT_EQ(JudgeHello(From("i", 6), {}, known, true).verdict, HelloVerdict::kTaken);
}

TEST_F(HelloJudgementTest, NumbersAreComparedWithinOneProcessOnly) {
  const ClientRecord known = Known(From("i", 5));
  EXPECT_EQ(JudgeHello(From("j", 1), {}, known, true).verdict, HelloVerdict::kTaken) << "another instance";
  EXPECT_EQ(JudgeHello(From("i", 0), {}, known, true).verdict, HelloVerdict::kTaken) << "it does not count";
  EXPECT_EQ(JudgeHello(From("i", 1), {}, Known(From("i")), true).verdict, HelloVerdict::kTaken);
  ClientInfo other = From("i", 1);
  other.principal = "somebody else";
  EXPECT_EQ(JudgeHello(other, {}, known, true).verdict, HelloVerdict::kTaken)
      << "or whoever had the id for a moment could keep its owner out with a large number";
}

TEST_F(HelloJudgementTest, ALateHelloOfAProcessThatIsOverLearnsThat) {
  const ClientRecord known = Known(From("j", 9), {{"i", 3, Cause::kSuperseded}});
  EXPECT_EQ(JudgeHello(From("i", 1), {}, known, false).verdict, HelloVerdict::kSuperseded);
  EXPECT_EQ(JudgeHello(From("k"), 3, known, false).verdict, HelloVerdict::kSuperseded) << "by the token";
  EXPECT_EQ(JudgeHello(From("i"), 3, Known(From("i"), {{"i", 3, Cause::kEvicted}}), false).verdict,
            HelloVerdict::kEvicted);
}

TEST_F(HelloJudgementTest, ATokenThatItsOwnLateHelloVoidedIsAsGoodAsNone) {
  const ClientRecord known = Known(From("i"), {{"", 3, Cause::kSuperseded, 0}});
  EXPECT_EQ(JudgeHello(From("i"), 3, known, false).verdict, HelloVerdict::kTaken);
  EXPECT_EQ(JudgeHello(From("i"), 3, known, false).reclaims, 1);
  EXPECT_EQ(JudgeHello(From("i"), {}, known, false).reclaims, 0) << "without a token it reclaims nothing";
}

TEST_F(HelloJudgementTest, WhoIsHeardInTheSessionThatReplacedItIsAnotherProcess) {
  const ClientRecord known = Known(From("i"), {{"", 3, Cause::kSuperseded, 0}});
  EXPECT_EQ(JudgeHello(From("i"), 3, known, true).verdict, HelloVerdict::kSuperseded);
}

TEST_F(HelloJudgementTest, TheYoungerOfTwoStaysWhereNobodyKnowsWhoIsHeard) {
  // The older came back (and voided 4 by it), then the younger (and voided 5).
  const ClientRecord known =
      Known(From("i"),
            {{"", 3, Cause::kSuperseded, 0}, {"", 4, Cause::kSuperseded, 1}, {"", 5, Cause::kSuperseded, 2}});
  EXPECT_EQ(JudgeHello(From("i"), 4, known, true).verdict, HelloVerdict::kTaken) << "heard or not";
  EXPECT_EQ(JudgeHello(From("i"), 4, known, true).reclaims, 2);
  EXPECT_EQ(JudgeHello(From("i"), 5, known, false).verdict, HelloVerdict::kSuperseded);
}

TEST_F(HelloJudgementTest, AVoidedTokenMakesNoLateHelloNew) {
  const ClientRecord known = Known(From("i", 5), {{"", 3, Cause::kSuperseded, 0}});
  EXPECT_EQ(JudgeHello(From("i", 4), 3, known, false).verdict, HelloVerdict::kStale);
}

TEST_F(HelloJudgementTest, TheTokenOfAnInstanceThatWasSupersededIsOverForItsHeirToo) {
  const ClientRecord known = Known(From("new"), {{"old", 7, Cause::kSuperseded}});
  EXPECT_EQ(JudgeHello(From("new"), 7, known, false).verdict, HelloVerdict::kSuperseded);
  EXPECT_EQ(JudgeHello(From("new"), {}, known, false).verdict, HelloVerdict::kTaken);
}

TEST_F(HelloJudgementTest, ATokenThatWasVoidedIsOverForEveryOtherInstance) {
  const ClientRecord known = Known(From("i"), {{"", 3, Cause::kSuperseded, 0}});
  EXPECT_EQ(JudgeHello(From("j"), 3, known, false).verdict, HelloVerdict::kSuperseded);
}

TEST_F(HelloJudgementTest, WhereNobodyIsBannedEveryoneIsTaken) {
  ClientRecord known = Known(From("i"));
  known.annex = nullptr;
  EXPECT_EQ(JudgeHello(From("i"), 3, known, false).verdict, HelloVerdict::kTaken);
}

}  // namespace
}  // namespace liveness::core
