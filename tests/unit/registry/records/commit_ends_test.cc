// Goodbyes, evictions and supersessions, also of sessions that are not committed yet.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/status.h"
#include "tests/support/registry/machine.h"

namespace liveness::registry {
namespace {

using common::ReasonOf;
using core::State;
using std::chrono::seconds;
using ::testing::ElementsAre;
using testing::Machine;
using testing::Peer;
using testing::RegistryHarness;
using ::testing::SizeIs;

// --- Goodbyes ----------------------------------------------------------------

// How often the goodbye was answered.
std::shared_ptr<int> SayGoodbye(const Machine& m, const Peer& peer) {
  auto answers = std::make_shared<int>(0);
  m.h().registry.SayGoodbye(peer.attached.session, peer.attached.attachment, {}, [answers] { ++*answers; });
  return answers;
}

TEST(Commit, AGoodbyeIsAnsweredOnceItIsCommitted) {
  Machine m;
  const Peer a = m.Welcomed("a");
  m.Labels(a, "eu");
  const auto answers = SayGoodbye(m, a);
  m.store().Commit();
  EXPECT_EQ(*answers, 0) << "its turn has not come";
  m.store().Commit();
  EXPECT_EQ(*answers, 1);
  // It is not missing after a crash.
  m.Restart();
  m.Run(seconds(60));
  EXPECT_EQ(m.StateOf("a"), State::kLeft);
}

TEST(Commit, AGoodbyeDoesNotWaitForAStoreThatFails) {
  Machine m;
  const Peer a = m.Welcomed("a");
  m.store().set_health(absl::UnavailableError("the disk is full"));
  const auto answers = SayGoodbye(m, a);
  EXPECT_EQ(*answers, 1);
  m.store().set_health(absl::OkStatus());
  m.store().CommitAll();
  EXPECT_EQ(m.StateOf("a"), State::kLeft) << "it counts all the same";
  EXPECT_EQ(*answers, 1);
}

TEST(Commit, AGoodbyeOfASessionThatIsOverIsAnsweredAtOnce) {
  Machine m;
  const Peer a = m.Welcomed("a", "i1");
  const auto young = m.h().AttachLater("a", "i2");
  EXPECT_EQ(*SayGoodbye(m, a), 1);
  m.store().CommitAll();
  EXPECT_EQ(m.StateOf("a"), State::kAlive);
}

// --- Evictions ---------------------------------------------------------------

TEST(Commit, AnEvictionIsAnsweredOnceItIsCommitted) {
  Machine m;
  const Peer a = m.Welcomed("a");
  m.Labels(a, "eu");
  const auto evicted = m.h().EvictLater("a", "runaway");
  EXPECT_EQ(evicted->status().code(), absl::StatusCode::kUnknown);
  EXPECT_EQ(m.StateOf("a"), State::kAlive);
  EXPECT_EQ(ReasonOf(m.h().Evict("a").status()), "CLIENT_NOT_LIVE") << "once is enough";
  m.store().Commit();
  EXPECT_EQ(evicted->status().code(), absl::StatusCode::kUnknown) << "its turn has not come";
  m.store().Commit();
  ASSERT_TRUE(evicted->ok());
  EXPECT_EQ((*evicted)->record, m.ledger.Find("a"));
  EXPECT_EQ((*evicted)->record->state, State::kDead);
  EXPECT_EQ(ReasonOf(m.h().Attach("a", "i1").refused), "EVICTED");
}

TEST(Commit, WhoIsEvictedBeforeItsWelcomeStaysOut) {
  Machine m;
  m.Goodbye(m.Welcomed("a", "i1"));
  m.store().CommitAll();
  const auto a = m.h().AttachLater("a", "i2");
  const auto evicted = m.h().EvictLater("a");
  ASSERT_THAT(a->stream->ends, SizeIs(1));
  EXPECT_EQ(ReasonOf(a->stream->ends[0]), "EVICTED");
  m.store().CommitAll();
  EXPECT_EQ(a->answers, 1);
  ASSERT_TRUE(evicted->ok());
  EXPECT_EQ((*evicted)->record->incarnation, a->attached.incarnation);
  EXPECT_EQ(ReasonOf(m.h().Attach("a", "i2").refused), "EVICTED");
  EXPECT_EQ(ReasonOf(m.h().Attach("a", "i3", a->attached.incarnation).refused), "EVICTED") << "nor its token";
}

// --- Supersession ------------------------------------------------------------

TEST(Commit, AnotherInstanceSupersedesTheOneThatWaits) {
  Machine m;
  const auto old = m.h().AttachLater("a", "i1");
  const auto young = m.h().AttachLater("a", "i2");
  ASSERT_THAT(old->stream->ends, SizeIs(1));
  EXPECT_EQ(ReasonOf(old->stream->ends[0]), "SUPERSEDED");
  m.store().CommitAll();
  EXPECT_EQ(old->answers, 1);
  EXPECT_EQ(young->answers, 1);
  EXPECT_GT(young->attached.incarnation, old->attached.incarnation);
  EXPECT_THAT(m.Told(), ElementsAre("a:->ALIVE", "a:ALIVE>DEAD(SUPERSEDED)", "a:DEAD>ALIVE"));
  EXPECT_EQ(m.h().Beat(*old), TouchResult::kStale);
  EXPECT_EQ(m.h().Beat(*young), TouchResult::kHeard);
  EXPECT_EQ(ReasonOf(m.h().Attach("a", "i1").refused), "SUPERSEDED");
  EXPECT_EQ(ReasonOf(m.h().Attach("a", "i3", old->attached.incarnation).refused), "SUPERSEDED")
      << "nor its token";
}

TEST(Commit, AnInstanceThatLosesPatienceIsNoSecondSession) {
  Machine m;
  const auto first = m.h().AttachLater("a", "i1");
  const auto second = m.h().AttachLater("a", "i1");
  const auto third = m.h().AttachLater("a", "i1", std::nullopt, {{"zone", "eu"}});
  EXPECT_EQ(ReasonOf(first->stream->ends.at(0)), "STREAM_REPLACED");
  EXPECT_EQ(ReasonOf(second->stream->ends.at(0)), "STREAM_REPLACED");
  m.store().Commit();
  EXPECT_EQ(third->answers, 0) << "its labels are not committed";
  m.h().Run(seconds(60));
  m.store().CommitAll();
  ASSERT_EQ(third->answers, 1);
  EXPECT_FALSE(third->attached.resumed);
  EXPECT_EQ(m.h().Beat(*first), TouchResult::kStale);
  EXPECT_EQ(m.h().Beat(*third), TouchResult::kHeard);
  EXPECT_EQ(m.h().Record("a")->info.FindLabel("zone"), "eu");
  // Nobody was told of a death that was only our slowness.
  EXPECT_THAT(m.Told(), ElementsAre("a:->ALIVE", "a:ALIVE>ALIVE", "a:ALIVE>ALIVE"));
  EXPECT_TRUE(m.h().Attach("a", "i1", third->attached.incarnation).attached.resumed);
}

TEST(Commit, NorIsItsBanAnothers) {
  Machine m;
  const auto first = m.h().AttachLater("a", "i1");
  const auto again = m.h().AttachLater("a", "i1");
  const auto other = m.h().AttachLater("a", "i2");
  EXPECT_EQ(ReasonOf(again->stream->ends.at(0)), "SUPERSEDED");
  m.store().CommitAll();
  EXPECT_EQ(other->answers, 1);
  EXPECT_THAT(m.ledger.Find("a")->annex->banned,
              ElementsAre(core::Banned{"i1", again->attached.incarnation, core::Cause::kSuperseded}));
  EXPECT_EQ(first->attached.incarnation, again->attached.incarnation);
}

TEST(Commit, TheTokenOfASessionThatItsOwnInstanceBeganAnewIsOver) {
  Machine m;
  const Peer first = m.Welcomed("a", "i1");
  const auto second = m.h().AttachLater("a", "i1");
  const auto third = m.h().AttachLater("a", "i2");
  m.store().CommitAll();
  EXPECT_EQ(ReasonOf(m.h().Attach("a", "i3", first.attached.incarnation).refused), "SUPERSEDED");
  EXPECT_EQ(ReasonOf(m.h().Attach("a", "i3", second->attached.incarnation).refused), "SUPERSEDED");
  EXPECT_TRUE(m.h().Attach("a", "i2", third->attached.incarnation).attached.resumed);
}

TEST(Commit, ABanNamesTheSessionThatItIsFor) {
  Machine m;
  // The first of the two that wait is not banned: it leaves.
  HelloRequest hello = RegistryHarness::Hello("a", "i1");
  hello.stream = std::make_shared<testing::RecordingStream>();
  std::uint64_t first = 0;
  m.h().registry.Attach(std::move(hello), [&](const absl::StatusOr<Attached>& attached) {
    first = attached->incarnation;
    m.h().registry.SayGoodbye(attached->session, attached->attachment, {});
  });
  m.store().Apply();
  m.store().Tell();
  const auto second = m.h().AttachLater("a", "i2");
  const auto third = m.h().AttachLater("a", "i3");
  m.store().CommitAll();
  ASSERT_EQ(third->answers, 1);
  ASSERT_NE(m.ledger.Find("a")->annex, nullptr);
  EXPECT_THAT(m.ledger.Find("a")->annex->banned,
              ElementsAre(core::Banned{"i2", second->attached.incarnation, core::Cause::kSuperseded}));
  EXPECT_NE(first, 0u);
}

TEST(Commit, EachOfSeveralThatWaitIsBannedByItsOwnName) {
  Machine m;
  const auto first = m.h().AttachLater("a", "i1");
  const auto second = m.h().AttachLater("a", "i2");
  const auto third = m.h().AttachLater("a", "i3");
  m.store().CommitAll();
  ASSERT_EQ(third->answers, 1);
  EXPECT_THAT(m.ledger.Find("a")->annex->banned,
              ElementsAre(core::Banned{"i1", first->attached.incarnation, core::Cause::kSuperseded},
                          core::Banned{"i2", second->attached.incarnation, core::Cause::kSuperseded}));
}

TEST(Commit, WhoIsSupersededBeforeItsWelcomeWhileItsLastRecordIsForgotten) {
  Machine m({.keep_left = seconds(10)});
  m.Goodbye(m.Welcomed("a"));
  m.store().CommitAll();
  m.h().Run(seconds(11));
  ASSERT_THAT(m.store().queue(), SizeIs(1)) << "it is being forgotten";
  const auto second = m.h().AttachLater("a", "i2");
  const auto third = m.h().AttachLater("a", "i3");
  m.store().CommitAll();
  EXPECT_THAT(second->stream->ends, SizeIs(1));
  EXPECT_EQ(third->answers, 1);
  EXPECT_EQ(m.h().Beat(*third), TouchResult::kHeard);
}

// Without a grace the death would overtake the suspicion, and the group event that the suspicion completes.
TEST(CommitEnds, WithoutAGraceADeathWaitsForItsSuspicionsCommitAndNotForLong) {
  for (const bool committed : {true, false}) {
    Machine m({.resume_grace = core::Duration::zero()});
    (void)m.Welcomed("a");
    m.h().Run(std::chrono::milliseconds(3'050));
    ASSERT_EQ(m.store().queue().size(), 1u);
    if (!committed) m.h().Run(std::chrono::milliseconds(100));
    m.store().Commit();
    EXPECT_EQ(m.StateOf("a"), core::State::kSuspect);
    EXPECT_EQ(m.store().queue().empty(), committed);
    m.h().Run(std::chrono::milliseconds(10));
    m.store().CommitAll();
    EXPECT_EQ(m.StateOf("a"), core::State::kDead);
  }
}

}  // namespace
}  // namespace liveness::registry
