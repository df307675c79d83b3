#include "server/registry/records/figures.h"

namespace liveness::registry {
namespace {

using core::Cause;
using core::Health;
using core::State;

void CountOne(Figures::Counter& counter) { counter.fetch_add(1, std::memory_order_relaxed); }

}  // namespace

void Figures::CountTransition(const core::ClientRecord* before, const core::ClientRecord& after) {
  if (before != nullptr && before->state == after.state && before->incarnation == after.incarnation) {
    const bool health_changed = before->health != after.health;
    return CountOne(health_changed ? health_changes[Index(after.health)] : other_changes);
  }
  // What is forgotten keeps the cause of its end, which was counted then.
  const Cause cause = after.state == State::kForgotten ? Cause::kUnspecified : after.cause;
  CountOne(state_changes[Index(after.state)][Index(cause)]);
  const bool died = after.state == State::kDead && !core::IsIntended(cause);
  if (died && after.health != Health::kMaintenance) CountOne(unexpected_deaths[Index(cause)]);
}

}  // namespace liveness::registry
