// Calls that wait too long, and how many of them are ended in one go.
#include "server/rpc/engine/call_timer.h"

#include <gtest/gtest.h>

#include <memory>
#include <vector>

namespace liveness::rpc {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Wait = CallTimer::Wait;

class Call final : public CallTimer::Waiter, public std::enable_shared_from_this<Call> {
 public:
  explicit Call(std::vector<Wait>& ended) : ended_(ended) {}
  void Overdue(Wait wait) override { ended_.push_back(wait); }

 private:
  std::shared_ptr<CallTimer::Waiter> Hold() override { return weak_from_this().lock(); }
  std::vector<Wait>& ended_;
};

class CallTimerTest : public ::testing::Test {
 protected:
  ~CallTimerTest() override {
    for (const auto& call : calls_) timer_.Stop(*call);
    timer_.Shutdown();
    queue_.Shutdown();
    while (Turn()) {
    }
  }
  Call& Make() {
    calls_.push_back(std::make_shared<Call>(ended_));
    return *calls_.back();
  }
  bool Turn() {
    void* tag = nullptr;
    bool ok = false;
    if (!queue_.Next(&tag, &ok)) return false;
    static_cast<Tag*>(tag)->Fire(ok);
    return true;
  }

  grpc::CompletionQueue queue_;
  std::vector<Wait> ended_;
  std::vector<std::shared_ptr<Call>> calls_;
  CallTimer timer_{queue_,
                   {.request = milliseconds(50),
                    .next_request = seconds(60),
                    .outcome = milliseconds(100),
                    .answer = seconds(60)}};
};

TEST_F(CallTimerTest, ManyThatAreOverdueAreEndedAFewAtATime) {
  constexpr std::size_t kMany = 1'000;
  for (std::size_t i = 0; i < kMany; ++i) timer_.Start(Make(), Wait::kRequest);
  std::size_t turns = 0;
  for (std::size_t before = 0; ended_.size() < kMany; before = ended_.size(), ++turns) {
    ASSERT_TRUE(Turn());
    ASSERT_LE(ended_.size() - before, CallTimer::kEndedAtOnce);
  }
  EXPECT_GE(turns, kMany / CallTimer::kEndedAtOnce);
}

TEST_F(CallTimerTest, WhoWaitsForSomethingElseWaitsAnew) {
  Call& answered = Make();
  timer_.Start(answered, Wait::kRequest);
  timer_.Start(answered, Wait::kAnswer);  // for a minute
  timer_.Start(Make(), Wait::kOutcome);
  while (ended_.empty()) ASSERT_TRUE(Turn());
  EXPECT_EQ(ended_, (std::vector<Wait>{Wait::kOutcome}));
}

}  // namespace
}  // namespace liveness::rpc
