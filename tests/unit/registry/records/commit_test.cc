// Between a decision and its commit: what is hidden, and what goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/status.h"
#include "tests/support/registry/machine.h"
#include "tests/support/registry/replay_checks.h"

namespace liveness::registry {
namespace {

using common::ReasonOf;
using core::State;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Machine;
using testing::Peer;
using testing::RegistryHarness;
using testing::Replay;
using testing::SameRecordsAs;
using ::testing::SizeIs;
using testing::WatchAll;

// --- What is hidden ----------------------------------------------------------

TEST(Commit, NothingIsWelcomedToldOrShownBefore) {
  Machine m;
  const auto watch = WatchAll(m.h());
  Replay believes;
  believes.Drain(*watch);
  const std::uint64_t before = m.h().registry.revision();

  const auto a = m.h().AttachLater("a");
  const auto check = [&](const char* when) {
    EXPECT_EQ(a->answers, 0) << when;
    EXPECT_FALSE(m.h().registry.Get("a")) << when;
    EXPECT_THAT(testing::Everything(m.h().registry), IsEmpty()) << when;
    EXPECT_THAT(m.Told(), IsEmpty()) << when;
    EXPECT_FALSE(m.h().registry.PublishPending()) << when;
    EXPECT_EQ(m.h().registry.revision(), before) << when;
    EXPECT_EQ(ReasonOf(m.h().Evict("a").status()), "CLIENT_NOT_FOUND") << when;
  };
  check("proposed");
  m.store().Apply();
  check("committed, and not heard of yet");
  m.store().Tell();

  EXPECT_EQ(a->answers, 1);
  EXPECT_EQ(a->attached.incarnation, m.ledger.Find("a")->revision);
  EXPECT_EQ(m.h().Record("a"), m.ledger.Find("a"));
  EXPECT_THAT(m.Told(), ElementsAre("a:->ALIVE"));
  EXPECT_TRUE(m.h().registry.PublishPending());
  believes.Drain(*watch);
  EXPECT_THAT(believes.records(), SameRecordsAs(testing::Everything(m.h().registry)));
  EXPECT_THAT(believes.records(), SizeIs(1));
}

TEST(Commit, AChangeIsShownOnceItIsCommitted) {
  Machine m;
  const Peer a = m.Welcomed("a");
  m.h().Close(a);
  EXPECT_EQ(m.StateOf("a"), State::kAlive);
  EXPECT_EQ(testing::Everything(m.h().registry)["a"]->state, State::kAlive);
  EXPECT_EQ(m.Told().size(), 1u);
  m.store().Commit();
  EXPECT_EQ(m.StateOf("a"), State::kSuspect);
  EXPECT_EQ(m.Told().size(), 2u);
}

TEST(Commit, DifferentClientsAreCommittedInAnyOrder) {
  Machine m;
  const auto a = m.h().AttachLater("a");
  const auto b = m.h().AttachLater("b");
  const auto c = m.h().AttachLater("c");
  ASSERT_THAT(m.store().queue(), SizeIs(3));
  m.store().Commit(2);
  EXPECT_EQ(a->answers + b->answers, 0);
  EXPECT_EQ(c->answers, 1);
  m.store().Apply(1);
  m.store().Apply(0, /*together=*/true);
  m.store().Tell();
  EXPECT_THAT(m.Told(), ElementsAre("c:->ALIVE", "b:->ALIVE", "a:->ALIVE"));
  EXPECT_EQ(a->attached.incarnation, b->attached.incarnation) << "one transaction, one revision";
}

TEST(Commit, ASnapshotIsTheCommittedViewAtItsRevision) {
  Machine m;
  const Peer a = m.Welcomed("a");
  m.Welcomed("b");
  m.h().Close(a);
  (void)m.h().AttachLater("c");
  while (m.h().registry.PublishPending()) {
  }
  const auto watch = WatchAll(m.h());
  Replay believes;
  believes.Drain(*watch);
  EXPECT_THAT(believes.records(), SizeIs(2));
  EXPECT_EQ(believes.records().at("a")->state, State::kAlive);
  EXPECT_EQ(believes.revision, m.ledger.revision());

  m.store().CommitAll();
  while (m.h().registry.PublishPending()) {
  }
  believes.Drain(*watch);
  EXPECT_THAT(believes.records(), SizeIs(3));
  EXPECT_THAT(believes.records(), SameRecordsAs(testing::Everything(m.h().registry)));
}

// --- What goes on ------------------------------------------------------------

TEST(Commit, AChainGoesToTheStoreOneByOne) {
  Machine m;
  const Peer first = m.Welcomed("a");
  m.h().Close(first);
  const auto second = m.h().AttachLater("a", "i1", first.attached.incarnation);
  EXPECT_EQ(second->answers, 1) << "it was welcomed before: this need not wait";
  m.Labels(*second, "eu");
  m.Goodbye(*second, 3);
  EXPECT_EQ(m.StateOf("a"), State::kAlive);
  for (const char* const told : {"a:ALIVE>SUSPECT(PROCESS_EXITED)", "a:SUSPECT>ALIVE", "a:ALIVE>ALIVE",
                                 "a:ALIVE>DEAD(PROCESS_EXITED)"}) {
    ASSERT_THAT(m.store().queue(), SizeIs(1)) << told;
    EXPECT_EQ(m.store().queue().front().before, m.ledger.Find("a"));
    m.store().Commit();
    EXPECT_EQ(m.Told().back(), told);
    EXPECT_EQ(m.h().Record("a")->revision, m.ledger.Find("a")->revision)
        << "shown as committed, step by step";
  }
  EXPECT_THAT(m.store().queue(), IsEmpty());
  EXPECT_EQ(m.h().Record("a")->incarnation, first.attached.incarnation);
}

TEST(Commit, ADecisionGuidesDetectionBeforeItIsCommitted) {
  Machine m({.resume_grace = seconds(2)});
  const Peer a = m.Welcomed("a");
  m.h().Close(a);
  m.h().Run(seconds(3));
  m.store().CommitAll();
  EXPECT_THAT(m.Told(),
              ElementsAre("a:->ALIVE", "a:ALIVE>SUSPECT(PROCESS_EXITED)", "a:SUSPECT>DEAD(PROCESS_EXITED)"));
}

TEST(Commit, AQuietResumeWhileAChangeIsPendingKeepsTheStream) {
  Machine m;
  const Peer first = m.Welcomed("a");
  m.Labels(first, "eu");
  const auto second = m.h().AttachLater("a", "i1", first.attached.incarnation, {{"zone", "eu"}});
  ASSERT_EQ(second->answers, 1);
  m.store().CommitAll();
  EXPECT_THAT(m.Told(), ElementsAre("a:->ALIVE", "a:ALIVE>ALIVE"));
  EXPECT_EQ(m.h().Record("a")->attachment, second->attached.attachment);
  EXPECT_EQ(m.h().Beat(first), TouchResult::kStale);
  EXPECT_EQ(m.h().Beat(*second), TouchResult::kHeard);
  m.h().Close(first);
  m.store().CommitAll();
  EXPECT_EQ(m.StateOf("a"), State::kAlive);
  m.h().Close(*second);
  m.store().CommitAll();
  EXPECT_EQ(m.StateOf("a"), State::kSuspect);
}

TEST(Commit, AQuietResumeGoesToTheStoreWithWhatWaits) {
  Machine m;
  const Peer first = m.Welcomed("a");
  m.Labels(first, "us");
  m.Labels(first, "eu");  // waits behind it
  const auto second = m.h().AttachLater("a", "i1", first.attached.incarnation, {{"zone", "eu"}});
  m.store().CommitAll();
  EXPECT_EQ(m.ledger.log().size(), 3u);
  EXPECT_EQ(m.ledger.Find("a")->attachment, second->attached.attachment);
}

TEST(Commit, TheHelloOfAQuietResumeIsRemembered) {
  Machine m;
  HelloRequest hello = RegistryHarness::Hello("a");
  hello.info.attempt = 1;
  const auto first = m.h().AttachLater(hello);
  m.store().CommitAll();
  m.Labels(*first, "eu");
  hello.info.labels = {{"zone", "eu"}};
  hello.resume_incarnation = first->attached.incarnation;
  hello.info.attempt = 3;
  ASSERT_EQ(m.h().AttachLater(hello)->answers, 1);
  m.store().CommitAll();
  hello.info.attempt = 2;
  EXPECT_EQ(ReasonOf(m.h().AttachLater(hello)->refused), "STALE_HELLO");
}

TEST(Commit, WhoWaitsForItsWelcomeIsNotSuspected) {
  Machine m;
  const auto a = m.h().AttachLater("a");
  m.h().Run(seconds(60));
  EXPECT_THAT(m.store().queue(), SizeIs(1));
  m.store().CommitAll();
  ASSERT_EQ(a->answers, 1);
  m.h().Run(milliseconds(2'900));
  EXPECT_EQ(m.StateOf("a"), State::kAlive) << "its time begins with the welcome";
  m.h().Run(milliseconds(200));
  m.store().CommitAll();
  EXPECT_EQ(m.StateOf("a"), State::kSuspect);
  m.h().Run(seconds(2));
  m.store().CommitAll();
  EXPECT_EQ(m.StateOf("a"), State::kDead);
}

TEST(Commit, WhoGaveUpBecauseItsWelcomeCameLateIsOnlySilent) {
  for (const bool late : {true, false}) {
    Machine m;
    const auto a = m.h().AttachLater("a");
    m.h().Run(late ? seconds(2) : seconds(1));
    m.store().CommitAll();
    m.h().Run(seconds(1));
    m.h().Close(*a);
    m.store().CommitAll();
    EXPECT_EQ(m.StateOf("a"), late ? State::kAlive : State::kSuspect);
    m.h().Run(milliseconds(2'100));
    m.store().CommitAll();
    EXPECT_EQ(m.StateOf("a"), late ? State::kSuspect : State::kDead) << "it is found at its deadline";
  }
}

TEST(Commit, AStreamThatIsGoneBeforeItsWelcomeIsFound) {
  Machine m;
  const auto stream = std::make_shared<testing::RecordingStream>();
  HelloRequest hello = RegistryHarness::Hello("a");
  hello.stream = stream;
  int answers = 0;
  // As server/rpc does: the call is over, its session is only told now.
  m.h().registry.Attach(std::move(hello), [&](const absl::StatusOr<Attached>& attached) {
    ++answers;
    m.h().registry.StreamClosed(attached->session, attached->attachment, core::StreamEnd::kConnectionClosed);
  });
  m.store().CommitAll();
  EXPECT_EQ(answers, 1);
  EXPECT_EQ(m.StateOf("a"), State::kSuspect);
  m.h().Run(seconds(2));
  m.store().CommitAll();
  EXPECT_EQ(m.StateOf("a"), State::kDead);
}

TEST(Commit, ForgottenAndAtOnceBegunAnew) {
  Machine m({.keep_left = seconds(10)});
  const Peer first = m.Welcomed("a");
  m.Goodbye(first);
  m.store().CommitAll();
  m.h().Run(seconds(11));
  ASSERT_THAT(m.store().queue(), SizeIs(1));
  ASSERT_EQ(m.store().queue().front().after->state, State::kForgotten);
  EXPECT_EQ(m.StateOf("a"), State::kLeft) << "until it is committed";
  const auto second = m.h().AttachLater("a", "i2");
  m.store().Commit();
  EXPECT_EQ(m.h().Record("a"), nullptr);
  EXPECT_EQ(second->answers, 0);
  m.store().Commit();
  EXPECT_EQ(second->answers, 1);
  EXPECT_THAT(m.Told(), ElementsAre("a:->ALIVE", "a:ALIVE>LEFT(SAID_GOODBYE)",
                                    "a:LEFT>FORGOTTEN(SAID_GOODBYE)", "a:->ALIVE"));
  EXPECT_EQ(m.h().Beat(*second), TouchResult::kHeard);
}

TEST(Commit, EndedRecordsAreBoundedOldestFirst) {
  Machine m({.max_ended = 2});
  // The last to end is the first that was registered: its record is the oldest until its end is committed.
  std::vector<Peer> peers;
  for (const char* id : {"d", "c", "b", "a"}) peers.push_back(m.Welcomed(id));
  std::reverse(peers.begin(), peers.end());
  for (const Peer& peer : peers) {
    m.Goodbye(peer);
    m.store().CommitAll();
  }
  EXPECT_EQ(m.h().Record("a"), nullptr);
  EXPECT_EQ(m.h().Record("b"), nullptr);
  EXPECT_EQ(m.StateOf("c"), State::kLeft);
  EXPECT_EQ(m.StateOf("d"), State::kLeft);
}

}  // namespace
}  // namespace liveness::registry
