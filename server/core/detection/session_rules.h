// What is due for a session that nobody has heard from. Pure functions.
//
//   last heard        probe                    deadline     deadline + grace
//       |---------------|--------------------------|--------------|
//       0   interval + (timeout-interval)/2     timeout      DEAD unless refuted
//
// All spans are witness time: what this server slept through does not count.
// Example, interval 1 s, timeout 3 s, grace 1 s: probed at 2 s of silence,
// SUSPECT (and probed again) at 3 s, DEAD at 4 s.
#pragma once

#include "common/clock.h"
#include "server/core/record/record.h"
#include "server/core/time/timing.h"
#include "server/core/time/witness_clock.h"

namespace liveness::core {

// A session as the rules see it.
struct DetectorInput {
  State state = State::kAlive;
  MonoTime last_heard{};
  MonoTime suspect_since{};  // only meaningful while SUSPECT
  bool probed = false;       // a probe went out since last_heard
  // What the client was told: it is not DEAD for silence before this moment, on its own clock or any.
  MonoTime vouched_until = MonoTime::min();
  Timing timing{};
  Duration grace{};
};

enum class Due : std::uint8_t { kNothing, kProbe, kSuspicion, kDeath };

struct Assessment {
  Due due = Due::kNothing;
  // When to ask again if nothing happens; after kSuspicion and kDeath the
  // caller asks anew about the state that follows.
  MonoTime next = MonoTime::max();
};

// REQUIRES: IsLive(input.state).
Assessment Assess(const DetectorInput& input, const WitnessClock& witness, MonoTime now);

}  // namespace liveness::core
