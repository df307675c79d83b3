#include "server/hooks/runner.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/storage/notes/local_notes.h"
#include "tests/unit/hooks/fake_history.h"

namespace liveness::hooks {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr auto kNever = common::MonoTime::max();

class RunnerTest : public ::testing::Test {
 protected:
  RunnerTest() { hook_.name = "pager", hook_.url = "https://example.com/secret"; }
  void Make() {
    runner_.emplace(parts_, std::make_shared<const HookConfig>(hook_), Position{history_id_, 1'000, 0},
                    Runner::News());
  }
  common::MonoTime Step() { return runner_->Step(now_, News()); }
  // The receiver answers; what it says comes back.
  void Answer(Outcome outcome) {
    ASSERT_TRUE(delivery_.Finish("pager", std::move(outcome)));
    ASSERT_THAT(outcomes_, SizeIs(1));
    runner_->Done(outcomes_.front(), now_);
    outcomes_.clear();
  }
  std::vector<std::string> Sent() {
    std::vector<std::string> sent;
    for (const EventPtr& event : delivery_.Sent("pager")) sent.push_back(event->subject);
    return sent;
  }
  Runner::News News() const { return {history_.revision() - 1'000, history_.revision()}; }
  HookState State() { return runner_->State(News(), now_, {}); }

  FakeHistory history_;
  storage::LocalNotes notes_;
  std::string history_id_ = "h1";
  KeptGroups groups_{notes_, history_id_};
  FakeDelivery delivery_;
  std::vector<Outcome> outcomes_;
  std::vector<std::string> log_;
  Runner::Parts parts_{
      {history_, groups_, history_id_, 1'000},
      delivery_,
      [this](const std::string&, Outcome outcome) { outcomes_.push_back(std::move(outcome)); },
      [] { return 0.0; },
      [this](bool, const std::string& line) { log_.push_back(line); }};
  HookConfig hook_;
  common::MonoTime now_{seconds(1'000)};
  std::optional<Runner> runner_;
};

TEST_F(RunnerTest, OneEventIsOnItsWayAndTheNextWhenItWasTaken) {
  Make();
  EXPECT_EQ(Step(), kNever);
  history_.Add("shop-1");
  history_.Add("shop-2");
  EXPECT_EQ(Step(), kNever);
  EXPECT_EQ(Step(), kNever);
  EXPECT_THAT(Sent(), ElementsAre("clients/shop-1/DEAD"));
  EXPECT_EQ(State().behind, 2u);
  EXPECT_TRUE(State().in_flight);
  Answer({});
  EXPECT_EQ(runner_->position().revision, 1'001u);
  Step();
  Answer({});
  Step();
  EXPECT_THAT(Sent(), ElementsAre("clients/shop-1/DEAD", "clients/shop-2/DEAD"));
  EXPECT_EQ(State().taken, 2u);
  EXPECT_EQ(State().behind, 0u);
  EXPECT_EQ(State().oldest, std::nullopt);
  EXPECT_THAT(log_, IsEmpty());
}

TEST_F(RunnerTest, AFailureIsTriedAgainWithTheSameEventAndSaidOnce) {
  Make();
  history_.Add("shop-1");
  history_.Add("shop-2");
  Step();
  Answer({Result::kFailed, "answered 500"});
  EXPECT_EQ(Step(), now_ + seconds(1));
  EXPECT_THAT(Sent(), SizeIs(1));
  EXPECT_EQ(State().last_error, "answered 500");
  EXPECT_EQ(State().next_try, common::WallTime(seconds(1)));
  now_ += seconds(1);
  Step();
  Answer({Result::kFailed, "answered 500"});
  EXPECT_EQ(Step(), now_ + seconds(2));
  now_ += seconds(2);
  Step();
  ASSERT_THAT(delivery_.Sent("pager"), SizeIs(3));
  EXPECT_EQ(delivery_.Sent("pager")[0]->id, delivery_.Sent("pager")[2]->id);
  Answer({});
  Step();
  EXPECT_EQ(Sent().back(), "clients/shop-2/DEAD");
  EXPECT_EQ(State().failed, 2u);
  EXPECT_EQ(State().failures, 0);
  ASSERT_THAT(log_, SizeIs(2));
  EXPECT_EQ(log_[0], "hook pager: https://example.com/***: answered 500; the next try is in 1s");
  EXPECT_THAT(log_[1], HasSubstr("takes events again, after 2 attempts that failed"));
}

TEST_F(RunnerTest, AnEventThatNobodyTakesIsGivenUpAndTheNextGoesOn) {
  hook_.retry_for = seconds(10);
  Make();
  history_.Add("shop-1");
  history_.Add("shop-2");
  for (int n = 0; n < 100 && Sent().size() < 20 && State().given_up == 0; ++n) {
    now_ = std::max(now_, std::min(Step(), now_ + seconds(60)));
    if (delivery_.in_flight("pager")) Answer({Result::kFailed, "timed out"});
  }
  EXPECT_EQ(State().given_up, 1u);
  EXPECT_THAT(log_.back(), HasSubstr("is given up"));
  EXPECT_EQ(runner_->position().revision, 1'001u);
  Step();
  EXPECT_EQ(Sent().back(), "clients/shop-2/DEAD");
}

TEST_F(RunnerTest, WhatIsConfiguredAnewHasAllOfItsTimeAgain) {
  hook_.retry_for = seconds(10);
  Make();
  history_.Add("shop-1");
  history_.Add("bank-1");
  Step();
  Answer({Result::kFailed, "timed out"});
  now_ += seconds(9);
  hook_.filter = "labels.team = bank";
  runner_->Replace(std::make_shared<const HookConfig>(hook_));
  EXPECT_EQ(State().failures, 0);
  EXPECT_EQ(State().last_error, "");
  now_ += seconds(2);  // more than ten since the first failure, which was another event's
  Step();
  EXPECT_EQ(Sent().back(), "clients/bank-1/DEAD");
  Answer({Result::kFailed, "timed out"});
  EXPECT_EQ(State().given_up, 0u);
  EXPECT_EQ(Step(), now_ + seconds(1)) << "tried again as soon as an event that failed once";
}

TEST_F(RunnerTest, AnAttemptThatFailsAsItIsConfiguredNoMoreGivesNothingUp) {
  hook_.retry_for = seconds(10);
  Make();
  history_.Add("shop-1");
  Step();
  Answer({Result::kFailed, "timed out"});
  now_ += seconds(1);
  Step();
  now_ += seconds(10);
  delivery_.HoldCancels();
  hook_.retry_for = std::chrono::hours(1);
  runner_->Replace(std::make_shared<const HookConfig>(hook_));
  Answer({Result::kFailed, "timed out"});  // before it could be cancelled
  EXPECT_EQ(State().given_up, 0u);
  Step();
  EXPECT_THAT(Sent(), SizeIs(3));
}

TEST_F(RunnerTest, WhatIsConfiguredAnewIsSentAnewAtOnce) {
  Make();
  history_.Add("shop-1");
  history_.Add("bank-1");
  Step();
  Answer({Result::kMisplaced, "answered 302"});
  EXPECT_GT(Step(), now_ + seconds(100));
  hook_.filter = "labels.team = bank";
  runner_->Replace(std::make_shared<const HookConfig>(hook_));
  Step();
  EXPECT_EQ(Sent().back(), "clients/bank-1/DEAD");
  // While one is on its way.
  hook_.filter = "";
  history_.Add("bank-2");
  runner_->Replace(std::make_shared<const HookConfig>(hook_));
  EXPECT_FALSE(delivery_.in_flight("pager"));
  EXPECT_EQ(runner_->hook().filter, "");
  ASSERT_THAT(outcomes_, SizeIs(1));
  runner_->Done(outcomes_[0], now_);
  outcomes_.clear();
  Step();
  EXPECT_EQ(Sent().back(), "clients/bank-1/DEAD") << "nobody knows whether it was taken";
  EXPECT_EQ(State().failed, 0u);
}

TEST_F(RunnerTest, HeldItBeginsNothing) {
  Make();
  history_.Add("shop-1");
  history_.Add("shop-2");
  Step();
  runner_->Hold();
  Answer({});
  EXPECT_EQ(runner_->position().revision, 1'001u);
  EXPECT_EQ(Step(), kNever);
  EXPECT_THAT(Sent(), SizeIs(1));
}

TEST_F(RunnerTest, CountsWhatItTold) {
  Make();
  history_.AddGap(1'000, 1'010);
  history_.Add("shop-1", core::State::kDead, core::Health::kMaintenance);
  Step();
  Answer({});
  Step();
  EXPECT_EQ(State().gaps, 1u);
  EXPECT_EQ(State().silenced, 1u);
  EXPECT_EQ(State().taken, 1u);
}

}  // namespace
}  // namespace liveness::hooks
