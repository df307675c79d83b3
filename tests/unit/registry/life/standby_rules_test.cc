// Which hello waits beside a session's stream, and what it is told.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/status.h"
#include "tests/support/registry/machine.h"
#include "tests/support/registry/registry_harness.h"

namespace liveness::registry {
namespace {

using core::State;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Machine;
using testing::Peer;
using testing::RegistryHarness;
using ::testing::SizeIs;

HelloRequest BesideHello(const Peer& first, std::uint32_t attempt = 0) {
  HelloRequest hello = RegistryHarness::Hello("a", "i1", first.attached.incarnation);
  hello.beside = true;
  hello.info.attempt = attempt;
  return hello;
}

std::vector<std::string> Ends(const Peer& peer) {
  std::vector<std::string> reasons;
  for (const absl::Status& end : peer.stream->ends) reasons.push_back(common::ReasonOf(end));
  return reasons;
}

std::uint64_t Attachment(const RegistryHarness& h) { return h.Record("a")->attachment; }

// True if the hello, of a client with a stream, waits beside that.
bool Waits(const std::function<void(HelloRequest&)>& differs) {
  RegistryHarness h;
  HelloRequest first = RegistryHarness::Hello("a");
  first.accrual_threshold = 8;
  const Peer a = h.Attach(std::move(first));
  HelloRequest hello = BesideHello(a);
  hello.accrual_threshold = 8;
  differs(hello);
  const Peer b = h.Attach(std::move(hello));
  EXPECT_EQ(Attachment(h) == a.attached.attachment, a.stream->ends.empty());
  return a.stream->ends.empty();
}

TEST(StandbyRules, WhatItAsksForMustBeWhatHolds) {
  EXPECT_TRUE(Waits([](HelloRequest&) {}));
  EXPECT_FALSE(Waits([](HelloRequest& hello) { hello.interval = milliseconds(500); }));
  EXPECT_FALSE(Waits([](HelloRequest& hello) { hello.timeout = seconds(4); }));
  EXPECT_FALSE(Waits([](HelloRequest& hello) { hello.accrual_threshold = 9; }));
  EXPECT_FALSE(Waits([](HelloRequest& hello) { hello.accrual_threshold.reset(); }));
}

TEST(StandbyRules, WhereAllHaveGoneTheNextHelloIsTheSessionsOwn) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  const Peer b = h.Attach(BesideHello(a));
  h.Close(b);
  h.Close(a);
  ASSERT_EQ(h.StateOf("a"), State::kSuspect);
  const Peer c = h.Attach(BesideHello(a));
  EXPECT_EQ(Attachment(h), c.attached.attachment);
  h.Close(c);
  EXPECT_EQ(h.StateOf("a"), State::kSuspect) << "its end is the session's";
}

TEST(StandbyRules, WhereOthersWaitWithoutAStreamItWaitsToo) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  const Peer b = h.Attach(BesideHello(a, 2));
  h.Close(a);
  const Peer c = h.Attach(BesideHello(a, 3));
  ASSERT_TRUE(h.registry.TakeOver(b.attached.session, b.attached.attachment));
  EXPECT_EQ(Attachment(h), b.attached.attachment);
  EXPECT_THAT(Ends(c), IsEmpty());
  ASSERT_TRUE(h.registry.TakeOver(c.attached.session, c.attached.attachment));
  EXPECT_THAT(Ends(b), ElementsAre("STREAM_REPLACED"));
}

TEST(StandbyRules, ThreeWait) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  std::vector<Peer> beside;
  for (std::uint32_t i = 0; i < 3; ++i) beside.push_back(h.Attach(BesideHello(a)));
  for (const Peer& each : beside) EXPECT_THAT(Ends(each), IsEmpty());
  h.Attach(BesideHello(a));
  EXPECT_THAT(Ends(beside.front()), ElementsAre("STREAM_REPLACED"));
}

TEST(StandbyRules, AHelloThatIsNotBesideEndsThemAll) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  const Peer b = h.Attach(BesideHello(a));
  h.Attach("a", "i1", a.attached.incarnation);
  EXPECT_THAT(Ends(b), ElementsAre("STREAM_REPLACED"));
  EXPECT_FALSE(h.registry.TakeOver(b.attached.session, b.attached.attachment));
}

TEST(StandbyRules, NobodyIsWelcomedBesideAStreamThatWaitsForItsWelcome) {
  Machine m;
  const Peer a = m.Welcomed("a");
  m.Restart();
  const auto first = m.h().AttachLater("a", "i1", a.attached.incarnation);
  const auto second = m.h().AttachLater(BesideHello(a));
  EXPECT_EQ(first->answers, 0);
  EXPECT_EQ(second->answers, 0) << "nothing of this process is committed";
  m.store().CommitAll();
  EXPECT_EQ(second->answers, 1);
  EXPECT_TRUE(second->refused.ok());
}

TEST(StandbyRules, IsToldWhetherItsApplicationStalls) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  EXPECT_FALSE(h.Attach(BesideHello(a)).attached.stalled);
  h.registry.SetStalled(a.attached.session, a.attached.attachment, true);
  EXPECT_TRUE(h.Attach(BesideHello(a)).attached.stalled) << "by its record";
  std::vector<core::Progress> tokens(1);
  tokens[0].name = "loop";
  tokens[0].deadline = seconds(1);
  tokens[0].age = seconds(2);
  (void)h.registry.BoardOf(a.attached.session)->Put(std::move(tokens), std::nullopt, {}, h.clock.Wall());
  (void)h.registry.SetMaintenance({.client_id = "a", .until = h.clock.Wall() + seconds(60)}, nullptr);
  ASSERT_EQ(h.Record("a")->health, core::Health::kMaintenance);
  EXPECT_TRUE(h.Attach(BesideHello(a)).attached.stalled) << "by its own word, which maintenance hides";
}

// Counted hellos of a client whose session is over, another of which has begun the next one.
TEST(StandbyRules, OnlyALaterHelloOfARaceJoinsTheSessionThatAnotherBegan) {
  RegistryHarness h;
  HelloRequest first = RegistryHarness::Hello("a");
  first.info.attempt = 1;
  const Peer a = h.Attach(std::move(first));
  h.Run(seconds(5));
  ASSERT_EQ(h.StateOf("a"), State::kDead);
  const Peer b = h.Attach(BesideHello(a, 2));
  HelloRequest alone = BesideHello(a, 3);
  alone.beside = false;
  const Peer c = h.Attach(std::move(alone));
  EXPECT_GT(c.attached.incarnation, b.attached.incarnation) << "it is no hello of a race";
  EXPECT_FALSE(c.attached.resumed);

  HelloRequest uncounted = RegistryHarness::Hello("a");
  const Peer d = h.Attach(std::move(uncounted));
  const Peer e = h.Attach(BesideHello(a, 4));
  EXPECT_GT(e.attached.incarnation, d.attached.incarnation) << "which came first is not known";
}

}  // namespace
}  // namespace liveness::registry
