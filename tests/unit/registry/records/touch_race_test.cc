// A heartbeat races the detector: whichever comes first, one of them sees the
// other (see session.h). Also the test that the thread sanitizer watches.
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "server/registry/detector_thread.h"
#include "server/registry/publisher_thread.h"
#include "tests/support/registry/registry_harness.h"

namespace liveness::registry {
namespace {

using core::State;
using std::chrono::milliseconds;
using testing::Peer;
using testing::RegistryHarness;

TEST(TouchRace, AHeartbeatAtTheDeadlineIsNeverLost) {
  RegistryHarness h;
  const Peer a = h.Attach("a");
  for (int round = 0; round < 2'000; ++round) {
    h.clock.Advance(milliseconds(3'001));  // overdue now
    std::atomic<bool> go{false};
    std::thread heart([&] {
      while (!go) {
      }
      h.Beat(a);
    });
    go = true;
    h.registry.Tick(h.clock.Mono(), h.clock.Mono());
    heart.join();
    // Either it was in time, or it refuted: a heartbeat leaves nobody suspected.
    ASSERT_EQ(h.StateOf("a"), State::kAlive) << "round " << round;
  }
}

TEST(TouchRace, ThreadsStartAndStopUnderLoad) {
  RegistryHarness h;
  {
    DetectorThread detector(h.registry, h.clock);
    PublisherThread publisher(h.registry);
    detector.Start();
    auto watch = h.registry.StartWatch({});
    ASSERT_TRUE(watch.ok());
    std::thread other([&] {
      for (int i = 0; i < 500; ++i) h.Attach("b" + std::to_string(i));
    });
    for (int i = 0; i < 500; ++i) h.Close(h.Attach("a" + std::to_string(i)));
    other.join();
  }
  EXPECT_EQ(h.registry.totals().counts.live(), 1'000);
  EXPECT_FALSE(h.registry.PublishPending()) << "the publisher finishes before it goes";
}

}  // namespace
}  // namespace liveness::registry
