#include "client/src/progress.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <thread>
#include <utility>

#include "common/limits.h"
#include "tests/support/manual_clock.h"

namespace liveness::internal {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class ProgressTest : public ::testing::Test {
 protected:
  ProgressToken Token(const std::string& name, common::Duration deadline = 10s) {
    Result<ProgressToken> token = board_.Add(name, deadline);
    EXPECT_TRUE(token.ok());
    return *std::move(token);
  }
  std::string Refused(const std::string& name, common::Duration deadline = 10s) {
    const Result<ProgressToken> token = board_.Add(name, deadline);
    if (token) return "";
    EXPECT_EQ(token.error().reason, "BAD_TOKEN");
    return token.error().message;
  }
  common::Duration Age() {
    const auto readings = board_.Read();
    EXPECT_EQ(readings.size(), 1u);
    return readings.at(0).age;
  }

  liveness::testing::ManualClock clock_;
  ProgressBoard board_{clock_};
};

TEST_F(ProgressTest, ATokenAgesUntilItAdvances) {
  const ProgressToken token = Token("consumer", 30s);
  EXPECT_THAT(board_.Read(), ElementsAre(ProgressReading{"consumer", 0s, 30s}));
  clock_.Advance(7s);
  EXPECT_THAT(board_.Read(), ElementsAre(ProgressReading{"consumer", 7s, 30s}));
  token.Advance();
  clock_.Advance(1s);
  EXPECT_EQ(Age(), 1s);
}

TEST_F(ProgressTest, AnIdleWorkerIsNeverStale) {
  const ProgressToken token = Token("consumer");
  token.Idle();
  clock_.Advance(1h);
  EXPECT_EQ(Age(), 0s);
  token.Advance();
  clock_.Advance(2s);
  EXPECT_EQ(Age(), 2s);
  {
    const auto idle = token.WhileIdle();
    clock_.Advance(1h);
    EXPECT_EQ(Age(), 0s);
  }
  clock_.Advance(3s);
  EXPECT_EQ(Age(), 3s) << "the end of the scope is progress";
}

TEST_F(ProgressTest, AStepOfTheWallClockAndASuspendedMachineAreNoAge) {
  const ProgressToken token = Token("consumer");
  clock_.StepWall(-1h);
  clock_.Suspend(8h);
  EXPECT_EQ(Age(), 0s);
}

TEST_F(ProgressTest, TimeInWhichNobodyRanIsNoAge) {
  const ProgressToken token = Token("consumer");
  clock_.Advance(4s);
  // Stopped for a minute; the heartbeat thread wakes and says so before it pings.
  clock_.Advance(60s);
  board_.StoodStill(60s);
  EXPECT_EQ(Age(), 4s);
  // Its worker does not go on: as stale as it would be without the stop.
  clock_.Advance(6s);
  EXPECT_EQ(Age(), 10s);
  token.Advance();
  clock_.Advance(1s);
  EXPECT_EQ(Age(), 1s) << "a later advance is not credited again";
}

TEST_F(ProgressTest, AWorkerThatWokeBeforeTheHeartbeatThreadIsFresh) {
  const ProgressToken token = Token("consumer");
  clock_.Advance(60s);
  token.Advance();
  board_.StoodStill(60s);
  EXPECT_EQ(Age(), 0s);
}

TEST_F(ProgressTest, ATokenEndsWithItsObject) {
  std::optional<ProgressToken> first = Token("a");
  {
    ProgressToken second = Token("b");
    EXPECT_THAT(board_.Read(), ElementsAre(ProgressReading{"a", 0s, 10s}, ProgressReading{"b", 0s, 10s}));
    ProgressToken moved = std::move(second);
    second.Advance();  // NOLINT: a token that was moved from does nothing
    EXPECT_EQ(board_.Read().size(), 2u);
  }
  EXPECT_THAT(board_.Read(), ElementsAre(ProgressReading{"a", 0s, 10s}));
  *first = Token("c");
  EXPECT_THAT(board_.Read(), ElementsAre(ProgressReading{"c", 0s, 10s}));
  first.reset();
  EXPECT_THAT(board_.Read(), IsEmpty());
}

TEST_F(ProgressTest, ANameIsFreeAgainOnceItsTokenHasEnded) {
  {
    const ProgressToken token = Token("consumer");
    EXPECT_THAT(Refused("consumer"), HasSubstr("another token's"));
  }
  EXPECT_EQ(Refused("consumer"), "");
}

TEST_F(ProgressTest, BoundsAreKept) {
  EXPECT_THAT(Refused(""), HasSubstr("name"));
  EXPECT_THAT(Refused(std::string(129, 'x')), HasSubstr("name"));
  EXPECT_THAT(Refused("x", 0s), HasSubstr("deadline"));
  std::vector<ProgressToken> tokens;
  for (std::size_t i = 0; i < common::kMaxProgressTokens; ++i)
    tokens.push_back(Token("t" + std::to_string(i)));
  EXPECT_THAT(Refused("more"), HasSubstr("32"));
  tokens.pop_back();
  EXPECT_EQ(Refused("more"), "");
}

TEST_F(ProgressTest, ATokenOutlivesItsBoard) {
  std::optional<ProgressBoard> board;
  board.emplace(clock_);
  const ProgressToken token = *board->Add("consumer", 1s);
  board.reset();
  token.Advance();
  token.Idle();
}

TEST_F(ProgressTest, AdvancesFromAnyThread) {
  const ProgressToken token = Token("consumer");
  std::thread other([&] {
    for (int i = 0; i < 10'000; ++i) token.Advance();
  });
  for (int i = 0; i < 1'000; ++i) {
    clock_.Advance(1ms);
    EXPECT_GE(Age(), 0s);
  }
  other.join();
  token.Advance();
  EXPECT_EQ(Age(), 0s);
}

}  // namespace
}  // namespace liveness::internal
