// Invariant 9: the client is certain too.
//
// A client counts on not being dead until a moment that it works out from what
// the server vouches for (Process::believed_until()): the send time of the last
// answered ping plus that span, at most its own timeout. When a death for silence
// is told, no process may still count on that session.
//
//   ping sent      ping read    pong: vouched for 300 ms       told DEAD
//       0             4                                          304 at the earliest
//       |-------- believed until 300 ------------------------|
//
// Whatever the way of judging, whatever is lost, whoever is stopped, and also if
// the server was killed and started meanwhile.
//
// Not of silence: an eviction, a supersession, a goodbye; and a stream that the
// server saw end before the client did. Those the fencing token is for.
#pragma once

#include "tests/simulation/rules/checker.h"

namespace liveness::simulation {

class MutualCertainty final : public Checker {
 public:
  explicit MutualCertainty(const Truth& truth) : truth_(truth) {}
  void OnTold(const core::TransitionPtr& told, MonoTime now) override;

 private:
  const Truth& truth_;
};

}  // namespace liveness::simulation
