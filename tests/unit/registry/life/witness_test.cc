// What the registry makes of its server's own troubles beyond the detector's
// lateness: queues that are not served, a machine that slept (DESIGN, invariants 1 and 2).
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <deque>
#include <functional>

#include "tests/support/registry/registry_harness.h"

namespace liveness::registry {
namespace {

using core::CanaryDoubt;
using core::State;
using core::StreamEnd;
using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using testing::Peer;
using testing::RegistryHarness;

// The harness's clients ping each 1 s and time out after 3 s; grace is 1 s.

RegistryOptions WithMaxDoubt(core::Duration max_doubt) {
  RegistryOptions options;
  options.queues = 2;
  options.max_doubt = max_doubt;
  return options;
}

// A server of two queues. Both canaries beat, and are heard unless their queue is frozen.
class Witnessed : public RegistryHarness {
 public:
  explicit Witnessed(RegistryOptions options = WithMaxDoubt(seconds(10)))
      : RegistryHarness(std::move(options)) {
    registry.OnWitness([this](const WitnessEvent& event) { events.push_back(event.kind); });
  }

  // As Run(), with clients that ping each second if their queue is served.
  void RunWith(const std::vector<const Peer*>& beating, core::Duration span) {
    const common::MonoTime end = clock.Mono() + span;
    while (clock.Mono() < end) {
      for (std::size_t i = 0; i < 2; ++i) {
        QueuePulses::Queue& queue = registry.pulses().at(i);
        while (!frozen[i] && !pings_[i].empty() && pings_[i].front() + lag <= clock.Mono()) {
          queue.HeardPing(pings_[i].front(), clock.Mono());
          pings_[i].pop_front();
        }
        if (clock.Mono() >= next_ping_[i]) {
          queue.Sent(clock.Mono());
          pings_[i].push_back(clock.Mono());
          next_ping_[i] = clock.Mono() + core::CanaryWatch::kPeriod;
        }
      }
      if (!frozen[0] && clock.Mono() >= next_beat_) {
        for (const Peer* peer : beating) Beat(*peer);
        next_beat_ = clock.Mono() + seconds(1);
      }
      Run(milliseconds(10));
    }
  }
  void RunAlone(core::Duration span) { RunWith({}, span); }

  bool frozen[2] = {false, false};
  core::Duration lag{};  // of both queues
  std::vector<WitnessEvent::Kind> events;

