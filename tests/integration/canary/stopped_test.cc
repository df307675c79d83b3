// The whole process stands: credited on the proof of the detector's own lateness,
// not on the canary's word, and to nobody twice.
#include "tests/integration/canary/canary_fixture.h"

namespace liveness::testing {
namespace {

using ::testing::Contains;
using ::testing::EndsWith;
using ::testing::Not;

TEST_F(CanaryTest, AServerThatWasStoppedBlamesNobody) {
  constexpr milliseconds kTimeout(1500);
  StartServer({"--io-threads=2"});
  ASSERT_TRUE(CanaryIs(v1::CANARY_STATE_WATCHING));
  StartClients(6, milliseconds(500), kTimeout);
  const v1::GetStatsResponse before = Stats();
  server_->Pause();
  std::this_thread::sleep_for(3 * kTimeout);
  server_->Continue();
  std::this_thread::sleep_for(2 * kTimeout);
  EXPECT_THAT(Told(), Not(Contains(EndsWith(">SUSPECT")))) << server_->StandardError();
  const v1::GetStatsResponse after = Stats();
  const double credited = Seconds(after.credited_time()) - Seconds(before.credited_time());
  const double on_its_word = Seconds(after.canary_credited_time()) - Seconds(before.canary_credited_time());
  EXPECT_GE(credited - on_its_word, 4.4) << "proven";
  EXPECT_LT(on_its_word, 1) << "the canary adds what comes after at most";
  EXPECT_EQ(after.suspend_count(), 0);
}

}  // namespace
}  // namespace liveness::testing
