#include "client/src/session/live_stream.h"

#include <gtest/gtest.h>

namespace liveness::internal {
namespace {

using namespace std::chrono_literals;
using common::BootTime;
using common::Duration;
using Silence = LiveStream::Silence;

constexpr BootTime kNow(1000s);

// A ping each second, 3 s of patience; the hello took 100 ms.
LiveStream Welcomed(std::optional<Duration> vouched_for = {}) {
  LiveStream stream;
  stream.Welcomed(kNow, {1s, 3s}, kNow - 100ms, vouched_for);
  return stream;
}

TEST(LiveStream, AWelcomeVouchesFromTheHelloAndLapsesFromItsOwnTime) {
  const LiveStream stream = Welcomed();
  EXPECT_EQ(stream.alive_until, kNow + 2900ms);
  EXPECT_EQ(stream.NextCheck(), kNow + 3s) << "nobody is told of a loss because the hello took its time";
}

TEST(LiveStream, SilenceIsToldOnceWhenNothingVouchesAnyMoreAndAgainAtTheTimeout) {
  LiveStream stream = Welcomed(1s);
  EXPECT_EQ(stream.CheckSilence(kNow + 999ms), Silence::kNone);
  EXPECT_EQ(stream.CheckSilence(kNow + 1s), Silence::kUnvouched);
  EXPECT_EQ(stream.CheckSilence(kNow + 1s), Silence::kNone);
  EXPECT_EQ(stream.NextCheck(), kNow + 3s);
  EXPECT_EQ(stream.CheckSilence(kNow + 3s), Silence::kTimeout);
  stream.given_up = true;
  EXPECT_EQ(stream.CheckSilence(kNow + 9s), Silence::kNone);
  EXPECT_EQ(stream.NextCheck(), std::nullopt);
}

TEST(LiveStream, AServerThatVouchesForTheWholeTimeoutIsGivenUpAtOnce) {
  LiveStream stream = Welcomed();
  EXPECT_EQ(stream.CheckSilence(kNow + 3s), Silence::kTimeout);
}

TEST(LiveStream, ACheckThatComesMuchTooLateIsTheClientsOwnSleep) {
  LiveStream stream = Welcomed();
  stream.SendPing(kNow);
  const BootTime woken = kNow + 3s + 750ms + 1ns;  // a quarter of the timeout late
  EXPECT_EQ(stream.CheckSilence(woken), Silence::kOverslept);
  EXPECT_EQ(stream.next_ping, woken) << "the server is asked";
  EXPECT_EQ(stream.AskedAt(), woken) << "an answer is not overdue because the client slept";
  EXPECT_EQ(stream.NextCheck(), woken + 3s) << "and has another timeout";
  EXPECT_EQ(stream.CheckSilence(woken + 3s), Silence::kTimeout);
}

TEST(LiveStream, ACheckThatComesALittleLateIsNot) {
  LiveStream stream = Welcomed();
  EXPECT_EQ(stream.CheckSilence(kNow + 3s + 750ms), Silence::kTimeout);
  LiveStream strict;
  strict.Welcomed(kNow, {5ms, 10ms}, kNow, {});
  EXPECT_EQ(strict.CheckSilence(kNow + 15ms), Silence::kTimeout) << "5 ms are a scheduler's delay";
  LiveStream lax;
  lax.Welcomed(kNow, {10s, 40s}, kNow, {});
  EXPECT_EQ(lax.CheckSilence(kNow + 41s + 1ns), Silence::kOverslept) << "more than 1 s is none";
}

TEST(LiveStream, AnAnswerExtendsFromItsPingAndAShorterPromiseTakesNothingBack) {
  LiveStream stream = Welcomed();
  EXPECT_FALSE(stream.Extend(kNow + 500ms, kNow + 400ms, {}));
  EXPECT_EQ(stream.alive_until, kNow + 3400ms);
  stream.Extend(kNow + 600ms, kNow + 500ms, 1s);
  EXPECT_EQ(stream.alive_until, kNow + 3400ms);
  stream.Extend(kNow + 700ms, kNow + 600ms, 1h);
  EXPECT_EQ(stream.alive_until, kNow + 3600ms) << "no server vouches for more than the timeout";
  stream.Extend(kNow + 800ms, kNow + 700ms, -1h);
  EXPECT_EQ(stream.alive_until, kNow + 3600ms);
}

TEST(LiveStream, ALapsedStreamLivesAgainOnlyByAnAnswerThatReachesBeyondNow) {
  LiveStream stream = Welcomed(1s);
  stream.CheckSilence(kNow + 1s);
  EXPECT_FALSE(stream.Extend(kNow + 2s, kNow + 500ms, 1s)) << "it vouched for what is past";
  EXPECT_TRUE(stream.lapsed);
  EXPECT_TRUE(stream.Extend(kNow + 2s, kNow + 1900ms, 1s));
  EXPECT_FALSE(stream.lapsed);
  EXPECT_EQ(stream.NextCheck(), kNow + 2900ms);
}

TEST(LiveStream, AnAnswerStandsForAllPingsBefore) {
  LiveStream stream = Welcomed();
  for (const Duration at : {0ms, 1000ms, 2000ms}) stream.SendPing(kNow + at);
  EXPECT_EQ(stream.AskedAt(), kNow);
  EXPECT_EQ(stream.TakeAnswered(2)->sent, kNow + 1s);
  EXPECT_EQ(stream.AskedAt(), kNow + 2s);
  EXPECT_FALSE(stream.TakeAnswered(1));
  EXPECT_EQ(stream.TakeAnswered(99)->sequence, 3u);
  EXPECT_EQ(stream.AskedAt(), std::nullopt);
}

TEST(LiveStream, PingsThatWereMissedAreNotMadeUpFor) {
  LiveStream stream = Welcomed();
  stream.SendPing(kNow + 200ms);
  EXPECT_EQ(stream.next_ping, kNow + 1s) << "a late ping delays no other";
  stream.SendPing(kNow + 5s);
  EXPECT_EQ(stream.next_ping, kNow + 6s);
}

TEST(LiveStream, RemembersAHundredPings) {
  LiveStream stream = Welcomed();
  for (int i = 0; i < 150; ++i) stream.SendPing(kNow + i * 1s);
  EXPECT_EQ(stream.unanswered.size(), 100u);
  EXPECT_FALSE(stream.TakeAnswered(50));
  EXPECT_EQ(stream.TakeAnswered(51)->sent, kNow + 50s);
}

}  // namespace
}  // namespace liveness::internal
