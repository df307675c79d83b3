// The longest spans and the last moments that can be said: "for ever", and never "long ago".
// Worth running with a sanitizer for undefined behaviour.
#include <gtest/gtest.h>

#include "tests/support/registry/machine.h"

namespace liveness::registry {
namespace {

using core::Duration;
using core::State;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Machine;
using testing::Peer;
using testing::RegistryHarness;

constexpr Duration kForEver = Duration::max();

RegistryOptions ForEver() {
  return {.resume_grace = kForEver,
          .restart_grace = kForEver,
          .keep_dead = kForEver,
          .keep_left = kForEver,
          .max_doubt = kForEver};
}

TEST(Extremes, GracesAndKeepingForEver) {
  RegistryHarness h(ForEver());
  const Peer a = h.Attach("a");
  const Peer b = h.Attach("b");
  const Peer c = h.Attach("c");
  h.registry.SayGoodbye(b.attached.session, b.attached.attachment, {});
  ASSERT_TRUE(h.Evict("c").ok());
  h.Run(seconds(10));
  EXPECT_EQ(h.StateOf("a"), State::kSuspect) << "its grace does not end";
  h.clock.Advance(hours(24 * 365));
  h.Stall(hours(24));
  h.Run(milliseconds(100));
  EXPECT_EQ(h.StateOf("a"), State::kSuspect);
  EXPECT_EQ(h.StateOf("b"), State::kLeft);
  EXPECT_EQ(h.StateOf("c"), State::kDead);
  h.Beat(a);
  EXPECT_EQ(h.StateOf("a"), State::kAlive);
}

TEST(Extremes, ARestartThatWaitsForEver) {
  Machine m(ForEver());
  m.Welcomed("a");
  m.Restart();
  m.clock.Advance(hours(24 * 365));
  m.Run(milliseconds(50));
  EXPECT_EQ(m.StateOf("a"), State::kSuspect);
  EXPECT_EQ(m.CauseOf("a"), core::Cause::kServerLost);
}

TEST(Extremes, AClientThatAskedForTheLongestTimeout) {
  RegistryHarness h;
  auto hello = RegistryHarness::Hello("a");
  hello.interval = hello.timeout = kForEver;  // more than rpc grants
  hello.accrual_threshold = 8;
  hello.timeout = kForEver - seconds(1);
  hello.interval = hours(1);
  const Peer a = h.Attach(hello);
  h.clock.Advance(hours(1));
  h.Tick();
  EXPECT_EQ(h.StateOf("a"), State::kAlive);
  h.Close(a);
  h.Run(milliseconds(20));
  EXPECT_EQ(h.StateOf("a"), State::kSuspect);
}

TEST(Extremes, ARecordOfTheEndsOfTime) {
  for (const core::WallTime time : {core::WallTime::min(), core::WallTime::max()}) {
    Machine m;
    core::ClientRecord record = *m.Welcomed("a").record;
    record.state = State::kLeft;
    record.state_time = record.register_time = time;
    auto annex = std::make_shared<core::Annex>();
    annex->maintenance_until = time;
    record.annex = std::move(annex);
    m.ledger.Write(record);
    m.Restart();
    m.Run(milliseconds(50));
    EXPECT_TRUE(m.h().registry.Get("a").has_value() || time == core::WallTime::min());
  }
}

}  // namespace
}  // namespace liveness::registry
