// A stream beside the one that a session is bound to: a sign of life, and its heir.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/status.h"
#include "tests/support/registry/cluster_harness.h"
#include "tests/support/registry/registry_harness.h"

namespace liveness::registry {
namespace {

using core::Cause;
using core::State;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Cluster;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::Peer;
using testing::RegistryHarness;

// `attempt` 0: the client does not count its hellos.
Peer Beside(RegistryHarness& h, const Peer& first, std::uint32_t attempt = 0,
            const std::string& address = "10.0.0.1:1000") {
  HelloRequest hello = RegistryHarness::Hello("a", "i1", first.attached.incarnation, {}, address);
  hello.beside = true;
  hello.info.attempt = attempt;
  return h.Attach(std::move(hello));
}

std::vector<std::string> Ends(const Peer& peer) {
  std::vector<std::string> reasons;
  for (const absl::Status& end : peer.stream->ends) reasons.push_back(common::ReasonOf(end));
  return reasons;
}

// As server/rpc does with what is read on a stream.
bool Speak(RegistryHarness& h, const Peer& peer) {
  if (h.Beat(peer) != TouchResult::kStale) return true;
  return h.registry.TakeOver(peer.attached.session, peer.attached.attachment) &&
         h.Beat(peer) != TouchResult::kStale;
}

TEST(Standbys, AHelloBesideEndsNothingAndIsASignOfLife) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  h.Run(milliseconds(2'900));
  const Peer b = Beside(h, a);
  ASSERT_TRUE(b.refused.ok());
  EXPECT_EQ(b.attached.incarnation, a.attached.incarnation);
  EXPECT_GT(b.attached.attachment, a.attached.attachment);
  EXPECT_TRUE(b.attached.resumed);
  h.Run(milliseconds(2'900));
  EXPECT_EQ(h.StateOf("a"), State::kAlive);
  EXPECT_THAT(a.stream->ends, IsEmpty());
  EXPECT_TRUE(Speak(h, a)) << "it is still the session's";
  EXPECT_THAT(h.Told(), ElementsAre("a:->ALIVE")) << "nothing that anybody cares for";
}

TEST(Standbys, AHelloBesideRefutesASuspicion) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  h.Run(milliseconds(3'100));
  ASSERT_EQ(h.StateOf("a"), State::kSuspect);
  const Peer b = Beside(h, a);
  EXPECT_EQ(h.StateOf("a"), State::kAlive);
  EXPECT_THAT(a.stream->ends, IsEmpty());
  h.Run(milliseconds(2'900));
  EXPECT_EQ(h.StateOf("a"), State::kAlive);
}

TEST(Standbys, WhereItSpeaksItCarriesOn) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  const Peer b = Beside(h, a, 2);
  const Peer c = Beside(h, a, 3, "10.0.0.1:2000");
  const Peer d = Beside(h, a, 4);
  ASSERT_TRUE(Speak(h, c));
  EXPECT_THAT(Ends(a), ElementsAre("STREAM_REPLACED"));
  EXPECT_THAT(Ends(b), ElementsAre("STREAM_REPLACED"));
  EXPECT_THAT(Ends(c), IsEmpty());
  EXPECT_THAT(Ends(d), IsEmpty()) << "the client may have gone there by now";
  EXPECT_EQ(h.Record("a")->attachment, c.attached.attachment);
  EXPECT_EQ(h.Record("a")->incarnation, a.attached.incarnation);
  EXPECT_EQ(h.Record("a")->info.peer_address(), "10.0.0.1:2000");
  EXPECT_FALSE(Speak(h, a));
  // A number is given out once.
  const Peer e = Beside(h, a, 5);
  EXPECT_GT(e.attached.attachment, d.attached.attachment);
}

TEST(Standbys, ALateWordOnAStreamThatTheClientHasLeftEndsNothing) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  const Peer left = Beside(h, a, 2);  // its first ping is lost and sent again
  const Peer chosen = Beside(h, a, 3);
  ASSERT_TRUE(Speak(h, chosen));
  EXPECT_FALSE(Speak(h, left));
  EXPECT_THAT(Ends(chosen), IsEmpty());
  EXPECT_EQ(h.Record("a")->attachment, chosen.attached.attachment);
}

TEST(Standbys, NorDoesItWhereTheStreamBeforeHasClosed) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  const Peer left = Beside(h, a, 2);
  const Peer chosen = Beside(h, a, 3);
  h.Close(a);
  ASSERT_TRUE(Speak(h, chosen));
  EXPECT_FALSE(Speak(h, left));
  EXPECT_THAT(Ends(left), ElementsAre("STREAM_REPLACED"));
  EXPECT_THAT(Ends(chosen), IsEmpty());
}

TEST(Standbys, AWordThatComesBeforeTheNextStreamsFirstDoesNotEndThat) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  const Peer first = Beside(h, a, 2);
  const Peer second = Beside(h, a, 3);
  ASSERT_TRUE(Speak(h, first));
  EXPECT_THAT(Ends(second), IsEmpty());
  ASSERT_TRUE(Speak(h, second));
  EXPECT_THAT(Ends(first), ElementsAre("STREAM_REPLACED"));
  EXPECT_THAT(h.Told(), ElementsAre("a:->ALIVE"));
}

TEST(Standbys, ASuspectWithoutAStreamKeepsThemForTheNextHello) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  const Peer b = Beside(h, a, 2);
  h.Run(milliseconds(3'100));
  ASSERT_EQ(h.StateOf("a"), State::kSuspect);
  h.Close(a);
  const Peer c = Beside(h, a, 3);
  EXPECT_EQ(h.StateOf("a"), State::kAlive);
  EXPECT_THAT(Ends(b), IsEmpty());
}

TEST(Standbys, TheEndOfOneIsNoEvent) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  const Peer b = Beside(h, a);
  h.Close(b);
  EXPECT_EQ(h.StateOf("a"), State::kAlive);
  EXPECT_FALSE(Speak(h, b));
  EXPECT_TRUE(Speak(h, a));
}

TEST(Standbys, WhileTheyWaitTheEndOfTheSessionsStreamIsNone) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  const Peer b = Beside(h, a);
  h.Run(seconds(2));
  h.Close(a);
  EXPECT_EQ(h.StateOf("a"), State::kAlive);
  h.Run(milliseconds(900));
  const Peer c = Beside(h, a);
  EXPECT_EQ(h.StateOf("a"), State::kAlive);
  h.Run(milliseconds(2'990));
  EXPECT_EQ(h.StateOf("a"), State::kAlive) << "each hello is a sign of life";
  h.Run(milliseconds(20));
  EXPECT_EQ(h.StateOf("a"), State::kSuspect);
  ASSERT_TRUE(Speak(h, b));
  EXPECT_EQ(h.StateOf("a"), State::kAlive);
  EXPECT_EQ(h.Record("a")->attachment, b.attached.attachment);
}

// The client has chosen one and dropped the others; their ends may come before its first word.
TEST(Standbys, TheOneThatTheClientMeansSurvivesTheEndsOfAllOthers) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  const Peer chosen = Beside(h, a);
  const Peer c = Beside(h, a);
  h.Close(a);
  h.Close(c);
  EXPECT_THAT(Ends(chosen), IsEmpty());
  ASSERT_TRUE(Speak(h, chosen));
  EXPECT_THAT(h.Told(), ElementsAre("a:->ALIVE"));
}

TEST(Standbys, ACrashClosesAllAndIsFoundAtOnce) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  const Peer b = Beside(h, a);
  h.Close(a);
  h.Close(b);
  EXPECT_EQ(h.StateOf("a"), State::kSuspect);
  h.Run(milliseconds(1'010));
  EXPECT_EQ(h.StateOf("a"), State::kDead);
}

TEST(Standbys, FourWaitForNobody) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  const Peer b = Beside(h, a);
  for (int i = 0; i < 3; ++i) Beside(h, a);
  EXPECT_THAT(Ends(b), ElementsAre("STREAM_REPLACED"));
  EXPECT_THAT(Ends(a), IsEmpty());
}

TEST(Standbys, TheyEndWithTheirSession) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  const Peer b = Beside(h, a);
  ASSERT_TRUE(h.Evict("a").ok());
  EXPECT_THAT(Ends(a), ElementsAre("EVICTED"));
  EXPECT_THAT(Ends(b), ElementsAre("EVICTED"));

  const Peer c = h.Attach("a", "i2");
  HelloRequest hello = RegistryHarness::Hello("a", "i2", c.attached.incarnation);
  hello.beside = true;
  const Peer d = h.Attach(std::move(hello));
  h.Run(seconds(5));
  EXPECT_EQ(h.StateOf("a"), State::kDead);
  EXPECT_THAT(Ends(d), ElementsAre("SILENT"));
  EXPECT_FALSE(Speak(h, d));
}

TEST(Standbys, AGoodbyeOnOneIsTheSessions) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  const Peer b = Beside(h, a);
  h.registry.SayGoodbye(b.attached.session, b.attached.attachment, {});
  EXPECT_EQ(h.StateOf("a"), State::kLeft);
  EXPECT_THAT(Ends(a), ElementsAre("STREAM_REPLACED"));
}

// All its hellos bear the token of the session that is over; the first that comes begins another.
TEST(Standbys, AHelloOfARaceAfterADeathJoinsTheSessionThatTheFirstBegan) {
  RegistryHarness h;
  HelloRequest first = RegistryHarness::Hello("a");
  first.info.attempt = 1;
  const Peer a = h.Attach(std::move(first));
  h.Run(seconds(5));
  ASSERT_EQ(h.StateOf("a"), State::kDead);
  const Peer b = Beside(h, a, 3);
  EXPECT_GT(b.attached.incarnation, a.attached.incarnation);
  const Peer c = Beside(h, a, 4);
  EXPECT_EQ(c.attached.incarnation, b.attached.incarnation);
  EXPECT_TRUE(c.attached.resumed);
  EXPECT_THAT(Ends(b), IsEmpty());
  const Peer late = Beside(h, a, 2);
  EXPECT_EQ(common::ReasonOf(late.refused), "STALE_HELLO");
  ASSERT_TRUE(Speak(h, c));
  EXPECT_THAT(Ends(b), ElementsAre("STREAM_REPLACED"));
  EXPECT_THAT(h.Told(), ElementsAre("a:->ALIVE", "a:ALIVE>SUSPECT(UNKNOWN)", "a:SUSPECT>DEAD(UNKNOWN)",
                                    "a:DEAD>ALIVE"));
}

TEST(Standbys, AfterADeathOthersBeginAsEver) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  h.Run(seconds(5));
  // It does not count its hellos: who is the later one is not known.
  const Peer b = Beside(h, a);
  const Peer c = Beside(h, a);
  EXPECT_GT(c.attached.incarnation, b.attached.incarnation);
  // Not beside, or without a token: another start of the same.
  HelloRequest counted = RegistryHarness::Hello("a", "i1", c.attached.incarnation);
  counted.info.attempt = 5;
  h.Attach(std::move(counted));
  HelloRequest alone = RegistryHarness::Hello("a");
  alone.info.attempt = 6;
  alone.beside = true;
  const Peer d = h.Attach(std::move(alone));
  EXPECT_GT(d.attached.incarnation, c.attached.incarnation);
}

TEST(Standbys, AnyOtherHelloIsJudgedAsEver) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  // It asks for something else: it takes over at once.
  HelloRequest other = RegistryHarness::Hello("a", "i1", a.attached.incarnation);
  other.beside = true;
  other.timeout = seconds(5);
  const Peer b = h.Attach(std::move(other));
  EXPECT_THAT(Ends(a), ElementsAre("STREAM_REPLACED"));
  // The session has no stream: there is nothing to keep.
  h.Close(b);
  HelloRequest back = RegistryHarness::Hello("a", "i1", a.attached.incarnation);
  back.beside = true;
  const Peer c = h.Attach(std::move(back));
  EXPECT_EQ(h.Record("a")->attachment, c.attached.attachment);
  // Not beside: the other one ends at the hello.
  const Peer d = h.Attach("a", "i1", a.attached.incarnation);
  EXPECT_THAT(Ends(c), ElementsAre("STREAM_REPLACED"));
  // Another instance supersedes all.
  const Peer e = Beside(h, a);
  h.Attach("a", "i2");
  EXPECT_THAT(Ends(d), ElementsAre("SUPERSEDED"));
  EXPECT_THAT(Ends(e), ElementsAre("SUPERSEDED"));
}

TEST_F(Cluster, WhatWaitsBesideEndsWhenAnotherServerHasTheSession) {
  const Peer a = s(1).Welcomed("a");
  Settle();
  const Peer b = Beside(h(1), a);
  const Peer c = s(2).Welcomed("a", "i1", a.attached.incarnation);
  Settle();
  EXPECT_THAT(Ends(a), ElementsAre("STREAM_REPLACED"));
  EXPECT_THAT(Ends(b), ElementsAre("STREAM_REPLACED"));
  EXPECT_FALSE(Speak(h(1), b));
  // And back: no number is given out twice.
  const Peer d = s(1).Welcomed("a", "i1", a.attached.incarnation);
  EXPECT_GT(d.attached.attachment, b.attached.attachment);
}

}  // namespace
}  // namespace liveness::registry
