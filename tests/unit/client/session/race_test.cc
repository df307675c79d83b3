#include "client/src/session/race.h"

#include <gtest/gtest.h>

namespace liveness::internal {
namespace {

using namespace std::chrono_literals;
using common::BootTime;
using common::Duration;

constexpr BootTime kAsked(1000s);

// That of race.h: 1 s of patience with the server, 100 ms with an answer.
Race Example() { return Race(0, kAsked, 100ms, 1s); }

TEST(AnswerTime, IsAFewRoundTripsWithinItsBounds) {
  AnswerTime answers;
  EXPECT_EQ(answers.Patience(1s), 100ms) << "nothing is known";
  for (int i = 0; i < 50; ++i) answers.Add(10ms);
  EXPECT_EQ(answers.Patience(1s), 100ms) << "however near the server is";
  for (int i = 0; i < 50; ++i) answers.Add(i % 2 == 0 ? 200ms : 100ms);
  EXPECT_GT(answers.Patience(10s), 250ms);
  EXPECT_LT(answers.Patience(10s), 500ms);
}

TEST(AnswerTime, WhatIsSentAgainMakesNobodyWaitForLongerThanHalfAPeriod) {
  AnswerTime answers;
  for (int i = 0; i < 100; ++i) answers.Add(i % 3 == 0 ? 450ms : 10ms);
  EXPECT_EQ(answers.Patience(332ms), 166ms);
  EXPECT_EQ(answers.Patience(20ms), 100ms);
}

TEST(AnswerTime, OnALongPathAnAnswerIsNotOverdueBeforeItCanBeThere) {
  AnswerTime answers;
  for (int i = 0; i < 100; ++i) answers.Add(i % 2 == 0 ? 300ms : 310ms);
  EXPECT_GT(answers.Patience(333ms), 310ms);
}

// All connections look the same.
Race::Choice Choose(Race& race, BootTime now, Arrival arrival, Duration answered_ago = 1h) {
  return race.Choose(now, 1, [=](StreamId) { return PathLook{arrival, answered_ago}; });
}

TEST(Race, OpensAStepApart) {
  Race race = Example();
  EXPECT_EQ(race.next(), kAsked + 100ms);
  EXPECT_TRUE(Choose(race, race.next(), Arrival::kUnacknowledged).opens);
  race.Add(race.next(), 2);
  EXPECT_EQ(race.next(), kAsked + 212500us);
  EXPECT_TRUE(Choose(race, race.next(), Arrival::kConnecting).opens);
}

TEST(Race, DropsOneWhoseSynIsNotAnsweredForTheFourth) {
  Race race = Example();
  for (StreamId id = 2; id <= 4; ++id) race.Add(race.next(), id);
  const Race::Choice choice = race.Choose(race.next(), 1, [](StreamId id) {
    return PathLook{id == 3 ? Arrival::kConnecting : Arrival::kUnacknowledged};
  });
  EXPECT_TRUE(choice.opens);
  EXPECT_EQ(choice.drop, 3u);
}

TEST(Race, OrOneThatHadNoAcknowledgementForLong) {
  Race race = Example();
  for (StreamId id = 2; id <= 4; ++id) race.Add(race.next(), id);
  for (int steps = 3; steps < 6; ++steps) {
    EXPECT_FALSE(Choose(race, race.next(), Arrival::kUnacknowledged).opens) << steps;
  }
  const BootTime now = race.next();
  EXPECT_FALSE(Choose(race, now, Arrival::kUnacknowledged, 300ms).opens) << "it gets on";
  EXPECT_EQ(Choose(race, now, Arrival::kUnacknowledged).drop, 2u);
}

TEST(Race, OnALongPathASynIsGivenTheTimeOfAnAnswer) {
  Race race(0, kAsked, 320ms, 1s);
  for (StreamId id = 2; id <= 4; ++id) race.Add(race.next(), id);
  EXPECT_FALSE(Choose(race, race.next(), Arrival::kConnecting).opens);
  EXPECT_TRUE(Choose(race, race.next(), Arrival::kConnecting).opens);
}

TEST(Race, WaitsUntilTheTimeoutWhereAllThatWasSentHasArrived) {
  Race race = Example();
  EXPECT_FALSE(Choose(race, kAsked + 100ms, Arrival::kAcknowledged).opens);
  EXPECT_EQ(race.next(), kAsked + 212500us) << "it looks again";
  EXPECT_FALSE(Choose(race, kAsked + 990ms, Arrival::kAcknowledged).opens);
  EXPECT_EQ(race.next(), kAsked + 1s);
  EXPECT_TRUE(Choose(race, kAsked + 1s, Arrival::kAcknowledged).opens);
  race.Add(kAsked + 1s, 2);
  EXPECT_FALSE(Choose(race, kAsked + 2s, Arrival::kAcknowledged).opens) << "a second one would bring no more";
  EXPECT_TRUE(Choose(race, kAsked + 2200ms, Arrival::kConnecting).opens);
}

TEST(Race, WhereNothingIsKnownOfThePathItWaitsToo) {
  Race race = Example();
  EXPECT_FALSE(Choose(race, kAsked + 990ms, Arrival::kUnknown).opens);
  EXPECT_TRUE(Choose(race, kAsked + 1s, Arrival::kUnknown).opens);
}

TEST(Race, WhereThePathIsKnownToLoseAnAcknowledgedRunnerIsNoReasonToWait) {
  Race race = Example();
  race.Add(race.next(), 2);
  const auto look = [](StreamId id) {
    return PathLook{id == 1 ? Arrival::kUnacknowledged : Arrival::kAcknowledged};
  };
  EXPECT_TRUE(race.Choose(race.next(), 1, look).opens) << "the server's first word may be lost";
  EXPECT_TRUE(race.Choose(race.next(), std::nullopt, look).opens) << "the stream was lost in the race";
}

// Opens the next one; returns how long it waits then.
Duration Open(Race& race, StreamId id, Duration answered_ago) {
  const BootTime now = race.next();
  const Race::Choice choice = Choose(race, now, Arrival::kConnecting, answered_ago);
  EXPECT_TRUE(choice.opens);
  if (choice.drop) race.Remove(*choice.drop);
  race.Add(now, id);
  return race.next() - now;
}

TEST(Race, SlowsDownWhereNothingIsAnsweredForSixSteps) {
  Race race = Example();
  StreamId id = 2;
  for (; race.next() < kAsked + 675ms; ++id) EXPECT_EQ(Open(race, id, 1h), 112500us);
  EXPECT_EQ(id, 8u) << "what an outage costs before it is one";
  Duration last = 112500us;
  for (; last < 2s; ++id) {
    const Duration pause = Open(race, id, 1h);
    EXPECT_GT(pause, last);
    last = pause;
  }
  EXPECT_LE(id, 13u);
  EXPECT_EQ(Open(race, ++id, 1h), 2s) << "and no slower";
}

TEST(Race, AndGoesOnAsBeforeAfterAnyAnswer) {
  Race race = Example();
  StreamId id = 2;
  while (Open(race, id++, 1h) < 2s) {
  }
  EXPECT_EQ(Open(race, id++, 1ms), 112500us);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(Open(race, id++, 600ms), 112500us) << "a path that loses most";
}

TEST(Race, TellsWhoWasNotWelcomedInTime) {
  Race race = Example();
  race.Add(kAsked, 2);
  race.Add(kAsked + 1s, 3);
  EXPECT_EQ(race.Late(kAsked + 4999ms), std::nullopt);
  EXPECT_EQ(race.Late(kAsked + 5s), 2u);
  race.Remove(2);
  EXPECT_EQ(race.Late(kAsked + 5s), std::nullopt);
}

TEST(Race, TheStepOfALongTimeoutIsLong) {
  Race race(0, kAsked, 100ms, 40s);
  race.Add(race.next(), 1);
  EXPECT_GT(race.next() - kAsked, 5s);
}

}  // namespace
}  // namespace liveness::internal