 private:
  std::deque<common::MonoTime> pings_[2];  // not heard
  common::MonoTime next_ping_[2] = {clock.Mono(), clock.Mono()};
  common::MonoTime next_beat_ = clock.Mono();
};

using Kind = WitnessEvent::Kind;

TEST(Witness, WhoIsNotHeardOnAFrozenQueueIsNotSuspected) {
  Witnessed h;
  const Peer a = h.Attach("a");
  h.RunWith({&a}, seconds(2));
  h.frozen[0] = true;
  h.RunWith({&a}, seconds(9));
  EXPECT_EQ(h.StateOf("a"), State::kAlive) << "three timeouts";
  h.frozen[0] = false;
  h.RunWith({&a}, seconds(20));
  EXPECT_THAT(h.Told(), ElementsAre("a:->ALIVE"));
  EXPECT_THAT(h.events, ElementsAre(Kind::kDoubtBegan, Kind::kDoubtEnded));
  const Totals totals = h.registry.totals();
  EXPECT_EQ(totals.witness.canary_doubts, 1);
  EXPECT_EQ(totals.witness.canary_episodes, 1);
  EXPECT_FALSE(totals.witness.in_doubt);
  EXPECT_GE(totals.witness.canary_credited, seconds(9) - milliseconds(10));
  EXPECT_LE(totals.witness.canary_credited, milliseconds(9'250));
  EXPECT_EQ(totals.credited, totals.witness.canary_credited);
  EXPECT_EQ(totals.stalls, 1);
}

TEST(Witness, AShortDoubtIsCountedAndNotTold) {
  Witnessed h;
  h.RunAlone(seconds(1));
  h.frozen[0] = true;
  h.RunAlone(milliseconds(270));
  h.frozen[0] = false;
  h.RunAlone(seconds(2));
  EXPECT_EQ(h.registry.totals().witness.canary_episodes, 1);
  EXPECT_EQ(h.registry.doubt(), CanaryDoubt::kNone);
  EXPECT_THAT(h.events, ::testing::IsEmpty());
}

TEST(Witness, TheDoubtEndsAndThenSilenceIsFound) {
  Witnessed h;
  h.Attach("a");
  h.RunAlone(seconds(1));
  h.frozen[1] = true;
  h.RunAlone(seconds(5));
  EXPECT_EQ(h.StateOf("a"), State::kAlive);
  h.frozen[1] = false;
  h.RunAlone(milliseconds(1'900));
  EXPECT_EQ(h.StateOf("a"), State::kAlive);
  h.RunAlone(milliseconds(400));
  EXPECT_EQ(h.StateOf("a"), State::kSuspect) << "3 s, less the freeze";
  EXPECT_GE(h.Record("a")->evidence->credited, milliseconds(4'900));
}

TEST(Witness, BeyondTheBoundTimeRunsOnAndTheServerSaysSo) {
  Witnessed h(WithMaxDoubt(seconds(4)));
  const Peer a = h.Attach("a");
  h.RunWith({&a}, seconds(2));
  h.frozen[0] = true;
  h.RunWith({&a}, seconds(3));
  EXPECT_EQ(h.registry.doubt(), CanaryDoubt::kCredited);
  h.RunWith({&a}, milliseconds(2'900));
  EXPECT_EQ(h.StateOf("a"), State::kAlive) << "4 s and most of its timeout";
  EXPECT_EQ(h.registry.doubt(), CanaryDoubt::kSpent);
  h.RunWith({&a}, milliseconds(400));
  EXPECT_EQ(h.StateOf("a"), State::kSuspect);
  h.RunWith({&a}, milliseconds(1'100));
  EXPECT_EQ(h.StateOf("a"), State::kDead);
  EXPECT_EQ(h.registry.totals().witness.canary_credited, seconds(4));
  h.frozen[0] = false;
  h.RunAlone(milliseconds(4'300));
  EXPECT_EQ(h.registry.doubt(), CanaryDoubt::kNone) << "well again for as long as was credited";
  EXPECT_THAT(h.events, ElementsAre(Kind::kDoubtBegan, Kind::kDoubtSpent, Kind::kDoubtEnded));
}

TEST(Witness, OnlyItsOwnPingEndsTheDoubt) {
  Witnessed h;
  const Peer a = h.Attach("a");
  h.RunAlone(seconds(1));
  h.frozen[0] = true;
  h.RunAlone(seconds(1));
  ASSERT_TRUE(h.registry.totals().witness.in_doubt);
  QueuePulses::Queue& queue = h.registry.pulses().at(0);
  queue.HeardSomebody(h.clock.Mono());
  h.Run(milliseconds(10));
  EXPECT_TRUE(h.registry.totals().witness.in_doubt) << "it may have waited as long";
  queue.HeardPing(queue.Read().sent, h.clock.Mono());
  h.Run(milliseconds(10));
  EXPECT_FALSE(h.registry.totals().witness.in_doubt);
}

// A thread that runs and is behind: others are heard, and what they sent long ago.
TEST(Witness, WhoIsBehindALagIsNotSuspected) {
  Witnessed h;
  const Peer a = h.Attach("a");
  const Peer b = h.Attach("b");
  h.RunWith({&a, &b}, seconds(2));
  h.frozen[0] = true;
  for (int i = 0; i < 50; ++i) {
    h.Beat(b);
    h.registry.pulses().at(0).HeardSomebody(h.clock.Mono());
    h.RunAlone(milliseconds(100));
  }
  EXPECT_EQ(h.StateOf("a"), State::kAlive) << "its beats wait behind those of b";
  h.frozen[0] = false;
  h.RunWith({&a, &b}, seconds(5));
  EXPECT_THAT(h.Told(), ElementsAre("a:->ALIVE", "b:->ALIVE"));
}

// It is given up for pongs that come late, and what it sent last is read as late.
TEST(Witness, ACloseBehindALagIsForOurSake) {
  Witnessed h;
  const Peer a = h.Attach("a");
  h.RunWith({&a}, seconds(2));
  h.lag = seconds(5);  // at once, and for good
  h.RunWith({&a}, seconds(20));
  ASSERT_EQ(h.StateOf("a"), State::kAlive);
  EXPECT_EQ(h.registry.doubt(), CanaryDoubt::kNone) << "steady";
  h.Close(a);
  EXPECT_EQ(h.StateOf("a"), State::kAlive);
  h.RunAlone(milliseconds(2'500));  // it was heard up to a second before it closed
  EXPECT_EQ(h.StateOf("a"), State::kSuspect) << "at its deadline";
}

TEST(Witness, UnderALagSilenceOfWhoIsThereIsFoundInTime) {
  Witnessed h;
  const Peer a = h.Attach("a");
  h.RunWith({&a}, seconds(2));
  h.lag = seconds(5);
  h.RunWith({&a}, seconds(20));
  ASSERT_EQ(h.StateOf("a"), State::kAlive);
  h.RunAlone(milliseconds(2'500));
  EXPECT_EQ(h.StateOf("a"), State::kSuspect);
}

TEST(Witness, ACanaryWithoutAStreamStopsNoDetection) {
  Witnessed h;
  h.Attach("a");
  h.RunAlone(seconds(1));
  h.frozen[0] = true;
  h.RunAlone(milliseconds(500));
  h.registry.pulses().at(0).Lost();
  h.Run(milliseconds(2'500));
  EXPECT_EQ(h.StateOf("a"), State::kSuspect);
}

TEST(Witness, ACloseOnAFrozenQueueIsForOurSake) {
  Witnessed h;
  const Peer a = h.Attach("a");
  h.RunWith({&a}, seconds(2));
  h.frozen[0] = true;
  h.RunAlone(seconds(4));
  h.frozen[0] = false;
  h.Close(a);  // it gave us up, and what it sent before is read now
  EXPECT_EQ(h.StateOf("a"), State::kAlive);
  h.RunAlone(milliseconds(2'900));
  EXPECT_EQ(h.StateOf("a"), State::kSuspect) << "at its credited deadline";
}

TEST(Witness, AStoppedProcessIsCreditedOnceWhateverTheCanarySays) {
  Witnessed h;
  const Peer a = h.Attach("a");
  h.RunWith({&a}, milliseconds(2'010));  // a ping of the canary's is on its way
  h.frozen[0] = h.frozen[1] = true;
  h.Stall(seconds(30));
  h.frozen[0] = h.frozen[1] = false;
  h.RunWith({&a}, seconds(10));
  EXPECT_THAT(h.Told(), ElementsAre("a:->ALIVE"));
  const Totals totals = h.registry.totals();
  EXPECT_EQ(totals.witness.canary_credited, core::Duration::zero());
  EXPECT_EQ(totals.credited, seconds(30));
  EXPECT_EQ(totals.stalls, 1);
  EXPECT_THAT(h.events, ElementsAre(Kind::kStalled));
}

TEST(Witness, ASleepOfTheMachineIsSettledAfter) {
  Witnessed h;
  const Peer a = h.Attach("a");
  h.RunWith({&a}, seconds(2));
  h.RunAlone(milliseconds(1'500));  // its last ping is 3 s old in half a second
  h.clock.Suspend(seconds(8));
  h.RunAlone(milliseconds(7'900));
  EXPECT_EQ(h.StateOf("a"), State::kAlive) << "its kernel may be about to send again";
  h.Beat(a);
  h.RunAlone(milliseconds(2'900));
  EXPECT_THAT(h.Told(), ElementsAre("a:->ALIVE"));
  const Totals totals = h.registry.totals();
  EXPECT_EQ(totals.witness.suspends, 1);
  EXPECT_EQ(totals.witness.suspended, seconds(8));
  EXPECT_GE(totals.witness.settling, milliseconds(7'990));
  EXPECT_LE(totals.witness.settling, milliseconds(8'010));
  EXPECT_EQ(totals.stalls, 1);
  EXPECT_THAT(h.events, ElementsAre(Kind::kSuspended));
  h.RunAlone(milliseconds(300));
  EXPECT_EQ(h.StateOf("a"), State::kSuspect) << "and then silence is found";
}

TEST(Witness, AfterALongSleepSettlingEndsAtTheBound) {
  Witnessed h(WithMaxDoubt(seconds(4)));
  h.Attach("a");
  h.RunAlone(seconds(1));
  h.clock.Suspend(std::chrono::hours(9));
  h.RunAlone(milliseconds(5'900));
  EXPECT_EQ(h.StateOf("a"), State::kAlive);
  h.RunAlone(milliseconds(200));
  EXPECT_EQ(h.StateOf("a"), State::kSuspect) << "1 s + 4 s of settling + 2 s";
}

TEST(Witness, ACloseAfterASleepOfTheMachineIsForOurSake) {
  for (const bool observed : {true, false}) {
    Witnessed h;
    const Peer a = h.Attach("a");
    h.RunWith({&a}, seconds(2));
    h.clock.Suspend(seconds(5));
    if (observed) h.RunAlone(milliseconds(10));
    h.Close(a);
    EXPECT_EQ(h.StateOf("a"), State::kAlive) << "also if the detector has not run yet: " << observed;
    h.RunAlone(milliseconds(7'100));
    EXPECT_EQ(h.StateOf("a"), State::kSuspect) << "at its deadline, once we have settled";
  }
}

TEST(Witness, AShortSleepDoesNotDelayAClose) {
  Witnessed h;
  const Peer a = h.Attach("a");
  h.RunWith({&a}, seconds(2));
  h.clock.Suspend(milliseconds(500));
  h.RunAlone(milliseconds(10));
  h.Close(a);
  EXPECT_EQ(h.StateOf("a"), State::kSuspect);
}

}  // namespace
}  // namespace liveness::registry
