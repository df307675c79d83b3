#include "client/src/session/terms.h"

#include <gtest/gtest.h>

namespace liveness::internal {
namespace {

using namespace std::chrono_literals;
using common::Duration;

Terms Said(const AskedTerms& asked, Duration interval, Duration timeout) {
  Welcome welcome;
  welcome.interval = interval;
  welcome.timeout = timeout;
  return Agree(asked, welcome);
}

TEST(Terms, AreTheServersWithinWhatWasAskedFor) {
  const Terms terms = Said({1s, 3s}, 500ms, 2s);
  EXPECT_EQ(terms.period, 500ms);
  EXPECT_EQ(terms.timeout, 2s) << "a server may make the client less certain";
  EXPECT_EQ(Said({1s, 3s}, 1s, 5s).timeout, 3s) << "and never more";
}

TEST(Terms, AClientThatAskedForNothingTakesTheServersWordUpToADay) {
  EXPECT_EQ(Said({}, 10s, 40s).timeout, 40s);
  EXPECT_EQ(Said({}, 10s, 40s).period, 10s);
  EXPECT_EQ(Said({}, 10s, 48h).timeout, 24h);
}

TEST(Terms, TwoPingsFitIntoATimeout) {
  EXPECT_EQ(Said({}, 3s, 3s).period, 1500ms);
  EXPECT_EQ(Said({}, 48h, 3s).period, 1500ms);
}

TEST(Terms, NoServerHasAClientPingMoreOftenThanEvery10msUnlessTheApplicationDid) {
  EXPECT_EQ(Said({}, 1ms, 3s).period, 10ms);
  EXPECT_EQ(Said({1s, 3s}, 1ms, 3s).period, 10ms);
  EXPECT_EQ(Said({4ms, 3s}, 1ms, 3s).period, 4ms);
  EXPECT_EQ(Said({4ms, 3s}, 6ms, 3s).period, 6ms);
}

TEST(Terms, SpansThatAreNoneAreTheShortest) {
  const Terms terms = Said({}, -1h, -1h);
  EXPECT_EQ(terms.timeout, 1ms);
  EXPECT_EQ(terms.period, 10ms);
  EXPECT_EQ(Said({0s, 0s}, 1s, 1s).timeout, 1ms);
  EXPECT_EQ(Said({0s, 3s}, 0s, 3s).period, 1ms);
}

}  // namespace
}  // namespace liveness::internal
