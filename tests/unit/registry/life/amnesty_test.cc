// The time that a restart gives to those whom it cut off.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/status.h"
#include "tests/support/registry/machine.h"

namespace liveness::registry {
namespace {

using common::ReasonOf;
using core::Cause;
using core::State;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using testing::Machine;
using testing::Peer;
using ::testing::SizeIs;

TEST(Amnesty, WhoWasAliveIsSuspectAndHasTimeFromTheMomentOfServing) {
  Machine m({.restart_grace = seconds(5)});
  m.Welcomed("a");
  m.Crash();
  m.clock.Advance(hours(1));
  m.Start();
  m.Run(seconds(7));
  EXPECT_EQ(m.StateOf("a"), State::kAlive) << "nobody can come back before it serves";
  EXPECT_THAT(m.Told(), IsEmpty());

  m.h().registry.BeginServing();
  m.Run(milliseconds(10));
  EXPECT_EQ(m.StateOf("a"), State::kSuspect);
  EXPECT_EQ(m.CauseOf("a"), Cause::kServerLost);
  m.Run(milliseconds(4'970));
  EXPECT_EQ(m.StateOf("a"), State::kSuspect);
  m.Run(milliseconds(40));
  EXPECT_THAT(m.Told(), ElementsAre("a:ALIVE>SUSPECT(SERVER_LOST)", "a:SUSPECT>DEAD(NOT_RETURNED)"));
}

TEST(Amnesty, ALongerTimeoutIsALongerAmnesty) {
  Machine m({.restart_grace = milliseconds(100)});
  m.Welcomed("a");
  m.Restart();
  m.Run(milliseconds(2'980));
  EXPECT_EQ(m.StateOf("a"), State::kSuspect);
  m.Run(milliseconds(40));
  EXPECT_EQ(m.StateOf("a"), State::kDead);
}

TEST(Amnesty, WhoComesBackGoesOn) {
  Machine m;
  const Peer before = m.Welcomed("a");
  m.Restart();
  m.Run(seconds(4));
  const Peer after = m.Welcomed("a", "i1", before.attached.incarnation);
  EXPECT_TRUE(after.attached.resumed);
  EXPECT_EQ(after.attached.incarnation, before.attached.incarnation);
  EXPECT_GT(after.attached.attachment, before.attached.attachment);
  EXPECT_THAT(m.Told(), ElementsAre("a:ALIVE>SUSPECT(SERVER_LOST)", "a:SUSPECT>ALIVE"));
  const auto scorecard = m.h().registry.totals().scorecard;
  EXPECT_EQ(scorecard.refuted_suspicions.count, 0) << "it was no mistake about the client";
  EXPECT_EQ(scorecard.suspicions, 0);

  EXPECT_EQ(m.h().Beat(after), TouchResult::kHeard);
  m.Run(milliseconds(2'900));
  EXPECT_EQ(m.StateOf("a"), State::kAlive);
  m.Run(seconds(3));
  EXPECT_EQ(m.StateOf("a"), State::kDead) << "and is watched as ever";
  EXPECT_NE(m.CauseOf("a"), Cause::kNotReturned);
}

TEST(Amnesty, WhoComesBackBeforeItIsTakenForLostWasNeverSuspect) {
  Machine m;
  const Peer before = m.Welcomed("a");
  m.Crash();
  m.Start();
  const Peer after = m.Welcomed("a", "i1", before.attached.incarnation);
  EXPECT_TRUE(after.attached.resumed);
  m.h().registry.BeginServing();
  m.Run(milliseconds(100));
  EXPECT_EQ(m.StateOf("a"), State::kAlive);
  EXPECT_THAT(m.Told(), ElementsAre("a:ALIVE>ALIVE")) << "its server is another process now";
}

TEST(Amnesty, ACauseThatWasFoundBeforeIsKept) {
  Machine m({.resume_grace = seconds(2)});
  const Peer gone = m.Welcomed("gone");
  const Peer back = m.Welcomed("back");
  m.h().Close(gone);
  m.h().Close(back);
  m.store().CommitAll();
  ASSERT_EQ(m.CauseOf("gone"), Cause::kProcessExited);
  m.Restart();
  m.Run(seconds(3));
  EXPECT_EQ(m.StateOf("gone"), State::kSuspect) << "it has its time as well";
  EXPECT_THAT(m.Told(), IsEmpty());
  EXPECT_TRUE(m.Welcomed("back", "i1", back.attached.incarnation).attached.resumed);
  m.Run(milliseconds(2'500));
  EXPECT_THAT(m.Told(), ElementsAre("back:SUSPECT>ALIVE", "gone:SUSPECT>DEAD(PROCESS_EXITED)"));
}

TEST(Amnesty, AnotherRestartBeginsAnotherAmnesty) {
  Machine m;
  const Peer a = m.Welcomed("a");
  m.Welcomed("b");
  for (int i = 0; i < 3; ++i) {
    m.Restart();
    m.Run(seconds(4));
    EXPECT_EQ(m.StateOf("a"), State::kSuspect);
  }
  EXPECT_THAT(m.Told(), IsEmpty()) << "they were SUSPECT already";
  EXPECT_EQ(m.Welcomed("a", "i1", a.attached.incarnation).attached.incarnation, a.attached.incarnation);
  m.Run(seconds(2));
  EXPECT_EQ(m.CauseOf("b"), Cause::kNotReturned);
}

TEST(Amnesty, OurOwnStopDuringTheAmnestyIsCredited) {
  Machine m;
  m.Welcomed("a");
  m.Restart();
  m.Run(seconds(1));
  m.h().Stall(seconds(60));
  m.Run(milliseconds(3'900));
  EXPECT_EQ(m.StateOf("a"), State::kSuspect);
  m.Run(milliseconds(200));
  EXPECT_EQ(m.StateOf("a"), State::kDead);
}

TEST(Amnesty, WhoWaitsForItsWelcomeIsNotBuried) {
  Machine m;
  const Peer before = m.Welcomed("a");
  m.Restart();
  const auto after = m.h().AttachLater("a", "i1", before.attached.incarnation);
  EXPECT_EQ(after->answers, 0) << "its resume is not committed";
  m.h().Run(seconds(30));
  m.store().CommitAll();
  EXPECT_EQ(after->answers, 1);
  EXPECT_EQ(m.StateOf("a"), State::kAlive);
  EXPECT_THAT(m.Told(), ElementsAre("a:ALIVE>SUSPECT(SERVER_LOST)", "a:SUSPECT>ALIVE"));
  m.Run(milliseconds(2'900));
  EXPECT_EQ(m.StateOf("a"), State::kAlive);
  m.Run(milliseconds(200));
  EXPECT_EQ(m.StateOf("a"), State::kSuspect);
}

TEST(Amnesty, ASecondStreamWaitsForTheWelcomeAsWell) {
  Machine m;
  const Peer before = m.Welcomed("a");
  m.Restart();
  const auto first = m.h().AttachLater("a", "i1", before.attached.incarnation);
  const auto second = m.h().AttachLater("a", "i1", before.attached.incarnation);
  EXPECT_EQ(first->answers, 0);
  EXPECT_EQ(second->answers, 0) << "nothing that it could go on with is committed";
  ASSERT_THAT(first->stream->ends, SizeIs(1));
  EXPECT_EQ(ReasonOf(first->stream->ends[0]), "STREAM_REPLACED");
  m.store().CommitAll();
  EXPECT_EQ(first->answers, 1);
  EXPECT_EQ(second->answers, 1);
  EXPECT_EQ(m.h().Beat(*first), TouchResult::kStale);
  EXPECT_EQ(m.h().Beat(*second), TouchResult::kHeard);
  m.Run(milliseconds(2'900));
  EXPECT_EQ(m.StateOf("a"), State::kAlive);
  m.Run(seconds(3));
  EXPECT_EQ(m.StateOf("a"), State::kDead);
}

TEST(Amnesty, AnotherInstanceDoesNotWaitForTheAmnesty) {
  Machine m;
  const Peer old = m.Welcomed("a", "i1");
  m.Restart();
  const Peer young = m.Welcomed("a", "i2");
  EXPECT_GT(young.attached.incarnation, old.attached.incarnation);
  EXPECT_THAT(m.Told(),
              ElementsAre("a:ALIVE>SUSPECT(SERVER_LOST)", "a:SUSPECT>DEAD(SUPERSEDED)", "a:DEAD>ALIVE"));
  EXPECT_EQ(ReasonOf(m.h().Attach("a", "i1", old.attached.incarnation).refused), "SUPERSEDED");
  m.Run(milliseconds(2'900));
  EXPECT_EQ(m.StateOf("a"), State::kAlive);
}

TEST(Amnesty, WhoIsBackMayLeave) {
  Machine m;
  const Peer before = m.Welcomed("a");
  m.Restart();
  m.Goodbye(m.Welcomed("a", "i1", before.attached.incarnation));
  m.store().CommitAll();
  m.Run(seconds(10));
  EXPECT_EQ(m.Told().back(), "a:ALIVE>LEFT(SAID_GOODBYE)");
}

TEST(Amnesty, AFailingStoreDoesNotProlongTheAmnestyOfASingleServer) {
  Machine m;
  m.Welcomed("a");
  m.Restart();
  // A disk that fills up again and again: whoever wants to come back can.
  for (int i = 0; i < 12; ++i) {
    m.store().set_health(i % 2 == 0 ? absl::UnavailableError("full") : absl::OkStatus());
    m.Run(milliseconds(500));
  }
  EXPECT_EQ(m.StateOf("a"), State::kDead);
}

TEST(Amnesty, AHundredThousandAreTakenInBitByBit) {
  Machine m;
  const core::RecordPtr pattern = m.Welcomed("pattern").record;
  core::ClientInfo info = pattern->info.Unpack();
  for (int i = 0; i < 100'000; ++i) {
    core::ClientRecord record = *pattern;
    info.client_id = "c" + std::to_string(i);
    record.info = core::PackedInfo(info);
    record.incarnation = 0;
    m.ledger.Write(record);
  }
  m.Crash();
  m.Start();
  m.h().registry.BeginServing();
  std::size_t before = 0;
  int ticks = 0;
  // The store takes them and commits nothing.
  for (; ticks < 300; ++ticks) {
    m.clock.Advance(milliseconds(10));
    m.h().Tick();
    const std::size_t now = m.store().queue().size();
    EXPECT_LE(now - before, 256u) << "in one tick";
    before = now;
  }
  EXPECT_LE(before, 52'000u) << "what a restart asks of the store at once is bounded";
  EXPECT_GE(before, 50'000u);
  m.store().CommitAll();
  m.Run(seconds(1));
  EXPECT_EQ(m.h().registry.totals().counts.suspect, 100'001);
  EXPECT_EQ(m.h().registry.totals().counts.alive, 0);
}

TEST(Amnesty, NorDoesOneThatFailsForGood) {
  Machine m;
  m.Welcomed("a");
  m.Restart();
  m.store().set_health(absl::UnavailableError("full"));
  m.Run(milliseconds(5'500));
  EXPECT_EQ(m.StateOf("a"), State::kDead);
}

TEST(Amnesty, WhoWasOverdueAsTheMachineFellAsleepIsSuspectedOnlyOnceItHasSettled) {
  testing::RegistryHarness h;
  h.Attach("a");
  h.Run(milliseconds(2'990));
  h.clock.Advance(milliseconds(15));
  h.clock.Suspend(seconds(8));
  h.Run(milliseconds(7'900));
  EXPECT_EQ(h.StateOf("a"), State::kAlive) << "its kernel may be about to send again";
  h.Run(milliseconds(200));
  EXPECT_EQ(h.StateOf("a"), State::kSuspect);
}

}  // namespace
}  // namespace liveness::registry
