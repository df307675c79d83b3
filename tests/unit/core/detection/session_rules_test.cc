#include "server/core/detection/session_rules.h"

#include <gtest/gtest.h>

namespace liveness::core {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

MonoTime At(Duration since_start) { return MonoTime(std::chrono::hours(1)) + since_start; }

DetectorInput Silent() {
  return {.last_heard = At(seconds(0)),
          .timing = {.interval = seconds(1), .timeout = seconds(3)},
          .grace = seconds(1)};
}

TEST(SessionRules, FirstTheProbeThenTheDeadline) {
  WitnessClock witness;
  Assessment at_once = Assess(Silent(), witness, At(seconds(0)));
  EXPECT_EQ(at_once.due, Due::kNothing);
  EXPECT_EQ(at_once.next, At(seconds(2)));
  Assessment probe = Assess(Silent(), witness, At(seconds(2)));
  EXPECT_EQ(probe.due, Due::kProbe);
  EXPECT_EQ(probe.next, At(seconds(3)));
  DetectorInput probed = Silent();
  probed.probed = true;
  EXPECT_EQ(Assess(probed, witness, At(milliseconds(2'999))).due, Due::kNothing);
  EXPECT_EQ(Assess(probed, witness, At(seconds(3))).due, Due::kSuspicion);
}

TEST(SessionRules, ADeadlineThatPassedIsNotProbedFirst) {
  WitnessClock witness;
  EXPECT_EQ(Assess(Silent(), witness, At(seconds(60))).due, Due::kSuspicion);
}

TEST(SessionRules, DeathFollowsTheGrace) {
  WitnessClock witness;
  DetectorInput suspect = Silent();
  suspect.state = State::kSuspect;
  suspect.suspect_since = At(seconds(3));
  EXPECT_EQ(Assess(suspect, witness, At(milliseconds(3'999))).next, At(seconds(4)));
  EXPECT_EQ(Assess(suspect, witness, At(seconds(4))).due, Due::kDeath);
  suspect.grace = Duration::zero();
  EXPECT_EQ(Assess(suspect, witness, At(seconds(3))).due, Due::kDeath);
}

TEST(SessionRules, StallsMoveAllThree) {
  WitnessClock witness;
  witness.Observe(At(milliseconds(500)), At(milliseconds(10'500)));
  EXPECT_EQ(Assess(Silent(), witness, At(milliseconds(10'500))).next, At(seconds(12)));
  DetectorInput probed = Silent();
  probed.probed = true;
  EXPECT_EQ(Assess(probed, witness, At(milliseconds(12'500))).next, At(seconds(13)));
}

}  // namespace
}  // namespace liveness::core
