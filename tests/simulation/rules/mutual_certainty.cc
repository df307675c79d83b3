#include "tests/simulation/rules/mutual_certainty.h"

namespace liveness::simulation {

using core::Cause;
using core::State;

namespace {

bool IsForSilence(const core::Transition& told) {
  if (told.before == nullptr || told.before->state != State::kSuspect) return false;
  const core::ClientRecord& after = *told.after;
  if (after.state != State::kDead) return false;
  if (after.cause == Cause::kEvicted || after.cause == Cause::kSuperseded) return false;
  if (after.evidence == nullptr) return true;
  const bool left = after.evidence->exit_code || after.evidence->signal;
  return !left && after.evidence->stream_end == core::StreamEnd::kNone;
}

}  // namespace

void MutualCertainty::OnTold(const core::TransitionPtr& told, MonoTime now) {
  if (!IsForSilence(*told)) return;
  const MonoTime believed = truth_.BelievedUntil(told->after->client_id(), told->after->incarnation);
  if (believed <= now) return;
  Complain(Who(*told->after) + " dead for silence", "its process to know that it may be",
           "certain for " + Millis(believed - now) + " more");
}

}  // namespace liveness::simulation
