#include "client/src/session/attempt_plan.h"

#include <algorithm>
#include <utility>

namespace liveness::internal {
namespace {

using namespace std::chrono_literals;
using common::BootTime;
using common::Duration;

// Of a drain, during which the old stream serves the client on.
constexpr Duration kMaxDrainWindow = 1h;
// The whole time for an address, half of it, a quarter, an eighth.
constexpr int kHastes = 4;

}  // namespace

AttemptPlan::AttemptPlan(std::size_t targets, std::function<double()> random)
    : backoff_(common::Backoff::Options{}, std::move(random)), order_(targets), haste_(targets) {}

std::optional<std::size_t> AttemptPlan::Take(BootTime now) {
  next_.reset();
  const std::optional<std::size_t> target = order_.Next(now);
  if (!target) {
    order_.NextRound();
    next_ = order_.FreeAt();
  }
  return target;
}

void AttemptPlan::OnWelcome() {
  backoff_.Succeeded();
  next_.reset();
}

void AttemptPlan::ComeBack(BootTime now, std::size_t first) {
  order_.StartAt(first);
  backoff_.Succeeded();  // a move that failed before the loss is no reason to wait now
  next_ = std::max(now + backoff_.Next(), order_.FreeAt());
}

void AttemptPlan::AskAgain(BootTime now, std::size_t target) {
  order_.StartAt(target);
  next_ = now;
}

void AttemptPlan::GoOn(BootTime now, BootTime started) {
  if (order_.RoundGoesOn(now)) {
    next_ = now;
    return;
  }
  order_.NextRound();
  // Counted from the start of the attempt: an attempt that took long is followed at once.
  next_ = std::max({now, started + backoff_.Next(), order_.FreeAt()});
}

void AttemptPlan::Hasten(std::size_t target) { haste_[target] = (haste_[target] + 1) % kHastes; }

BootTime AttemptPlan::MomentWithin(BootTime now, Duration reconnect_within) {
  return now + backoff_.AfterDrain(std::clamp<Duration>(reconnect_within, 0s, kMaxDrainWindow));
}

void AttemptPlan::DialBy(BootTime moment) {
  if (next_) next_ = std::min(*next_, moment);
}

}  // namespace liveness::internal
